"""Statements computed and judged: a formula over inputs gives an amount, the amount a verdict; one stated otherwise is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Final

from lark import Token, Tree

from analysis.decisions.expressions import Expression, figure_of
from analysis.frontmatter import PlacedError
from analysis.ledger.dimensions import Amount, DimensionError
from analysis.ledger.records import (
    BREAKS,
    FILE_NAME,
    INPUTS,
    VERDICTS,
    Input,
    Statement,
    broken,
    counted,
    inputs,
    statements,
)
from analysis.ledger.sources import figure
from analysis.ledger.world import Leaf, SourceError, World, plain
from analysis.proofs import Report
from analysis.studies import MEASURES, Studies
from analysis.units import money

SAME: Final = Decimal("0.005")
"""Within this share our value and the audit's are the same."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A statement with what was computed: `value` in the statement's unit and its leaves; None where it has no formula."""

    statement: Statement
    value: Decimal | None = None
    leaves: tuple[Leaf, ...] = ()

    @property
    def verdict(self) -> str:
        """What follows from the value; as stated where there is none."""
        if self.value is None:
            return self.statement.verdict
        quoted, share = self.statement.number, self.statement.tolerance
        slack = share * abs(quoted)
        holds = {
            "": abs(self.value - quoted) <= slack,
            "at most": self.value <= quoted + slack,
            "at least": self.value >= quoted - slack,
        }
        return "holds" if holds[self.statement.must] else "wrong"

    @property
    def broken(self) -> str | None:
        """Why the row no longer stands as it is written, in a sentence with its place; None where it does."""
        one, value = self.statement, self.value
        if value is None:
            return None
        where = f"{one.place.file}:{one.place.line}: {one.id}"
        if self.verdict != one.verdict:
            must = one.must or f"within {plain(100 * one.tolerance)} % of"
            return (
                f"{where} is stated as {one.verdict!r} and is {self.verdict!r}: {shown(value, one.unit)} is computed, and must "
                f"be {must} {shown(one.number, one.unit)}; correct the row, or what it rests on"
            )
        if one.audit is not None:
            apart = abs(value - one.audit) > SAME * max(abs(value), abs(one.audit))
            if apart and not one.differs:
                return f"{where} is {plain(value)}, the audit's value is {plain(one.audit)}, and `differs` does not say why"
            if one.differs and not apart:
                return f"{where} says in `differs` why it is not the audit's {plain(one.audit)}, and it is"
        return None

    @property
    def factor(self) -> Decimal | None:
        """How many times too high or too low the brief is, from 1 on; None where one side is zero or nothing is computed."""
        if self.value is None or self.value <= 0 or self.statement.number <= 0:
            return None
        return max(self.value / self.statement.number, self.statement.number / self.value)

    @property
    def money(self) -> Decimal:
        """The dollars between what is quoted and what is computed; zero where the statement is about something else."""
        if self.value is None or not self.statement.unit.startswith("USD"):
            return Decimal(0)
        return abs(self.value - self.statement.number)

    @property
    def weight(self) -> tuple[object, ...]:
        """Sorts worst first: the ten that matter, then by what breaks and how far off (no factor: last), then what is right."""
        one = self.statement
        if self.verdict != "wrong":
            return (2, 0, VERDICTS.index(self.verdict), Decimal(0), one.line, one.id)
        off = self.money if one.breaks == "money" else self.factor or Decimal(0)
        breaks = list(BREAKS).index(one.breaks) if one.breaks else -1  # one that has just turned stands above all
        return (0 if one.rank else 1, one.rank or 0, breaks, -off, one.line, one.id)


@dataclass(eq=False)
class Ledger:
    """The ledger of one brief, computed when asked and kept for the next question."""

    file: str
    folder: Path
    statements: Mapping[str, Statement]
    inputs: Mapping[str, Input]
    studies: Studies
    _known: dict[str, tuple[Amount, tuple[Leaf, ...]]] = field(default_factory=dict, init=False, repr=False)
    _reports: dict[str, Report] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def judged(self) -> tuple[Judged, ...]:
        """Every statement, computed and judged, worst first. Raises PlacedError where a formula cannot be computed."""
        return tuple(sorted((self._judged(one) for one in self.statements.values()), key=lambda one: one.weight))

    @property
    def broken(self) -> tuple[str, ...]:
        """The rows that no longer stand as written, each as a sentence with its file and line."""
        return broken(self.judged)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many statements have each verdict, in the order of VERDICTS."""
        return counted((one.verdict for one in self.judged), VERDICTS)

    def recomputed(self, claim: str) -> Amount:
        """What is computed of one statement, as a plain number in its unit. SourceError where there is none, or no formula."""
        if claim not in self.statements:
            raise SourceError(f"{self.file} has no statement {claim}")
        value = self._judged(self.statements[claim]).value
        if value is None:
            raise SourceError(f"{claim} of {self.file} has no formula, so nothing is computed of it")
        return Amount(value)

    def _judged(self, one: Statement) -> Judged:
        if one.formula is None:
            return Judged(one)
        amount, leaves = self._computed(one.formula, ())
        return Judged(one, _into(amount, one.unit, one.formula, one.id), leaves)

    def _input(self, name: str, above: tuple[str, ...], asked: Expression) -> tuple[Amount, tuple[Leaf, ...]]:
        """The amount of an input with the leaves below it; one that is a formula stands for the leaves of that formula."""
        if name in above:
            raise PlacedError(asked.place, f"{' -> '.join((*above[above.index(name) :], name))} leads back to itself")
        if name not in self.inputs:
            known = f"{self.file.removesuffix(FILE_NAME)}{INPUTS}"
            raise PlacedError(asked.place, f"{asked.text!r} names {name}, which is no input of {known}")
        if name not in self._known:
            row = self.inputs[name]
            if isinstance(row.value, Decimal):
                leaf = Leaf(row.says, plain(row.value), row.unit, "brief", str(row.line))
                self._known[name] = Amount.of(row.value, row.unit), (leaf,)
            else:
                amount, leaves = self._computed(row.value, (*above, name))
                value = _into(amount, row.unit, row.value, name)
                leaf = Leaf(row.says, plain(value), row.unit, "formula", words(row.value.text))
                self._known[name] = amount, (leaf, *leaves)
        return self._known[name]

    def _computed(self, formula: Expression, above: tuple[str, ...]) -> tuple[Amount, tuple[Leaf, ...]]:
        leaves: dict[Leaf, None] = {}

        def asked(name: str) -> Amount:
            amount, below = self._input(name, above, formula)
            leaves.update(dict.fromkeys(below))
            return amount

        def had(node: Tree[Token]) -> Amount:
            one, _ = figure_of(node)
            if "." not in one.name:
                return asked(one.name)
            amount, leaf = figure(World(self.studies, self.folder, asked, self._reports), one.name, dict(one.arguments))
            leaves.setdefault(leaf)
            return amount

        try:
            return _term(formula.tree, had), tuple(leaves)
        except (DimensionError, SourceError) as error:
            raise PlacedError(formula.place, f"{formula.text!r}: {error}") from None


def load(folder: Path, studies: Studies, name: str = "") -> Ledger | None:
    """The ledger in a folder of pages, which messages call `name`; None where it has none. Raises PlacedError."""
    if not (folder / FILE_NAME).is_file():
        return None
    prefix = f"{name or folder.name}/"
    rows = statements(folder / FILE_NAME, f"{prefix}{FILE_NAME}")
    return Ledger(f"{prefix}{FILE_NAME}", folder, rows, inputs(folder / INPUTS, f"{prefix}{INPUTS}"), studies)


def shown(value: Decimal, unit: str) -> str:
    """A value with its unit for people: dollars as dollars, what is counted in the plural where it is not one."""
    if unit.startswith("USD"):
        per = unit.removeprefix("USD").strip("/").replace("-", " ").replace("/", " and ")
        return money(value) + (f" per {per}" if per else "")
    counted = unit.islower() and unit.replace(" ", "").isalpha() and (len(unit) > 3 or unit == "day")
    return f"{plain(value)} {unit}{'s' if counted and value != 1 else ''}".strip()


PHRASES: Final[Mapping[str, str]] = {
    "price.unit": "price of {sku}",
    "price.of": "price of {quantity} at {sku}",
    "limit.at": "limit {name}",
    "instance.has": "{of} of {type}",
    "log.discovers": "whether Logs Insights makes {field} of {log} log",
    "measured.figure": "measured: {name}",
    "script.left": "whether {script}, {form}, leaves “{ends}” as what {what}",
    "statement.accepted": "whether PostgreSQL accepts the statement of line {line}",
    "metric.published": "whether {namespace} publishes {metric}{dimensions}",
    "rule.fails": "places at which {rule} fails in {stack}",
    "rule.holds": "places at which {rule} holds in {stack}",
    "stack.with": "{type}{named} with {argument}{asked} in {stack}",
    "container.with": "containers{named} with {argument}{asked} in {stack}",
    "alarm.able": "alarms of {stack}{asked} that can fire",
    "dashboard.draws": "widgets of {stack} that draw {metric}",
    "bill.quantity": "{sku} billed in a month in {stack}",
    "premortem.fullest": "load of the fullest limit{asked} in the scenario's hours of {stack}",
    "premortem.failed": "requests that fail{asked} in the scenario's hours of {stack}",
    "runbook.rehearsed": "commands of the runbook {page} that the emulator answered as shown",
    "runbook.accepted": "commands of the runbook {page} that the command line accepts",
    "record.with": "{at}{asked} in the record {kind} of {stack}",
    "record.amount": "{take} {at} in the record {kind} of {stack}",
    "season.in_time": "share of the nights of {stack} on which a page comes in time",
    "workflow.steps": "steps of {file} with “{has}”",
    "decision.weighed": "options weighed in decision {record}",
    "test.named": "tests with “{has}” in their name",
    "file.says": "places in {file} with “{has}”",
    "command.refused": "faults of the command",
    "brief.recomputed": "what {claim} comes to on the brief's own inputs",
    "terraform.count": "{type} in {stack}",
}
"""How a figure of a formula reads; a measure that is not here reads as its title."""

_ASKED: Final[Mapping[str, str]] = {
    "metric": "on",
    "station": "of",
    "users": "with users at the peak:",
    "faults": "after",
}
"""What else a figure may be given, and the word that leads to it."""

_CALL: Final = re.compile(r"(?P<name>[a-z_]+\.[a-z0-9_]+)\((?P<given>(?:[^()\"']|\"[^\"]*\"|'[^']*')*)\)")
_GIVEN: Final = re.compile(r"(?P<key>\w+)\s*=\s*(?:\"(?P<text>[^\"]*)\"|'(?P<quoted>[^']*)'|(?P<number>[^,\s]+))")
_WORD: Final = re.compile(r"[a-z]\w*(?!\w*\()")


def words(formula: str) -> str:
    """A formula for people: the names of inputs as words, figures as phrases, the signs of arithmetic as they are printed."""
    parts, at = [], 0
    for call in _CALL.finditer(formula):
        given = {
            one["key"]: one["text"] or one["quoted"] or one["number"] or "" for one in _GIVEN.finditer(call["given"])
        }
        if call["name"] == "metric.published":
            under = given.get("dimensions")
            given["dimensions"] = "" if under is None else f" by {under}" if under else " without a dimension"
        given["asked"] = (
            f" = {given['is']}" if "is" in given else f" with “{given['has']}” in it" if "has" in given else ""
        ) + "".join(f" {word} {given[key]}" for key, word in _ASKED.items() if key in given)
        given["named"] = f" named {given['name']}" if "name" in given else ""
        if "quantity" in given:
            given["quantity"] = given["quantity"].replace("_", " ")
        phrase = PHRASES[call["name"]].format(**given) if call["name"] in PHRASES else _measured(call["name"], given)
        parts += [_signs(formula[at : call.start()]), phrase]
        at = call.end()
    return "".join([*parts, _signs(formula[at:])]).replace("ceil(", "rounded up (")


def _measured(name: str, given: dict[str, str]) -> str:
    """A measure of a stack by its title, with what it is given."""
    stack = given.pop("stack", "")
    for made in ("asked", "named"):
        given.pop(made, None)
    title = MEASURES[name].title if name in MEASURES else name
    return (
        f"{title[:1].lower()}{title[1:]}"
        + "".join(f" {value}" for value in given.values())
        + (f" in {stack}" if stack else "")
    )


def _signs(text: str) -> str:
    text = (
        text.replace("calendar.month", "a month")
        .replace("calendar.year", "a year")
        .replace(" * ", " × ")
        .replace(" / ", " ÷ ")
        .replace(" - ", " − ")
        .replace("==", "=")
        .replace(">=", "≥")
        .replace("<=", "≤")
        .replace("!=", "≠")
    )
    return _WORD.sub(lambda word: word[0].replace("_", " "), text)


def _into(amount: Amount, unit: str, formula: Expression, name: str) -> Decimal:
    try:
        return amount.into(unit)
    except DimensionError as error:
        raise PlacedError(
            formula.place, f"{name}: {formula.text!r} does not give {unit or 'a plain number'}: {error}"
        ) from None


def _term(node: Tree[Token] | Token, had: Callable[[Tree[Token]], Amount]) -> Amount:
    """The amount of a node of a formula's tree. Raises DimensionError for what is no arithmetic."""
    if isinstance(node, Token):
        return Amount(Decimal(str(node).replace("_", "")))
    children = node.children
    match node.data:
        case "number":
            return _term(children[0], had)
        case "figure":
            return had(node)
        case "minus":
            return -_term(children[0], had)
        case "ceiling":
            return _term(children[0], had).ceiling()
        case "sum" | "product":
            result = _term(children[0], had)
            for sign, operand in zip(children[1::2], children[2::2], strict=True):
                result = _ARITHMETIC[str(sign)](result, _term(operand, had))
            return result
    raise DimensionError("this is no arithmetic; a formula has numbers, inputs, + - * / and ceil")


_ARITHMETIC: Final[Mapping[str, Callable[[Amount, Amount], Amount]]] = {
    "+": Amount.__add__,
    "-": Amount.__sub__,
    "*": Amount.__mul__,
    "/": Amount.__truediv__,
}
