"""The command line: `gameday` lists its commands.

Exit status: 0 fine; 1 findings, or a claim that no longer holds; 2 wrong usage or unreadable input. What a program reads goes to
standard output, what is said to a person about it to standard error.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from analysis import alarms as alarms_layer
from analysis import capacity as capacity_layer
from analysis import claims as claims_layer
from analysis import cost as cost_layer
from analysis import demand, facts, terraform, units
from analysis import proofs as proofs_layer
from analysis import validation as validation_layer
from analysis.architecture import Architecture, Diagnostic, Resource, Unknown, Value
from analysis.cost.refresh import RefreshError, refreshed
from analysis.facts.prices import csv_text, file_name
from analysis.terraform.plan_json import json_value

if TYPE_CHECKING:
    from analysis.capacity import Range
    from analysis.capacity.night import Night, Stretch

ROOT = Path(__file__).parents[1]
WIDEST_VALUE = 60
EVENTS_SHOWN = 30

FINE, FINDINGS, UNREADABLE = 0, 1, 2

REFUSALS = (
    terraform.InputError,
    demand.PathError,
    facts.FactError,
    alarms_layer.PackError,
    cost_layer.UsageFileError,
    claims_layer.ClaimError,
    validation_layer.TerraformError,
    RefreshError,
)
"""What is the input's fault: said in a sentence, exit status 2. Anything else is ours, and its traceback is wanted."""

app = typer.Typer(
    name="gameday",
    help="What a stack costs and holds, and whether it is valid, from its Terraform alone: no AWS account, no network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
prices_app = typer.Typer(help="The price book, and a newer one from AWS.", invoke_without_command=True)
app.add_typer(prices_app, name="prices")

out = Console()
err = Console(stderr=True)

Directory = Annotated[
    Path, typer.Argument(metavar="DIR", help="A directory of Terraform, or the JSON of `terraform show -json`.")
]
Var = Annotated[list[str], typer.Option("--var", metavar="NAME=VALUE", help="A value for an input variable.")]
VarFile = Annotated[list[Path], typer.Option("--var-file", metavar="FILE", help="A file of values, as for Terraform.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
ScenarioFile = Annotated[
    Path | None, typer.Option("--scenario", metavar="FILE", help="Who comes when (terraform/scenarios/*.toml).")
]
Runtime = Annotated[
    str | None, typer.Option("--runtime", metavar="NAME", help="Runtime profile, where no gameday.toml names one.")
]


@contextmanager
def _refusals() -> Iterator[None]:
    """Turns what is the input's fault into its sentences on standard error and exit status 2."""
    try:
        yield
    except REFUSALS as error:
        for sentence in [str(d) for d in getattr(error, "diagnostics", ())] or [str(error)]:
            err.print(f"gameday: {escape(sentence)}", highlight=False, soft_wrap=True)
        raise typer.Exit(UNREADABLE) from None


def _refuse(sentence: str) -> NoReturn:
    err.print(f"gameday: {escape(sentence)}", highlight=False, soft_wrap=True)
    raise typer.Exit(UNREADABLE)


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")


def _tell(diagnostics: Sequence[Diagnostic]) -> None:
    for diagnostic in diagnostics:
        err.print(escape(str(diagnostic)), highlight=False, soft_wrap=True)


def _variables(pairs: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            _refuse(f"--var {pair}: write NAME=VALUE")
        found[name.strip()] = value
    return found


def _architecture(source: Path, var: Sequence[str], var_file: Sequence[Path]) -> Architecture:
    """The resolved stack, or its errors on standard error and exit status 2."""
    if source.is_file() and source.suffix == ".json":
        if var or var_file:
            _refuse(f"{source}: a plan has its values already; leave out --var and --var-file")
        return terraform.from_plan(source)
    return terraform.load(source, variables=_variables(var), var_files=var_file, environ=os.environ)


def _complete(source: Path, var: Sequence[str], var_file: Sequence[Path]) -> Architecture:
    """As `_architecture`, for what cannot go on over a model with holes."""
    found = _architecture(source, var, var_file)
    _tell(found.diagnostics)
    if found.errors:
        raise typer.Exit(UNREADABLE)
    return found


def _about(source: Path) -> facts.Stack | None:
    """What gameday.toml beside the stack says, where there is one."""
    return facts.stack(source) if (source / facts.stacks.FILE_NAME).is_file() else None


# ---- model ------------------------------------------------------------------------------------------------------------------


@app.command()
def model(directory: Directory, var: Var = [], var_file: VarFile = [], as_json: AsJson = False) -> None:  # noqa: B006 (Typer copies)
    """What the Terraform resolves to: every resource with its values, where it is defined, and what it rests on."""
    with _refusals():
        found = _architecture(directory, var, var_file)
    if as_json:
        _print_json(terraform.to_json(found))
    else:
        table = Table(
            Column("Address", overflow="fold"),
            Column("Defined at", overflow="fold"),
            "Arguments",
            title=f"{found.stack}: {len(found.resources)} resources",
        )
        for resource in found.resources:
            where = f"{resource.defined_at.file}:{resource.defined_at.line}"
            table.add_row(escape(resource.address), escape(where), escape(_arguments(resource)))
        out.print(table)
        if found.outputs:
            outputs = Table("Output", "Value")
            for output in found.outputs.values():
                outputs.add_row(
                    escape(output.name), escape("(sensitive value)" if output.sensitive else _short(output.value))
                )
            out.print(outputs)
        _tell(found.diagnostics)
    if found.errors:
        raise typer.Exit(UNREADABLE)


def _arguments(resource: Resource) -> str:
    own = [name for name in resource.locations if resource.values.get(name) is not None]
    shown = [f"{n} = {'(sensitive value)' if n in resource.sensitive else _short(resource.values[n])}" for n in own]
    return "\n".join(shown)


def _short(value: Value) -> str:
    if isinstance(value, Unknown):
        return f"({value.reference}, known after apply)"
    text = value if isinstance(value, str) else json.dumps(json_value(value), ensure_ascii=False)
    flat = " ".join(text.split())
    return flat if len(flat) <= WIDEST_VALUE else f"{flat[: WIDEST_VALUE - 1]}…"


# ---- cost -------------------------------------------------------------------------------------------------------------------


@app.command()
def cost(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    usage: Annotated[
        Path | None, typer.Option("--usage", metavar="FILE", help="A usage file in Infracost's format.")
    ] = None,
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    free_tier: Annotated[bool, typer.Option("--free-tier", help="Subtract AWS's free allowances.")] = False,
    as_json: AsJson = False,
) -> None:
    """The bill of a month, line by line; without usage or scenario, lines that only use decides have no quantity."""
    if usage and scenario:
        _refuse("--usage and --scenario both say what is consumed; give one of them")
    with _refusals():
        found = _complete(directory, var, var_file)
        consumed = _consumed(found, directory, usage, scenario, runtime)
        bill = cost_layer.estimate(found, facts.prices(found.region), consumed, free_tier=free_tier)
    if as_json:
        _print_json(cost_layer.to_json(bill))
        return
    out.print(_bill_table(bill))
    if consumed:
        err.print(f"Use: {escape(consumed.origin)}", highlight=False)
    _gaps(bill)


def _bill_table(bill: cost_layer.Estimate) -> Table:
    """Each address with its subtotal, its lines below it."""
    title = f"{bill.stack}, {bill.region}: a month of {units.HOURS_PER_MONTH} hours"
    table = Table(Column("Resource", overflow="fold"), title=title)
    for heading in ("Quantity", "Unit price", "A month"):
        table.add_column(heading, justify="right")
    for address, lines in groupby(bill.line_items, key=lambda item: item.address):
        items = list(lines)
        known = [item.cost for item in items if item.cost is not None]
        table.add_row(escape(address), "", "", units.money(sum(known, Decimal(0))) if known else "", style="bold")
        for item in items:
            quantity = "by use," if item.quantity is None else f"{float(item.quantity):,.6g}"
            mark = "" if item.confidence == "high" else f" ({item.confidence})"
            table.add_row(
                f"  {escape(item.component)}",
                f"{quantity} {escape(item.unit)}",
                f"{units.rate(item.unit_price)}{mark}",
                "" if item.cost is None else units.money(item.cost),
            )
    table.add_section()
    table.add_row("Total", "", "", units.money(bill.total.usd), style="bold")
    return table


def _consumed(
    found: Architecture, directory: Path, usage: Path | None, scenario: Path | None, runtime: str | None
) -> demand.Usage | None:
    if usage:
        read, warnings = cost_layer.read_usage_file(usage)
        _tell(warnings)
        return read
    if not scenario:
        return None
    profile = facts.runtime(runtime) if runtime else None
    return demand.usage(found, facts.scenario(scenario), _about(directory), profile)


def _gaps(bill: cost_layer.Estimate) -> None:
    """What is in no total: listed where the reader looks."""
    if bill.without_quantity:
        err.print(
            f"{len(bill.without_quantity)} lines have no quantity; --scenario or --usage tells it.", highlight=False
        )
    if bill.unpriced:
        table = Table("Without a price", "Why", title="Not in the total")
        for gap in bill.unpriced:
            table.add_row(escape(gap.address + (f" ({gap.component})" if gap.component else "")), escape(gap.reason))
        err.print(table)


# ---- capacity ---------------------------------------------------------------------------------------------------------------


@app.command()
def capacity(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    users: Annotated[
        int | None, typer.Option("--users", min=0, help="Users at once; else the scenario's peak.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How many users the stack holds, what saturates first, and how old an update is when it is seen."""
    with _refusals():
        found = _complete(directory, var, var_file)
        about = _about(directory)
        night = scenario or (about.scenario if about else None)
        if night is None:
            _refuse(f"{directory}: no gameday.toml names a scenario; give one with --scenario")
        if runtime is None and about is None:
            _refuse(f"give the runtime with --runtime: {', '.join(facts.runtimes())}")
        profile = facts.runtime(runtime) if runtime else None
        result = capacity_layer.analyse(found, facts.scenario(night), about, users=users, profile=profile)
    if as_json:
        _print_json(capacity_layer.to_json(result))
        return
    table = Table(
        Column("Station", overflow="fold"),
        title=f"{result.stack}: {result.scenario}, {result.users:,} users, {result.runtime}",
    )
    for heading in ("Offered a second", "Can do", "Utilisation", "Users held"):
        table.add_column(heading, justify="right")
    for station in result.stations:
        table.add_row(
            f"{station.name}\n[dim]{escape(station.address)}[/]",
            f"{station.offered_per_s:,.4g}",
            _range(station.capacity_per_s),
            "" if station.utilisation is None else f"{100 * station.utilisation:.3g} %",
            _range(station.users_held),
        )
    out.print(table)
    out.print(
        f"Holds {_range(result.users_held)} users with the tasks of kick-off; then the {result.bottleneck} is full."
    )
    ages = result.freshness
    out.print(
        f"An update is {ages.percentile_s(0.5):.2g} s old in the median and {ages.percentile_s(0.95):.2g} s at the 95th "
        f"percentile; {100 * result.fresh_share:.3g} % arrive within {result.freshness_target_s:g} s."
    )
    if result.connections:
        budget = result.connections
        out.print(
            f"Connections: {budget.claimed} claimed, {budget.claimed_deploying} while deploying, "
            f"{_range(budget.accepted)} accepted: {budget.verdict}."
        )
    _tell(result.diagnostics)


def _range(figure: Range) -> str:
    """A figure with its ends where they differ: 1,077 (961 to 1,179)."""
    if figure.value is None:
        return "no known limit"
    low, high = (figure.value if end is None else end for end in (figure.low, figure.high))
    return f"{figure.value:,.0f}" + (f" ({low:,.0f} to {high:,.0f})" if low != high else "")


# ---- prove ------------------------------------------------------------------------------------------------------------------

SEVERITIES = {"error": "[red]error[/]", "warning": "[yellow]warning[/]"}


@app.command()
def prove(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    sarif: Annotated[
        Path | None, typer.Option("--sarif", metavar="FILE", help="Write the findings as SARIF 2.1.0 as well.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Whether the stack starts, fits, keeps up, stays fresh, drains, rolls back and restores, and what it exposes."""
    with _refusals():
        found = _complete(directory, var, var_file)
        about = _about(directory)
        night = scenario or (about.scenario if about else None)
        report = proofs_layer.prove(
            found,
            scenario=facts.scenario(night) if night else None,
            stack=about,
            profile=facts.runtime(runtime) if runtime else None,
            waivers=proofs_layer.waivers(directory, proofs_layer.RULES.keys()),
            today=_today(),
        )
    if sarif:
        base = directory if directory.is_dir() else directory.parent
        text = json.dumps(proofs_layer.to_sarif(report, _relative(base)), indent=2, ensure_ascii=False)
        try:
            sarif.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            _refuse(f"{sarif}: cannot be written ({error.strerror}); choose another file")
    if as_json:
        _print_json(proofs_layer.to_json(report))
    else:
        _prove_table(report)
    if not report.ok:
        raise typer.Exit(FINDINGS)


def _today() -> dt.date:
    """The day on which waivers are read."""
    return dt.datetime.now(dt.UTC).date()


def _relative(directory: Path) -> str:
    """A directory as seen from here, with forward slashes, as the addresses in SARIF want it."""
    return Path(os.path.relpath(directory)).as_posix()


def _prove_table(report: proofs_layer.Report) -> None:
    if report.findings:
        table = Table(
            "Rule",
            Column("Where", overflow="fold"),
            Column("Finding", overflow="fold"),
            title=f"{report.stack}: findings",
        )
        for finding in (*report.unwaived, *report.waived):
            where = f"{escape(finding.address)}\n[dim]{escape(f'{finding.location.file}:{finding.location.line}')}[/]"
            mark = SEVERITIES[finding.severity] if finding.waiver is None else "[dim]waived[/]"
            said = f"{escape(finding.because)}\n[dim]{escape(finding.rule.remedy)}[/]"
            if finding.waiver:
                said = f"{escape(finding.because)}\n[dim]until {finding.waiver.expires}: {escape(finding.waiver.reason)}[/]"
            table.add_row(f"{finding.rule.id}\n{mark}", where, said)
        out.print(table)
    if report.undecided:
        table = Table("Rule", Column("Where", overflow="fold"), "Why not", title="Not decidable")
        for finding in report.undecided:
            table.add_row(finding.rule.id, escape(finding.address), escape(finding.because))
        out.print(table)
    numbers = {kind: sum(f.severity == kind for f in report.unwaived) for kind in SEVERITIES}
    counts = ", ".join(f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in numbers.items())
    counts += f", {len(report.waived)} waived, {len(report.undecided)} not decidable; "
    counts += f"{len(report.holding)} statements hold (--json prints their arithmetic)."
    out.print(counts, highlight=False)
    if report.silent:
        out.print(f"Nothing in the stack for {', '.join(rule.id for rule in report.silent)}.", highlight=False)


# ---- alarms -----------------------------------------------------------------------------------------------------------------


@app.command()
def alarms(
    directory: Directory,
    pack: Annotated[
        Path, typer.Option("--pack", metavar="FILE", help="An incident: JSON of `aws cloudwatch get-metric-data`.")
    ],
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    harm_at: Annotated[
        str | None,
        typer.Option("--harm-at", metavar="TIME", help="When the first user was hurt: 2026-03-07T20:45:00Z."),
    ] = None,
    gaps: Annotated[
        str, typer.Option("--gaps", help="`missing`: CloudWatch had no datapoint there either; else a gap is refused.")
    ] = "refuse",
    as_json: AsJson = False,
) -> None:
    """When each alarm of the stack fires over an incident, how long before the harm, and which can never fire."""
    if gaps not in ("refuse", "missing"):
        _refuse(f"--gaps {gaps}: write refuse or missing")
    with _refusals():
        found = _complete(directory, var, var_file)
        incident = alarms_layer.load(pack, gaps="missing" if gaps == "missing" else "refuse")
        try:
            report = alarms_layer.backtest(found, incident, alarms_layer.moment(harm_at) if harm_at else None)
        except ValueError as error:
            _refuse(str(error))
    if as_json:
        _print_json(alarms_layer.to_json(report))
    else:
        _alarm_table(report)
    if report.never or report.refused:
        raise typer.Exit(FINDINGS)


def _alarm_table(report: alarms_layer.Report) -> None:
    """Each alarm with its verdict; what AWS leaves open about an evaluation is marked."""
    title = f"{report.stack}: {len(report.rows)} alarms over {report.minutes} minutes ({escape(report.origin)})"
    table = Table(Column("Alarm", overflow="fold"), "Verdict", "Fires at", Column("Lead", justify="right"), title=title)
    table.add_column("False", justify="right")
    table.add_column("")
    for row in report.rows:
        marks = ["range-dependent"] * row.range_dependent + ["approximate"] * row.approximate
        table.add_row(
            escape(row.alarm),
            row.verdict,
            " ".join(f"{episode.start:%H:%M}" for episode in row.episodes),
            "" if row.lead_s is None else f"{row.lead_s / 60:+.0f} min",
            str(row.false_pages or ""),
            escape("; ".join((*marks, *row.reasons))),
        )
    out.print(table)
    _tell(report.refused)


# ---- replay -----------------------------------------------------------------------------------------------------------------


@app.command()
def replay(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    users: Annotated[int | None, typer.Option("--users", min=1, help="Users at the peak; else the scenario's.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the dice.")] = 1,
    fault: Annotated[
        list[str], typer.Option("--fault", metavar="KIND@MINUTE", help="What goes wrong when, as in zone-loss@104.")
    ] = [],  # noqa: B006 (Typer copies)
    as_json: AsJson = False,
) -> None:
    """The night simulated minute by minute: what fans and stations see, and what happens."""
    from analysis.capacity import night as night_layer  # noqa: PLC0415 (pulls in the compiler)

    with _refusals():
        found = _complete(directory, var, var_file)
        about = _about(directory)
        course = scenario or (about.scenario if about else None)
        if course is None:
            _refuse(f"{directory}: no gameday.toml names a scenario; give one with --scenario")
        profile = facts.runtime(runtime) if runtime else None
        try:
            night = night_layer.replay(
                found,
                facts.scenario(course),
                about,
                seed,
                [night_layer.fault(text) for text in fault],
                profile=profile,
                peak_users=users,
            )
        except night_layer.NightError as error:
            _refuse(str(error))
    if as_json:
        _print_json(night_layer.to_json(night))
        return
    out.print(_replayed(night, night_layer.summary(night)))
    for event in night.events[:EVENTS_SHOWN]:
        who = "" if event.task is None else f" (task {event.task})"
        out.print(f"{event.minute:7.1f} min  {event.what}{who}", highlight=False)
    if len(night.events) > EVENTS_SHOWN:
        out.print(f"... and {len(night.events) - EVENTS_SHOWN} more; --json has them all.", highlight=False)
    _tell(night.setup.diagnostics)


def _replayed(night: Night, stretches: Sequence[Stretch]) -> Table:
    """The night in stretches of a quarter of an hour."""
    table = Table(
        "From minute", title=f"{night.setup.stack}: {night.setup.scenario}, {night.setup.runtime}, seed {night.seed}"
    )
    for heading in ("Users", "Errors", "Answer p95", "Age seen p50", "p95", "Tasks", "CPU"):
        table.add_column(heading, justify="right")
    for s in stretches:
        times = ("" if value is None else f"{value:,.2f} s" for value in (s.latency_p95_s, s.age_p50_s, s.age_p95_s))
        table.add_row(
            f"{s.start_minute:g}",
            f"{s.users:,.0f}",
            f"{100 * s.error_share:.2f} %",
            *times,
            f"{s.tasks:.0f}",
            f"{s.cpu_percent:.0f} %",
        )
    return table


# ---- validate ---------------------------------------------------------------------------------------------------------------

MARKS = {"passed": "[green]✓ passed[/]", "failed": "[red]✗ failed[/]", "skipped": "[yellow]– skipped[/]"}


@app.command()
def validate(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A directory of Terraform.")],
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    as_json: AsJson = False,
) -> None:
    """What the real Terraform says, offline: fmt, init, validate, test and plan in one table."""
    with _refusals(), err.status("terraform") as status:
        report = validation_layer.validate(
            directory,
            _variables(var),
            var_files=var_file,
            progress=lambda step: status.update(f"terraform {step}"),
        )
    if as_json:
        _print_json(validation_layer.to_json(report))
    else:
        versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
        table = Table("Step", "Result", "Seconds", "", title=f"{directory}" + (f" ({versions})" if versions else ""))
        for step in report.steps:
            said = "\n".join((step.message, *step.details)).strip()
            table.add_row(step.name, MARKS[step.status], f"{step.seconds:.1f}", escape(said))
        out.print(table)
    if not report.ok:
        raise typer.Exit(FINDINGS)


# ---- diagram ----------------------------------------------------------------------------------------------------------------


@app.command()
def diagram(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    target: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the SVG goes; else out/.")] = None,
    as_json: AsJson = False,
) -> None:
    """The stack as a picture (SVG), with its numbers in it and an account of what it holds."""
    from analysis.pages import diagrams  # noqa: PLC0415 (pulls in what only drawing needs)

    with _refusals():
        found = _complete(directory, var, var_file)
        about = _about(directory)
        use = demand.usage(found, facts.scenario(about.scenario), about) if about else None
        bill = cost_layer.estimate(found, facts.prices(found.region), use)
    drawing = diagrams.draw(
        found, title=about.title if about else found.stack, monthly_usd=diagrams.monthly_usd(bill), strict=False
    )
    path = diagrams.write(drawing, target or ROOT / "out" / f"{found.stack}.svg")
    if as_json:
        _print_json(
            {
                "file": str(path),
                "drawn": list(drawing.drawn),
                "waived": dict(drawing.waived),
                "missing": list(drawing.missing),
            }
        )
    else:
        out.print(f"{path}\n{drawing.statement}", highlight=False, soft_wrap=True)
    if drawing.missing:
        raise typer.Exit(FINDINGS)


# ---- notebook ---------------------------------------------------------------------------------------------------------------


@app.command()
def notebook(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A notebook of notebooks/, without its ending.")
    ] = None,
    parameters: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="Values in place of its own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Executes a notebook with other numbers into out/ and sets them beside its own. Without a name: the notebooks."""
    from analysis.pages import notebooks  # noqa: PLC0415 (pulls in Jupyter)

    books = sorted((ROOT / "notebooks").glob("*.ipynb"))
    if name is None:
        for book in books:
            known = ", ".join(f"{p.name}={p.value}" for p in notebooks.parameters(book))
            out.print(f"[bold]{book.stem}[/]  {escape(known)}", highlight=False)
        return
    path = next((book for book in books if book.stem == name.removesuffix(".ipynb")), None)
    if path is None:
        _refuse(f"there is no notebook {name!r}; there are {', '.join(book.stem for book in books) or 'none'}")
    try:
        with err.status(f"executing {path.stem}"):
            rerun = notebooks.with_parameters(path, parameters or [])
    except (notebooks.ParameterError, notebooks.NotebookError) as error:
        _refuse(str(error))
    if as_json:
        rows = {
            "page": str(rerun.html),
            "notebook": str(rerun.notebook),
            "given": [{"name": c.name, "base": c.base, "given": c.given} for c in rerun.parameters],
            "results": [{"name": c.name, "base": c.base, "given": c.given} for c in rerun.headlines],
        }
        _print_json(rows)
        return
    table = Table("", "Base", "Given")
    for change in (*rerun.parameters, *rerun.headlines):
        table.add_row(escape(change.name), escape(change.base), escape(change.given))
    out.print(table)
    out.print(f"{rerun.html}\n{rerun.notebook}", highlight=False, soft_wrap=True)


# ---- prices -----------------------------------------------------------------------------------------------------------------


@prices_app.callback()
def prices(
    context: typer.Context,
    region: Annotated[str, typer.Option(help="AWS region.")] = "us-east-1",
    find: Annotated[str, typer.Option("--find", metavar="TEXT", help="Only rows whose sku or service has this.")] = "",
    as_json: AsJson = False,
) -> None:
    """The price book of a region: every row with its source and date."""
    if context.invoked_subcommand:
        return
    with _refusals():
        book = facts.prices(region)
    rows = [row for row in book.rows if find.lower() in f"{row.service} {row.sku}".lower()]
    if as_json:
        _print_json(
            [
                {
                    "sku": row.sku,
                    "service": row.service,
                    "unit": row.unit,
                    "usd": units.number(row.usd),
                    "tier_start": units.number(row.tier_start),
                    "tier_end": None if row.tier_end is None else units.number(row.tier_end),
                    "source": row.source,
                    "as_of": row.as_of,
                    "confidence": row.confidence,
                }
                for row in rows
            ]
        )
        return
    table = Table("SKU", "Unit", "USD", "Read on", "Confidence", "Source", title=f"{region}: {len(rows)} rows")
    for row in rows:
        table.add_row(row.sku, row.unit, units.rate(row.usd), row.as_of, row.confidence, escape(row.source[:80]))
    out.print(table)


@prices_app.command()
def refresh(
    region: Annotated[str, typer.Option(help="AWS region whose prices are wanted.")] = "us-east-1",
    folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the file goes; else analysis/facts.")
    ] = None,
) -> None:
    """Writes a price file of today from the AWS Price List API (needs credentials and a network)."""
    import boto3  # noqa: PLC0415 (a second to load, and only this command asks AWS)

    as_of = dt.datetime.now(dt.UTC).date().isoformat()
    with _refusals(), err.status(f"asking the AWS Price List for {region}"):
        try:
            base: facts.PriceBook | None = facts.prices(region)
        except facts.FactError:
            base = None
        rows = refreshed(region, boto3.client("pricing", region_name="us-east-1"), as_of, base)
    path = (folder or ROOT / "analysis" / "facts") / file_name(region, as_of)
    path.write_text(csv_text(rows), encoding="utf-8")
    out.print(f"{path}: {len(rows)} rows", highlight=False, soft_wrap=True)


# ---- claims and the site ----------------------------------------------------------------------------------------------------


@app.command()
def claims(as_json: AsJson = False) -> None:
    """Every figure the site states, with its band and where it is cited; exit status 1 if one no longer holds."""
    with _refusals():
        register = claims_layer.load(ROOT / "docs" / "claims.toml", ROOT / "terraform" / "stacks")
        results = list(register.results())
    docs = ROOT / "docs"
    pages = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(docs.rglob("*.md"))}
    cited = claims_layer.citations(pages)
    if as_json:
        _print_json(
            [
                {
                    "name": r.claim.name,
                    "says": r.claim.says,
                    "text": r.text,
                    "holds": r.holds,
                    "allowed": r.bound,
                    "cited_at": list(cited.get(r.claim.name, ())),
                }
                for r in results
            ]
        )
    else:
        table = Table("Claim", "Figure", "Allowed", "", "Cited at")
        for r in results:
            places = "\n".join(cited.get(r.claim.name, ("nowhere",)))
            table.add_row(
                r.claim.name, escape(r.text), r.bound, "holds" if r.holds else "[red]no longer holds[/]", places
            )
        out.print(table)
    if not all(r.holds for r in results):
        raise typer.Exit(FINDINGS)


@app.command()
def site(
    fresh: Annotated[bool, typer.Option("--fresh", help="Build even if nothing has changed.")] = False,
) -> None:
    """Builds everything a reader sees into site/."""
    from analysis.pages import site as site_page  # noqa: PLC0415 (pulls in what only the site needs)

    try:
        with err.status("building the site"):
            built = site_page.build(fresh=fresh)
    except site_page.SiteError as error:
        for problem in error.problems:
            err.print(escape(problem), highlight=False, soft_wrap=True)
        raise typer.Exit(FINDINGS) from None
    out.print(
        f"The site is in {escape(str(built))}; open {escape(str(built / 'index.html'))}, or serve it with `make serve`.",
        soft_wrap=True,
        highlight=False,
    )
    if skipped := site_page.skipped():
        out.print(f"Skipped: {'; '.join(skipped)}.", soft_wrap=True, highlight=False)


def main() -> None:
    """Runs the command line."""
    app(prog_name="gameday")


if __name__ == "__main__":
    main()
