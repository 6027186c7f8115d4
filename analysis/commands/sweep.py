"""`gameday sweep`: simulated nights over seeds, crowds and other values; `gameday headroom`: how many users are held."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from analysis import facts
from analysis.commands.common import (
    AsJson,
    Directory,
    Runtime,
    ScenarioFile,
    Var,
    VarFile,
    about,
    complete,
    course,
    err,
    out,
    print_json,
    refusals,
    refuse,
    tell_unreached,
    unreached_json,
)

if TYPE_CHECKING:
    from analysis.night import Cell, Headroom

FIGURES: tuple[tuple[str, str, Callable[[float], str]], ...] = (  # heading, figure of a night, how it is shown
    ("Errors", "errors", lambda value: f"{100 * value:.3g} %"),
    ("Worst minute", "worst_errors", lambda value: f"{100 * value:.3g} %"),
    ("Answer p95", "latency_p95_s", lambda value: f"{value:.3g} s"),
    ("Age p95", "age_p95_s", lambda value: f"{value:.3g} s"),
    ("CPU", "cpu_percent", lambda value: f"{value:.3g} %"),
)

Set = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="NAME=VALUE[,VALUE]", help="Other values of an assumption, as client.timeout_s=5,10."
    ),
]
Faults = Annotated[
    list[str], typer.Option("--fault", metavar="KIND@MINUTE", help="What goes wrong when, as in zone-loss@104.")
]


def sweep(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Nights for each crowd and choice of values.")] = 20,
    users: Annotated[
        str,
        typer.Option("--users", metavar="N[,N]", help="Users at the peak, several with commas; else the scenario's."),
    ] = "",
    given: Set = [],  # noqa: B006 (Typer copies)
    fault: Faults = [],  # noqa: B006 (Typer copies)
    jobs: Annotated[int, typer.Option("--jobs", min=-1, help="Processes; -1 for as many as processors.")] = -1,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="tcp://HOST:PORT", help="A Dask scheduler to hand the nights to."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Many simulated nights: every crowd and choice of values with every seed, over all processors or a Dask cluster."""
    from analysis import night  # noqa: PLC0415 (pulls in the compiler)

    with refusals(night.NightError):
        crowds, values = _crowds(users), _values(given)
        model = complete(directory, var, var_file)
        evening = course(directory, scenario)
        stack = about(directory)
        name = stack.title if stack else directory.resolve().name
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=err,
            transient=True,
        ) as progress:
            bar = progress.add_task("nights", total=None)
            cells = night.sweep(
                model,
                evening,
                stack,
                seeds=seeds,
                users=crowds,
                values=values,
                faults=[night.fault(text) for text in fault],
                profile=facts.runtime(runtime) if runtime else None,
                jobs=jobs,
                scheduler=scheduler,
                done=lambda done, total: progress.update(bar, completed=done, total=total),
            )
    if as_json:
        told = {"stack": name, "scenario": evening.title, "seeds": seeds, "faults": list(fault)}
        print_json({**night.sweep_to_json(cells, told), **unreached_json(model, directory)})
        return
    out.print(_swept(cells, f"{name}: {evening.title}, {seeds} nights each"))
    out.print("Least to most over the nights; errors of the whole night, everything else of its worst minute.")
    tell_unreached(model, directory)


def _crowds(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.replace("_", "").split(",")) if text else ()
    except ValueError:
        refuse(f"--users {text}: write whole numbers with commas between them, as 1000,2000")


def _values(pairs: Sequence[str]) -> Mapping[str, tuple[float, ...]]:
    found: dict[str, tuple[float, ...]] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or name in found:
            refuse(f"--set {pair}: write NAME=VALUE, each name once; several values with commas")
        try:
            found[name] = tuple(float(part) for part in text.split(","))
        except ValueError:
            refuse(f"--set {pair}: {text!r} is not a number, or several with commas between them")
    return found


def one_each(pairs: Sequence[str]) -> Mapping[str, float]:
    """The values of `--set NAME=VALUE` where each name has one."""
    values = _values(pairs)
    if any(len(several) > 1 for several in values.values()):
        refuse("--set: one value each; `gameday sweep` takes several")
    return {name: several[0] for name, several in values.items()}


def _swept(cells: Sequence[Cell], title: str) -> Table:
    names = list(cells[0].values)
    table = Table(*names, title=title)
    for heading in ("Users", "Held", *(heading for heading, _, _ in FIGURES)):
        table.add_column(heading, justify="right")
    for cell in cells:
        shown = []
        for _, name, written in FIGURES:
            least_mean_most = cell.spread(name)
            ends = () if least_mean_most is None else (least_mean_most[0], least_mean_most[2])
            shown.append(" to ".join(dict.fromkeys(written(end) for end in ends)))
        values = (f"{value:g}" for value in cell.values.values())
        table.add_row(*values, f"{cell.users:,}", f"{100 * cell.held:.0f} %", *shown)
    return table


def headroom(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, max=100, help="Nights that must all be held.")] = 3,
    rise: Annotated[
        float | None,
        typer.Option("--rise", metavar="SECONDS", help="How fast the largest surge rises; else as it does."),
    ] = None,
    given: Set = [],  # noqa: B006 (Typer copies)
    fault: Faults = [],  # noqa: B006 (Typer copies)
    as_json: AsJson = False,
) -> None:
    """How many users the stack holds on simulated nights, and what gives way first beyond."""
    from analysis import night  # noqa: PLC0415 (pulls in the compiler)

    with refusals(night.NightError):
        model = complete(directory, var, var_file)
        found = night.headroom(
            model,
            course(directory, scenario),
            about(directory),
            faults=[night.fault(text) for text in fault],
            values=one_each(given),
            profile=facts.runtime(runtime) if runtime else None,
            seeds=seeds,
            rise_s=rise,
        )
    if as_json:
        print_json({**night.headroom_to_json(found), **unreached_json(model, directory)})
        return
    out.print(_held(found), highlight=False)
    tell_unreached(model, directory)


def _held(found: Headroom) -> str:
    if found.users is None:
        return f"Every crowd that was tried is held, over {found.seeds} nights each."
    first = "; ".join(f"{name} from minute {minute:g}" for name, minute in found.first) or "nothing is used up"
    why = "" if found.broken is None or found.broken.why is None else f" ({found.broken.why})"
    return f"Holds {found.users:,} users; not {found.broken_users:,}{why}. What gives way: {first}."
