"""Claims on pages: the figure inside a sentence, the register that shows how each is computed, and the options of a decision."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.claims import ClaimError, Register, Result, citations, load
from analysis.demand import Given, PathError
from analysis.facts import FactError, prices
from analysis.pages import infrastructure, links, tables
from analysis.pages.model import models
from analysis.pages.records import DECISION_STATES
from analysis.pages.tables import Cell, Column, Row
from analysis.studies import MEASURES, Measured, MeasureError, StudyError, measure, shown
from analysis.terraform import InputError
from analysis.units import money

REGISTER = "reference/how-computed.md"
MOST_INPUTS = 12
MOST_GLOBS = 4


@cache
def register(root: Path) -> Register:
    """The claims of the checkout. Raises ClaimError where the register is malformed."""
    return load(root / "docs" / "claims.toml", root / "terraform" / "stacks")


def claim(root: Path, page: str, name: str) -> Markup:
    """The figure of a claim, linked to how it is computed. Raises ClaimError, naming page and sentence, if it fails."""
    result = register(root).result(name)
    if not result.holds:
        raise ClaimError(
            f"{page}: the claim {name} no longer holds: “{result.claim.says}” is {result.text}, allowed is {result.bound}; "
            "correct the sentence and the band, or what it rests on"
        )
    return tables.link(f"{links.relative(page, REGISTER)}#{name}", result.text, "g-claim")


def claim_table(root: Path, docs: Path, page: str) -> Markup:
    """Every claim with its figure, formula, inputs, band and the pages that cite it, each row an anchor."""
    pages = {
        path.relative_to(docs).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(docs.rglob("*.md"))
        if not path.relative_to(docs).parts[0].startswith("_")
    }
    cited = citations(pages)
    rows = [_claim_row(root, page, result, cited.get(result.claim.name, ())) for result in register(root).results()]
    columns = [
        Column("Claim", "wide"), Column("Figure", "number"), Column("Formula", "wide"), Column("From", "wide"),
        Column("Allowed"), Column("Cited on"),
    ]  # fmt: skip
    return tables.table(columns, rows, label="Claims")


def _claim_row(root: Path, page: str, result: Result, cited: Sequence[str]) -> Row:
    one = result.claim
    pages = dict.fromkeys(place.rpartition(":")[0] for place in cited)
    places = [tables.link(links.relative(page, place), place.removesuffix(".md")) for place in pages]
    cells: list[Cell] = [
        one.says,
        result.text,
        result.measured.formula,
        _inputs(root, one.stack, result.measured.inputs, page),
        result.bound,
        _stacked(places),
    ]
    return Row(cells, anchor=one.name)


def _inputs(root: Path, stack: str, inputs: Sequence[Given], page: str) -> Markup:
    known = models(root).get(stack)
    lines: list[Markup] = []
    for given in inputs[:MOST_INPUTS]:
        value = infrastructure.shown(given.value)
        origin = infrastructure.origin(known, given.origin, page) if known else given.origin
        lines.append(Markup("{} = {} {} <small>{}</small>").format(given.name, value, given.unit, origin))
    if len(inputs) > MOST_INPUTS:
        lines.append(Markup("and {} more").format(len(inputs) - MOST_INPUTS))
    return _stacked(lines)


def _stacked(lines: Sequence[Markup]) -> Markup:
    return Markup("<br>").join(lines)


def option_table(root: Path, page: str, extra: Mapping[str, Any]) -> Markup:
    """The options of a decision record, each computed by the same model under what it would change.

    The record's front matter names the `stack`, the `measures` (one column each: measure, title, `with`) and the `options`
    (one row each: name, and what it changes). An option may set `variables`, `users`, `poll_interval_s` or another `stack`;
    take resources away by `without` or replace their `arguments`, where no variable reaches them; and `adds` quantities by SKU
    to its bill. A measure may be taken under `arguments`, `without` and `users` of its own, such as a purged edge. Exactly one
    option is `chosen`. An option that Terraform must refuse says `refused: true` and shows Terraform's sentence; one that this
    model cannot compute says why under `not_modelled`; a `note` adds what the figures do not say. Raises ClaimError where an
    option or measure is wrong.
    """
    options, measures = extra.get("options", ()), extra.get("measures", ())
    if not options or not measures:
        raise ClaimError(f"{page}: front matter lacks options or measures for the option table")
    titles = []
    for wanted in measures:
        _known(page, "measure", wanted, MEASURE_KEYS)
        known = MEASURES.get(wanted.get("measure", ""))
        if known is None:
            raise ClaimError(f"{page}: there is no measure {wanted.get('measure')!r}; there are {', '.join(MEASURES)}")
        titles.append(wanted.get("title", known.title))
    for option in options:
        _known(page, "option", option, OPTION_KEYS)
    chosen = [option for option in options if option.get("chosen")]
    if len(chosen) != 1:
        raise ClaimError(f"{page}: {len(chosen)} options are chosen; a decision chooses one")
    word = "proposed" if extra.get("status") == "proposed" else "chosen"
    figures = [_figures(root, page, option, measures, extra) for option in options]
    guards = [
        "" if isinstance(found, str) else _guards(root, option, extra)
        for option, found in zip(options, figures, strict=True)
    ]
    best = figures[options.index(chosen[0])]
    groups = [
        _option_group(option, found, best, word, len(measures), guard)
        for option, found, guard in zip(options, figures, guards, strict=True)
    ]
    heads = Markup("").join(Markup('<th scope="col" class="g-num">{}</th>').format(title) for title in titles)
    return Markup(
        '<div class="g-table" role="group" aria-label="Options" tabindex="0"><table class="g-data g-options">'
        "<caption>{}</caption><thead><tr>{}</tr></thead>{}</table></div>{}"
    ).format(_basis(root, extra), heads, Markup("").join(groups), _formulas(titles, best))


MEASURE_KEYS = frozenset({"measure", "title", "with", "arguments", "without", "users"})
OPTION_KEYS = frozenset(
    {
        "name", "stack", "variables", "arguments", "without", "adds", "users", "poll_interval_s", "chosen", "refused",
        "not_modelled", "note",
    }
)  # fmt: skip
WHOLE_BILLS = frozenset({"cost.month", "cost.idle_month"})
"""The measures to which what an option `adds` belongs."""


def _formulas(titles: Sequence[str], best: list[Measured] | str) -> Markup:
    """How each column is computed, folded away; nothing where the chosen option has no figures."""
    if isinstance(best, str):
        return Markup("")
    lines = Markup("").join(
        Markup("<li>{}: {}</li>").format(title, figure.formula) for title, figure in zip(titles, best, strict=True)
    )
    return Markup("<details><summary>How the columns are computed</summary><ul>{}</ul></details>").format(lines)


def decided(extra: Mapping[str, Any]) -> Markup:
    """The state of the decision record at hand, its day and the roles that decided, in a line."""
    status = str(extra["status"])
    state = tables.chip(DECISION_STATES[status], status)
    roles = extra["deciders"] if isinstance(extra["deciders"], str) else ", ".join(extra["deciders"])
    return Markup("<p>{} {}, by {}</p>").format(state, extra["date"], roles)


def _known(page: str, kind: str, entry: Mapping[str, Any], keys: frozenset[str]) -> None:
    unknown = sorted(entry.keys() - keys)
    if unknown:
        raise ClaimError(
            f"{page}: {kind} has {unknown[0]!r}, which is not known; the keys are {', '.join(sorted(keys))}"
        )
    if kind == "option" and not str(entry.get("name") or "").strip():
        raise ClaimError(f"{page}: an option lacks its name")


def _basis(root: Path, extra: Mapping[str, Any]) -> str:
    """What the figures rest on, in a sentence: each stack with its crowd, and the day of the prices."""
    names = dict.fromkeys([extra["stack"], *(option.get("stack", extra["stack"]) for option in extra["options"])])
    subjects = [register(root).studies.study(name) for name in names]
    crowds = "; ".join(
        f"{one.directory.name} at {one.capacity.users:,} users ({one.scenario.title})" for one in subjects
    )
    return f"Computed from the Terraform: {crowds}, with the prices of {prices(subjects[0].architecture.region).as_of}."


def _figures(
    root: Path, page: str, option: Mapping[str, Any], measures: Sequence[Mapping[str, Any]], extra: Mapping[str, Any]
) -> list[Measured] | str:
    """One figure for each measure, or the sentence that says why there is none."""
    if "not_modelled" in option:
        return f"Not modelled: {option['not_modelled']}"
    where = f"{page}: option {option['name']!r}"
    try:
        figures = [_figure(root, option, wanted, extra) for wanted in measures]
    except StudyError as error:
        if option.get("refused"):
            return f"Terraform refuses it: {_sentence(error)}"
        raise ClaimError(f"{where}: {error}") from None
    except (MeasureError, PathError, FactError, InputError) as error:
        raise ClaimError(f"{where}: {error}") from None
    if option.get("refused"):
        raise ClaimError(f"{where} is said to be refused, but its Terraform resolves; compute it instead")
    return figures


def _guards(root: Path, option: Mapping[str, Any], extra: Mapping[str, Any]) -> str:
    """What the stack's own preconditions say against an option whose figures can be computed all the same; mostly nothing."""
    subject = register(root).studies.study(option.get("stack", extra["stack"]), **_given(option))
    said = [error.message.partition(": ")[2] or error.message for error in subject.guards]
    return f"The stack's precondition refuses it: {'; '.join(said)}." if said else ""


def _given(option: Mapping[str, Any]) -> dict[str, Any]:
    return {key: option[key] for key in ("variables", "users", "poll_interval_s") if key in option}


def _figure(root: Path, option: Mapping[str, Any], wanted: Mapping[str, Any], extra: Mapping[str, Any]) -> Measured:
    stack = option.get("stack", extra.get("stack"))
    if stack is None:
        raise StudyError("front matter names no stack")
    given = _given(option)
    if "users" in wanted:
        given["users"] = wanted["users"]
    arguments = {**option.get("arguments", {}), **wanted.get("arguments", {})}
    without = (*option.get("without", ()), *wanted.get("without", ()))
    if arguments:
        given["arguments"] = arguments
    if without:
        given["without"] = without
    subject = register(root).studies.study(stack, **given)
    found = measure(wanted["measure"], subject, wanted.get("with", {}))
    if "adds" not in option or wanted["measure"] not in WHOLE_BILLS:
        return found
    listed = measure("cost.listed", subject, {"quantities": option["adds"]})
    total = Decimal(str(found.value)) + Decimal(str(listed.value))
    return replace(found, value=total, inputs=(*found.inputs, *listed.inputs))


_REFUSAL = re.compile(r'^(?:\S+: )?(?:error: )?(?:invalid value for variable "[^"]*": )?')


def _sentence(error: StudyError) -> str:
    """What a refusal says, without the place and the kind of message before it."""
    return _REFUSAL.sub("", str(error))


def _changes(option: Mapping[str, Any]) -> list[str]:
    """What an option changes, one entry for each variable, resource, quantity or value of the scenario."""
    found = [f"{path} = {value}" for path, value in _leaves("", option.get("variables", {}))]
    for address, values in option.get("arguments", {}).items():
        found.append(f"{address}: " + ", ".join(f"{path} = {value}" for path, value in _leaves("", values)))
    absent = option.get("without", ())
    more = f", and {len(absent) - MOST_GLOBS} more" if len(absent) > MOST_GLOBS else ""
    found += [f"without {', '.join(absent[:MOST_GLOBS])}{more}"] if absent else []
    found += [f"+ {quantity:,} × {sku}" for sku, quantity in option.get("adds", {}).items()]
    found += [f"{key} = {option[key]}" for key in ("stack", "users", "poll_interval_s") if key in option]
    return found


def _leaves(path: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [leaf for key, inner in value.items() for leaf in _leaves(f"{path}.{key}" if path else str(key), inner)]
    return [(path, infrastructure.shown(value))]


def _option_group(
    option: Mapping[str, Any],
    figures: list[Measured] | str,
    best: list[Measured] | str,
    word: str,
    count: int,
    guard: str,
) -> Markup:
    """One option: a line across the table with its name and what it changes, then its figures, or why there are none.

    Money carries its difference from the chosen option's. Two lines, because a phone has room for the figures side by side only
    if nothing stands beside them.
    """
    name = Markup("{}").format(option["name"])
    if option.get("chosen"):
        name += Markup(" {}").format(tables.chip("good" if word == "chosen" else "info", word))
    lines = [name, *(Markup("<small><code>{}</code></small>").format(change) for change in _changes(option))]
    notes = [option["note"]] if "note" in option else []
    notes += [guard] if guard else []
    if isinstance(figures, str):
        notes.append(figures)
    lines += [Markup("<small>{}</small>").format(note) for note in notes]
    head = Markup('<tr class="g-option"><th colspan="{}" scope="rowgroup">{}</th></tr>').format(count, _stacked(lines))
    if isinstance(figures, str):
        return Markup("<tbody>{}</tbody>").format(head)
    compared = [None] * count if option.get("chosen") or isinstance(best, str) else best
    cells = Markup("").join(
        Markup('<td class="g-num">{}</td>').format(_compared(figure, other))
        for figure, other in zip(figures, compared, strict=True)
    )
    return Markup("<tbody>{}<tr>{}</tr></tbody>").format(head, cells)


def _compared(figure: Measured, other: Measured | None) -> Cell:
    text = shown(figure)
    if other is None or figure.unit != "USD" or figure.value is None or other.value is None:
        return text
    difference = Decimal(str(figure.value)) - Decimal(str(other.value))
    if not difference:
        return text
    sign = "+" if difference >= 0 else "−"
    return Markup("{}<br><small>{}{}</small>").format(text, sign, money(abs(difference)))


def affected(root: Path, page: str, extra: Mapping[str, Any]) -> Markup:
    """The resources that a decision shapes, from its front matter's `affects`, each with the line where it stands.

    Raises ClaimError for an address that the resolved stack does not have.
    """
    found = models(root).get(str(extra.get("stack")))
    addresses = extra.get("affects", ())
    if found is None or not addresses:
        raise ClaimError(f"{page}: front matter lacks the stack or the addresses that the decision affects")
    items = []
    for address in addresses:
        resource = found.architecture.by_address.get(address)
        if resource is None:
            raise ClaimError(f"{page}: affects names {address}, which {found.name} does not have")
        line = infrastructure.citation(found, resource.defined_at, page)
        items.append(Markup("<li>{} {}</li>").format(tables.code(address), line))
    return Markup("<ul>{}</ul>").format(Markup("").join(items))
