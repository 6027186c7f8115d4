"""Decision records on pages: the state of each, its options, what it is worth, where it would turn, and the ledger of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from markupsafe import Markup
from mkdocs.plugins import get_plugin_logger

from analysis import decisions
from analysis.decisions import Bench, Change, Crossing, Effect, Judgement, Option, Record, Weighed
from analysis.decisions.records import NOTHING
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, State, table
from analysis.facts import prices, today
from analysis.pages import frontmatter, infrastructure, links, systems
from analysis.pages.figures import named as named_in
from analysis.pages.model import Macro, Model, Site, models
from analysis.pages.reads import cache
from analysis.pages.register import figure
from analysis.pages.stated import register
from analysis.studies import Measured, shown
from analysis.units import money

log = get_plugin_logger("gameday")

STATUSES: Mapping[str, State] = {
    "proposed": "info", "accepted": "good", "rejected": "bad", "deprecated": "plain", "superseded": "plain",
}  # fmt: skip
"""The states of MADR 4: https://adr.github.io/madr/"""

STATES: Mapping[str, State] = {
    "holds": "good", "contested": "warn", "violated": "bad", "expired": "warn", "retired": "plain",
}  # fmt: skip
"""What the build finds of a record."""

MOST_GLOBS = 4
CENT = Decimal("0.01")
"""Differences below a cent are not differences."""


@cache
def bench(root: Path) -> Bench:
    """Where the records of a checkout are judged, with the studies that its claims have made already."""
    claims = register(root)
    kept = decisions.Kept(root / ".cache" / "decisions")
    return Bench(claims.studies, decisions.Edge(root, today(), claims.broken_claim), keep=kept)


_NAMED: dict[Path, str] = {}
"""A sentence for each record of this build that asks for a human, by its page."""


@cache
def judgement(root: Path, path: Path) -> Judgement:
    """The record on a page, judged once per build; a violated one is a warning, which a strict build does not survive.

    Raises PlacedError for a record that cannot be read or computed.
    """
    record = decisions.read(path, path.relative_to(root).as_posix())
    made = bench(root).judge(record)
    if not made.ok:
        _NAMED[path] = _sentence(made)
    if made.state == "violated":
        log.warning(_sentence(made))
    return made


def named() -> Mapping[Path, str]:
    """A sentence for each record of this build that asks for a human, by its page."""
    return dict(sorted(_NAMED.items()))


def name(path: Path, sentence: str) -> None:
    """Says of a record whose page is taken from the last build what that build said of it."""
    _NAMED[path] = sentence


def _sentence(made: Judgement) -> str:
    return f"{made.record.file}: the decision is {made.state}: {'; '.join(made.reasons)}"


def forget() -> None:
    """Lets the next build judge anew."""
    _NAMED.clear()


def _money(found: Measured | str) -> Decimal | None:
    return None if isinstance(found, str) or found.value is None else Decimal(str(found.value))


# ---- on the page of a record ------------------------------------------------------------------------------------------------


def decided(made: Judgement) -> Markup:
    """The state of a record, its day, the roles that decided and the day of the next review; below it why it does not hold."""
    record = made.record
    chips = Markup("{} {}").format(tables.chip(STATUSES[record.status], record.status), _state(made))
    line = Markup("<p>{} {}, by {}. Next review by {}.</p>").format(
        chips, str(record.date), ", ".join(record.deciders), str(record.due)
    )
    if made.ok:
        return line
    reasons = Markup("").join(Markup("<li>{}</li>").format(reason) for reason in made.reasons)
    return Markup("{}<ul>{}</ul>").format(line, reasons)


def _state(made: Judgement) -> Markup:
    return Markup("") if made.state == "retired" else tables.chip(STATES[made.state], made.state)


def weighed(made: Judgement) -> Markup:
    """What a record is worth: figures with and without it, the break-even, what would reopen it, its checks, its assumptions."""
    record = made.record
    if not made.effects:
        return Markup("<p>Not weighed: {}.</p>").format("; ".join(made.reasons))
    parts = [_effects(made)]
    evens = [Markup("<li>{}</li>").format(_crossing(crossing)) for crossing in made.crossings]
    if evens:
        parts.append(Markup("<p><strong>Break-even</strong></p><ul>{}</ul>").format(_joined(evens)))
    if record.reopen_when is not None:
        readings = [
            Markup("<li><code>{}</code> is {}</li>").format(str(figure), shown(found))
            for figure, found in made.readings
        ]
        parts.append(
            Markup("<p><strong>Reopened</strong> when <code>{}</code>. As things are:</p><ul>{}</ul>").format(
                record.reopen_when.text, _joined(readings)
            )
        )
    if made.confirmed:
        checks = [
            Markup("<li>{} {}</li>").format(
                tables.chip("good" if one.ok else "bad", "ok" if one.ok else "no"), one.says
            )
            for one in made.confirmed
        ]
        parts.append(
            Markup('<p><strong>Checked by this build.</strong></p><ul class="g-checks">{}</ul>').format(_joined(checks))
        )
    if made.assumed:
        parts.append(_assumed(made))
    return Markup("\n\n").join(parts)


def _joined(items: Sequence[Markup]) -> Markup:
    return Markup("").join(items)


TITLES: Mapping[str, str] = {
    "game": "One {event}", "users": "{Crowd} held", "users_low": "{Crowd} held, at worst",
    "harm": "Minutes with {crowd} affected",
}  # fmt: skip
"""The effects that are named in the words of the record's system."""


def _words(record: Record) -> Mapping[str, str]:
    """What the system of a record calls its crowd and its event."""
    system = record.path.parents[1]
    return systems.words(system.parent, f"{system.name}/{record.path.name}")


def _title(record: Record, effect: Effect) -> str:
    return named_in(TITLES[effect.name], _words(record)) if effect.name in TITLES else effect.title


SIMULATED = frozenset({"age", "p99", "errors", "harm", "lead"})
"""The effects that a simulated night gives."""


def _effects(made: Judgement) -> Markup:
    record = made.record
    rows: list[list[Cell]] = [
        [_title(record, effect), *_sides(record, effect), _difference(effect)]
        for effect in made.effects
        if not _uncomputed(effect)
    ]
    word = "With what is proposed" if record.proposes else "With"
    columns = [Column(""), Column(word, "number"), Column("Without", "number"), Column("Difference", "number")]
    faults = f", with {', '.join(record.night.faults)}" if record.night.faults else ""
    simulated = any(not _uncomputed(effect) for effect in made.effects if effect.name in SIMULATED)
    rest = (
        f"everything else on {made.night}{faults}, simulated with seed {record.night.seed}"
        if simulated
        else f"{_title(record, made.effect('users')).lower()} by closed formulas; its night is not simulated"
    )
    caption = f"Costs on an ordinary month; {rest if made.night else 'the load of the stack is not modelled'}."
    reasons: dict[str, list[str]] = {}
    for effect in made.effects:
        for reason in dict.fromkeys(f for f in (effect.with_it, effect.without_it) if isinstance(f, str)):
            reasons.setdefault(reason, []).append(_title(record, effect))
    notes = _joined(
        [
            Markup("<p><small>Not computed ({}): {}</small></p>").format(", ".join(titles), reason)
            for reason, titles in reasons.items()
        ]
    )
    return table(columns, rows, label="With and without the decision", caption=caption) + notes


def _sides(record: Record, effect: Effect) -> tuple[Cell, Cell]:
    """The figure with the decision and without it; the one of the stack as it is says what it is of."""
    with_it, without_it = _figure(effect.with_it), _figure(effect.without_it)
    column = decisions.effect_columns(record)[effect.name]
    if column.change != NOTHING:
        return with_it, without_it
    present = _of(record, effect.without_it if record.proposes else effect.with_it, column)
    return (with_it, present) if record.proposes else (present, without_it)


def _of(record: Record, found: Measured | str, column: decisions.Column) -> Cell:
    return "–" if isinstance(found, str) else figure(found, column.measure, record.stack, **column.arguments)


def _uncomputed(effect: Effect) -> bool:
    """Whether one reason keeps both figures from being computed: a row of dashes says nothing."""
    return isinstance(effect.with_it, str) and effect.with_it == effect.without_it


def _figure(found: Measured | str) -> str:
    return "–" if isinstance(found, str) else shown(found)


def _difference(effect: Effect) -> str:
    """How much more or less it is with the decision; nothing where the two are alike or cannot be subtracted."""
    one, other = effect.with_it, effect.without_it
    if isinstance(one, str) or isinstance(other, str) or one.unit not in {"USD", "min"} or not effect.differs:
        return ""
    difference = Decimal(str(one.value)) - Decimal(str(other.value))
    if one.unit == "USD" and not difference.quantize(CENT):
        return ""
    text = money(abs(difference)) if one.unit == "USD" else f"{abs(difference):.0f} min"
    return f"{'+' if difference >= 0 else '−'}{text}"


def _crossing(found: Crossing) -> Markup:
    return Markup("{} <code>{}</code>").format(*decisions.turning(found))


def _assumed(made: Judgement) -> Markup:
    rows: list[list[Cell]] = []
    for a in made.assumed:
        span = f"{a.low} to {a.high}" if a.low != a.high else ""
        rows.append([tables.code(a.name), f"{a.value} {a.unit}", span, a.reason or a.source])
    columns = [
        Column("Assumes", "address"),
        Column("Value", "number"),
        Column("Range", "number"),
        Column("Because", "wide"),
    ]
    return table(columns, rows, label="What the decision assumes")


def option_table(root: Path, made: Judgement) -> Markup:
    """The options of a record, each computed by the same model under what it would change; why, where one has no figures."""
    record = made.record
    if not record.weighed or not made.options:
        return Markup("<p>Not computed: {}.</p>").format("; ".join(made.reasons) or "the record lists no options")
    best = next(one.figures for one in made.options if one.option.chosen)
    groups = [_option_group(one, best, record) for one in made.options]
    heads = _joined([Markup('<th scope="col" class="g-num">{}</th>').format(column.title) for column in record.columns])
    return Markup(
        '<div class="g-table" role="group" aria-label="Options" tabindex="0"><table class="g-data g-options">'
        "<caption>{}</caption><thead><tr>{}</tr></thead>{}</table></div>{}"
    ).format(_basis(root, record), heads, _joined(groups), _formulas(record, best))


def _basis(root: Path, record: Record) -> str:
    """What the figures rest on, in a sentence: each stack with its crowd, and the day of the prices."""
    world = bench(root).checker(record).world
    stacks = dict.fromkeys([world.stack, *(option.stack or world.stack for option in record.options)])
    subjects = [world.studies.study(stack) for stack in stacks]
    crowds = "; ".join(
        f"{one.directory.name} at {one.capacity.users:,} {_words(record)['crowd']} ({one.scenario.title})"
        if one.crowd
        else f"{one.directory.name}, whose load is not modelled yet"
        for one in subjects
    )
    return f"Computed from the Terraform: {crowds}, with the prices of {prices(subjects[0].architecture.region).as_of}."


def _formulas(record: Record, best: tuple[Measured, ...] | str) -> Markup:
    """How each column is computed, folded away; nothing where the chosen option has no figures."""
    if isinstance(best, str):
        return Markup("")
    lines = _joined(
        [
            Markup("<li>{}: {}</li>").format(column.title, figure.formula)
            for column, figure in zip(record.columns, best, strict=True)
        ]
    )
    return Markup("<details><summary>How the columns are computed</summary><ul>{}</ul></details>").format(lines)


def _option_group(one: Weighed, best: tuple[Measured, ...] | str, record: Record) -> Markup:
    """One option: a line across the table with its name and what it changes, then its figures, or why there are none.

    Money carries its difference from the chosen option's. Two lines, because a phone has room for the figures side by side only
    if nothing stands beside them.
    """
    option, figures = one.option, one.figures
    name = Markup("{}").format(option.name)
    if option.chosen:
        proposed = record.status == "proposed"
        name += Markup(" {}").format(tables.chip("info" if proposed else "good", "proposed" if proposed else "chosen"))
    lines = [name, *(Markup("<small><code>{}</code></small>").format(change) for change in _changes(option))]
    notes = [option.note] if option.note else []
    notes += [f"The stack's precondition refuses it: {'; '.join(one.guards)}."] if one.guards else []
    notes += [figures] if isinstance(figures, str) else []
    lines += [Markup("<small>{}</small>").format(note) for note in notes]
    count = len(record.columns)
    head = Markup('<tr class="g-option"><th colspan="{}" scope="rowgroup">{}</th></tr>').format(
        count, Markup("<br>").join(lines)
    )
    if isinstance(figures, str):
        return Markup("<tbody>{}</tbody>").format(head)
    compared = [None] * count if option.chosen or isinstance(best, str) else best
    cells = [
        Markup('<td class="g-num">{}</td>').format(_compared(figure, other))
        for figure, other in zip(figures, compared, strict=True)
    ]
    return Markup("<tbody>{}<tr>{}</tr></tbody>").format(head, _joined(cells))


def _compared(figure: Measured, other: Measured | None) -> Cell:
    text = shown(figure)
    if other is None or figure.unit != "USD" or figure.value is None or other.value is None:
        return text
    difference = Decimal(str(figure.value)) - Decimal(str(other.value))
    if not difference:
        return text
    sign = "+" if difference >= 0 else "−"
    return Markup("{}<br><small>{}{}</small>").format(text, sign, money(abs(difference)))


def _changes(option: Option) -> Iterator[str]:
    """What an option changes, one entry for each variable, resource, quantity or value of the scenario."""
    yield from _change(option.change)
    if option.stack:
        yield f"stack = {option.stack}"
    if option.change.users is not None:
        yield f"users = {option.change.users}"
    if option.change.poll_interval_s is not None:
        yield f"poll_interval_s = {option.change.poll_interval_s:g}"
    if option.broker:
        yield f"{option.broker} in place of {', '.join(option.replaces)}"
    if option.beside is not None:
        users = [] if option.beside.users is None else [f"users = {option.beside.users}"]
        yield f"beside it the same with {', '.join((*_change(option.beside), *users)) or 'nothing else'}"


def _change(change: Change) -> Iterator[str]:
    yield from (f"{path} = {value}" for path, value in _leaves("", change.variables))
    for address, values in change.arguments.items():
        yield f"{address}: " + ", ".join(f"{path} = {value}" for path, value in _leaves("", values))
    if change.without:
        more = f", and {len(change.without) - MOST_GLOBS} more" if len(change.without) > MOST_GLOBS else ""
        yield f"without {', '.join(change.without[:MOST_GLOBS])}{more}"
    yield from (f"+ {tables.amount(quantity)} × {sku}" for sku, quantity in change.adds.items())


def _leaves(path: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [leaf for key, inner in value.items() for leaf in _leaves(f"{path}.{key}" if path else str(key), inner)]
    return [(path, infrastructure.shown(value))]


def affected(root: Path, page: str, made: Judgement) -> Markup:
    """The resources that a decision shapes, each with the line where it stands.

    Raises PlacedError, naming the record, for an address that the resolved stack does not have.
    """
    record = made.record
    found = models(root).get(record.stack)
    if found is None or not record.affects:
        raise ValueError(f"{record.file}: front matter lacks the stack or the addresses that the decision affects")
    items = [item for glob, _ in record.affects for item in _affected(found, glob, page)]
    return Markup("<ul>{}</ul>").format(_joined(items))


def _affected(model: Model, glob: str, page: str) -> Iterator[Markup]:
    """One line for each place where a matching resource stands; several instances share theirs."""
    matching: dict[tuple[str, int], list[str]] = {}
    for resource in model.architecture.resources:
        if decisions.matches(glob, resource.address):
            matching.setdefault((resource.defined_at.file, resource.defined_at.line), []).append(resource.address)
    for addresses in matching.values():
        first = model.architecture.by_address[addresses[0]]
        more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
        line = infrastructure.citation(model, first.defined_at, page)
        yield Markup("<li>{}{} {}</li>").format(tables.code(addresses[0]), more, line)


# ---- the ledger -------------------------------------------------------------------------------------------------------------

LEDGER = ("users", "p99", "age", "harm", "lead")
"""What a decision may buy, in the columns of the ledger."""


def ledger(root: Path, docs: Path, folder: str, page: str) -> Markup:
    """Every record of a folder: state, what it costs a month, what it buys, and where it would turn."""
    made = [judgement(root, record.path) for record in decisions.folder(docs / folder, root)]
    if not made:
        raise ValueError(f"{page}: {folder} holds no decision record")
    counts = {state: sum(one.state == state for one in made) for state in STATES}
    plural = {"holds": "hold"}
    said = [tables.chip(STATES[s], f"{n} {s if n == 1 else plural.get(s, s)}") for s, n in counts.items() if n]
    event = _words(made[0].record)["event"]
    titles = ["Costs a month", f"One {event}", *(made_title(made, name) for name in LEDGER)]
    heads = _joined([Markup('<th scope="col" class="g-num">{}</th>').format(title) for title in titles])
    groups = [_entry(one, docs, page, len(titles)) for one in made]
    return Markup(
        "<p>{}</p>"
        '<div class="g-table" role="group" aria-label="Ledger of decisions" tabindex="0">'
        '<table class="g-data g-options g-ledger" data-sortable data-choose="state tag"><caption>{}</caption>'
        "<thead><tr>{}</tr></thead>{}</table></div>"
    ).format(
        Markup(" ").join(said),
        "Each figure with the decision; below it, where it differs, without. The costs are what the decision adds to a month "
        f"and to a {event}.",
        heads,
        _joined(groups),
    )


def made_title(made: Sequence[Judgement], name: str) -> str:
    """The heading of an effect."""
    return next((_title(one.record, one.effect(name)) for one in made if one.effects), name)


def _entry(one: Judgement, docs: Path, page: str, count: int) -> Markup:
    record = one.record
    href = links.relative(page, record.path.relative_to(docs).as_posix())
    lines = [
        Markup("{} {}").format(tables.link(href, f"{record.number}. {record.title}"), _chips(one)),
        *(Markup("<small>{}</small>").format(reason) for reason in ([] if one.ok else one.reasons)),
    ]
    if one.effects and not any(e.differs for e in one.effects if e.name not in {"month", "game"}):
        lines.append(Markup("<small>The model sees its price only. {}</small>").format(record.description))
    lines += [Markup("<small>Break-even: {}</small>").format(_crossing(crossing)) for crossing in one.crossings]
    head = Markup('<tr class="g-option"><th colspan="{}" scope="rowgroup">{}</th></tr>').format(
        count, Markup("<br>").join(lines)
    )
    tags = frontmatter.read(record.path, record.file).extra.get("tags") or ()
    facets = tables.faceted(
        {"state": [record.status if one.state == "retired" else one.state], "tag": [str(tag) for tag in tags]}
    )
    if not one.effects:
        return Markup('<tbody id="record-{}"{}>{}</tbody>').format(record.number, facets, head)
    cells = [
        _priced(one.effect("month")),
        _priced(one.effect("game")),
        *(_changed(one.effect(name)) for name in LEDGER),
    ]
    return Markup('<tbody id="record-{}"{}>{}<tr>{}</tr></tbody>').format(record.number, facets, head, _joined(cells))


def _chips(one: Judgement) -> Markup:
    status = one.record.status
    if status == "accepted":
        return _state(one)
    return Markup("{} {}").format(tables.chip(STATUSES[status], status), _state(one))


def _priced(effect: Effect) -> Markup:
    """What the decision adds, as a cell that sorts by the amount; the same figure as on the record's own page."""
    one, other = _money(effect.with_it), _money(effect.without_it)
    if one is None or other is None:
        return Markup('<td class="g-num">–</td>')
    difference = one - other
    if not difference.quantize(CENT):
        difference = Decimal(0)
    sign = "−" if difference < 0 else "+" if difference else ""
    return Markup('<td class="g-num" data-sort="{:.6f}">{}{}</td>').format(difference, sign, money(abs(difference)))


def _changed(effect: Effect) -> Markup:
    with_it, without_it = _figure(effect.with_it), _figure(effect.without_it)
    value = effect.with_it.value if isinstance(effect.with_it, Measured) else None
    key = "" if value is None or isinstance(value, str) else f"{float(value):.6f}"
    text = Markup("{}").format(with_it)
    if with_it != without_it:
        text = Markup("<strong>{}</strong><br><small>{}</small>").format(with_it, without_it)
    return Markup('<td class="g-num" data-sort="{}">{}</td>').format(key, text)


def macros(site: Site) -> Mapping[str, Macro]:
    """What the page of a decision record cites of itself, and an index of its records."""

    def record() -> Judgement:
        return judgement(site.root, site.docs / site.here())

    return {
        "decision_log": lambda folder: ledger(site.root, site.docs, folder, site.here()),
        "option_table": lambda: option_table(site.root, record()),
        "decided": lambda: decided(record()),
        "weighed": lambda: weighed(record()),
        "affected": lambda: affected(site.root, site.here(), record()),
    }
