"""Load tests and restore drills on a page: what was measured beside what is computed, and on which machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from analysis import evidence
from analysis.drawing import charts, tables
from analysis.drawing.charts import Limit, Series
from analysis.drawing.tables import Cell, Column, Row, significant
from analysis.facts import Level, limit
from analysis.loadtest import kept
from analysis.loadtest.tested import cpu_used, knee_per_s, knee_users, tested
from analysis.pages.figures import refused
from analysis.pages.model import Macro, Model, Site
from analysis.pages.reads import cache
from analysis.studies import Study, study

LEVELS: Final[tuple[Level, ...]] = ("low", "value", "high")
PROGRAM, DATABASE = kept.AS_IS, "mariadbd"
"""What the record calls the program that is not slowed, and the database of the stand-in that most stacks have."""

GIVEN = 0.95
"""Share of its share that a program must get for its figures to be compared with the assumption."""

COMPARED: Final = (
    Column("", "head"),
    Column("Assumed, computed"),
    Column("Measured here"),
    Column("Measured ÷ computed", "number"),
)

MISSING = "Not measured yet. `{}` does it."


@cache
def recorded(stack: Path, kind: str) -> evidence.Record | None:
    """The record of a kind beside a stack."""
    return evidence.read(evidence.beside(stack, kind), kind)


def steps(content: Mapping[str, Any], run: str, server: str = PROGRAM) -> list[Mapping[str, Any]]:
    """The recorded steps of one server in a run, by what was offered."""
    found = [step[server] for step in content["runs"].get(run, ()) if server in step]
    return sorted(found, key=lambda step: float(step["offered_per_s"]))


def cpu_ms(content: Mapping[str, Any], server: str) -> tuple[float, float, float]:
    """Milliseconds of processor time per request of a server over the steps of the knee: least, mean by requests, most."""
    every = steps(content, "steps")
    answered = sum(step["answered_per_s"] for step in every)
    mean = sum(step["cpu_ms"][server] * step["answered_per_s"] for step in every) / answered
    values = [step["cpu_ms"][server] for step in every]
    return min(values), mean, max(values)


def _missing(command: str) -> Markup:
    return refused(MISSING.format(command))


def disturbed(model: Model) -> Markup:
    """A warning where the program got less than its share of a processor; nothing where it got it."""
    record = recorded(model.directory, kept.LOADED)
    if record is None:
        return Markup("")
    share = record.content["knee"]["given"] / record.content["vcpu"]
    if share >= GIVEN:
        return Markup("")
    return Markup(
        '<div class="admonition warning"><p class="admonition-title">Measured on a busy machine</p>'
        "<p>The program got {} % of its share of a processor, because others wanted it too (load average {}). It waited between "
        "requests and found the caches full of other work: the processor time above is higher than on a machine of its own. "
        "Compare ratios within the run, not the figures with the assumption, until it was measured again.</p></div>"
    ).format(significant(100 * share, 2), significant(record.content["machine"]["load_average"][0], 2))


def spread(low: float, value: float, high: float, digits: int = 2) -> str:
    """A value with its range in brackets."""
    return f"{significant(value, digits)} ({significant(low, digits)} to {significant(high, digits)})"


def compared(models: Sequence[Model]) -> Markup:
    """Measured beside computed, for each stack: processor time per request, the knee of one task, the check of the instrument."""
    rows: list[Row | list[Cell]] = []
    parts = []
    for model in models:
        record = recorded(model.directory, kept.LOADED)
        if record is None:
            parts.append(_missing(f"gameday load {model.folder} --record"))
        else:
            rows += _compared(model, record.content)
    if rows:
        parts.insert(0, tables.table(COMPARED, rows, label="Measured beside computed"))
    return Markup("").join(parts)


def _compared(model: Model, content: Mapping[str, Any]) -> list[Row | list[Cell]]:
    one, vcpu = model.study, content["vcpu"]
    assumed = {level: 1000 * cpu_per_request(one, level) for level in LEVELS}
    base = one.profile.database_s_per_request
    users = {level: _crowd(one, vcpu, level) for level in LEVELS}
    program, store = cpu_ms(content, PROGRAM), cpu_ms(content, DATABASE)
    full = content["knee"]["per_s_at_share"] * content["interval_s"]
    check = content["check"]
    title = model.about.title
    return [
        [
            f"{title}: processor time per request, ms",
            spread(assumed["low"], assumed["value"], assumed["high"]), spread(*program),
            significant(program[1] / assumed["value"], 2),
        ],
        [
            "of the database, where it is asked each time, ms",
            spread(1000 * base.at("low"), 1000 * base.at(), 1000 * base.at("high")) if one.profile.cpu_s_per_hit is None else "",
            spread(*store), significant(store[1] / 1000 / base.at(), 2) if one.profile.cpu_s_per_hit is None else "",
        ],
        [
            f"users that one task with {significant(vcpu)} vCPU holds, no cache before it",
            spread(users["high"], users["value"], users["low"], 3), significant(full, 3), significant(full / users["value"], 2),
        ],
        [
            f"the knee with every handler slowed by {1000 * check['slowed_s']:g} ms, as a share",
            significant(check["computed"]), significant(check["measured"]), significant(1 + check["off"]),
        ],
    ]  # fmt: skip


def _crowd(one: Study, vcpu: float, level: Level = "value") -> float:
    """Users that one task holds beside the publisher's own requests, as the pages about capacity count them."""
    publisher_per_s = one.scenario.publisher["updates_per_minute"].at() / 60
    return knee_users(one, vcpu, level) - publisher_per_s * float(one.capacity.poll_interval.value)


def cpu_per_request(one: Study, level: Level) -> float:
    """Processor seconds of a request that the model takes where one task is full."""
    plan = tested(one)
    per_s = knee_per_s(one, plan, plan.vcpu, level)
    return cpu_used(one, plan, per_s, level) / per_s


def consequence(model: Model) -> Markup:
    """Users that the whole stack holds without the edge's cache, by the assumption and by what was measured."""
    record = recorded(model.directory, kept.LOADED)
    if record is None:
        return Markup("a number of users that is not measured yet")
    one = model.study
    factor = cpu_ms(record.content, PROGRAM)[1] / (1000 * cpu_per_request(one, "value"))
    names = [value for value in (one.profile.cpu_s_per_request, one.profile.cpu_s_per_hit) if value is not None]
    slower = study(model.directory, assumed={value.name: value.at() * factor for value in names})
    before, after = (_service_users(each) for each in (one, slower))
    return Markup("{} users in place of {}").format(significant(after, 3), significant(before, 3))


def _service_users(one: Study) -> float:
    """Users at which the service is full, every request reaching it."""
    tasks = one.capacity.at_start.tasks.value
    return float(tasks) * _crowd(one, float(one.path.service.vcpu.value))


def chart(model: Model) -> Markup:
    """What was answered of what was offered, step by step, with the knee that was computed."""
    record = recorded(model.directory, kept.LOADED)
    if record is None:
        return _missing(f"gameday load {model.folder} --record")
    content = record.content
    found = steps(content, "steps")
    answered = tuple((round(step["offered_per_s"], 1), step["answered_per_s"]) for step in found)
    offered = tuple((round(step["offered_per_s"], 1), step["offered_per_s"]) for step in found)
    one = model.study
    computed = knee_users(one, content["vcpu"]) / content["interval_s"]
    picture = charts.lines(
        f"Offered and answered: {model.about.title}",
        [Series("offered", offered), Series("answered", answered)],
        x="offered, requests a second",
        y="requests a second",
        limits=[Limit(computed, "computed knee")],
        caption=f"Measured with a stand-in on {record.recorded_on}, seed {content['seed']}: not a recording of the service.",
    )
    return Markup(picture.html())  # noqa: S704 (drawn by us)


def step_table(model: Model) -> Markup:
    """Every step of every run: offered, answered, failed, latency, age of updates, processor time, the database."""
    record = recorded(model.directory, kept.LOADED)
    if record is None:
        return _missing(f"gameday load {model.folder} --record")
    rows: list[Row | list[Cell]] = []
    for run, found in record.content["runs"].items():
        for step in found:
            rows += [_step(run, server, of) for server, of in step.items()]
    columns = [
        Column("Run, server", "head"), Column("Users", "number"), Column("Offered, 1/s", "number"),
        Column("Answered, 1/s", "number"), Column("Failed", "number"), Column("p50, s", "number"), Column("p95, s", "number"),
        Column("Age of an update, p95, s", "number"), Column("Processor, ms", "number"), Column("Given, vCPU", "number"),
        Column("Database, ms", "number"), Column("Connections, most", "number"), Column("Lock waits", "number"),
    ]  # fmt: skip
    return tables.table(columns, rows, label=f"Steps of the load test of {model.name}")


def _step(run: str, server: str, of: Mapping[str, Any]) -> list[Cell]:
    def shown(value: float | None) -> str:
        return "" if value is None else significant(value)

    return [
        f"{run}, {server}" if run != server else run, f"{of['users']:,}", shown(of["offered_per_s"]),
        shown(of["answered_per_s"]), f"{of['failed']:,} of {of['requests']:,}", shown(of["p50_s"]), shown(of["p95_s"]),
        shown(of["age_p95_s"]), shown(of["cpu_ms"].get(server)), shown(of["share"].get(server)),
        shown(of["cpu_ms"].get(DATABASE, of["cpu_ms"].get("postgres"))), f"{max(0, of['connections'] - 1)}",
        f"{of['lock_waits']}",
    ]  # fmt: skip


def instrument(model: Model, kind: str) -> Markup:
    """On what it was measured: the day, the machine, versions, how the program was held, and how busy the neighbours were."""
    record = recorded(model.directory, kind)
    if record is None:
        return _missing(f"gameday records --renew {kind}/{model.name}")
    content, machine = record.content, record.content["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    text = (
        f"Recorded on {record.recorded_on}: {machine['processor']}, {machine['processors']} processors, "
        f"{machine['memory_gib']} GiB, {machine['system']}; {versions}; seed {content['seed']}. Its load average at the "
        f"end was {machine['load_average'][0]:g}."
    )
    if kind == kept.LOADED:
        work = content["work_ms"]
        text += (
            f" The program was held by: {content['held']}. A fixed piece of work took {work['quickest']:.2g} ms of a processor "
            f"at its quickest and {work['steps']:.2g} ms in the middle of the steps. All {content['samples']['lines']:,} samples "
            f"have the SHA-256 {content['samples']['sha256'][:16]}…; the record beside the stack has every second of them."
        )
    return Markup("<p>{}</p>").format(text)


def drill_table(model: Model) -> Markup:
    """The parts of the restore drill with their seconds, and whether the rows agreed."""
    record = recorded(model.directory, kept.DRILLED)
    if record is None:
        return _missing(f"gameday drill {model.folder} --record")
    content = record.content
    seconds, states = content["seconds"], content["states"]
    megabytes = content["dump_bytes"] / 1e6

    def agreed(one: str, other: str) -> Markup:
        same = states[one] == states[other]
        return tables.chip("good" if same else "bad", "same rows" if same else "other rows")

    rows: list[Row | list[Cell]] = [
        ["rows written", f"{states['before']['rows']:,} rows", f"{seconds['load']:.1f}", "", ""],
        ["dumped", f"{significant(megabytes)} MB", f"{seconds['dump']:.1f}", significant(megabytes / seconds["dump"], 2), ""],
        ["table dropped", f"{states['lost']['rows']:,} rows, {content['without_log']:,} of them newer than the dump", "", "", ""],
        ["restored from the dump", f"{states['restored']['rows']:,} rows", f"{seconds['restore']:.1f}",
         significant(content["restore_mb_s"], 2), agreed("before", "restored")],
        ["log replayed up to the loss", f"{content['without_log']:,} rows", f"{seconds['replay']:.1f}",
         significant(content["log_bytes"] / 1e6 / seconds["replay"], 2), agreed("lost", "replayed")],
    ]  # fmt: skip
    columns = [
        Column("Step", "head"),
        Column("What"),
        Column("Seconds", "number"),
        Column("MB/s", "number"),
        Column("Checked"),
    ]
    return tables.table(columns, rows, label="Restore drill")


def dump_restore_minutes(model: Model) -> str:
    """How long a dump of the database that the model assumes would take to restore at the drill's rate, with its range."""
    record = recorded(model.directory, kept.DRILLED)
    if record is None:
        return f"not drilled; gameday drill {model.folder} --record"
    size = limit("month.database_gb")
    minutes = [
        float(gigabytes) * 1000 / record.content["restore_mb_s"] / 60 for gigabytes in (size.low, size.value, size.high)
    ]
    return f"{significant(minutes[1], 2)} min ({significant(minutes[0], 2)} to {significant(minutes[2], 2)})"


def dump_rows_lost(model: Model) -> str:
    """How many rows the drill's dump alone did not give back."""
    record = recorded(model.directory, kept.DRILLED)
    return f"{record.content['without_log']:,}" if record else f"not drilled; gameday drill {model.folder} --record"


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of load tests and drills."""
    return {
        "load_compared": lambda *names: compared([site.stack(name) for name in names]),
        "load_consequence": site.of_stack(consequence),
        "load_chart": site.of_stack(chart),
        "load_disturbed": site.of_stack(disturbed),
        "load_steps": site.of_stack(step_table),
        "load_instrument": site.of_stack(lambda model: instrument(model, kept.LOADED)),
        "drill_table": site.of_stack(drill_table),
        "drill_instrument": site.of_stack(lambda model: instrument(model, kept.DRILLED)),
        "dump_restore_minutes": site.of_stack(dump_restore_minutes),
        "dump_rows_lost": site.of_stack(dump_rows_lost),
    }
