"""Waivers and statements: the file `waivers.toml` beside a stack.

A waiver says why a finding is accepted, and until when:

    [[waiver]]
    rule = "EXPOSE-12"
    address = "module.export.*"
    reason = "The call names no resource."
    expires = 2027-03-31

A statement says what Terraform cannot say and a rule asks for, such as how schema changes are made:

    [[statement]]
    rule = "ROLLBACK-05"
    says = "Columns are added first and removed a release later."
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from analysis.architecture import Location
from analysis.facts.assumptions import Table, toml
from analysis.files import read_text

FILE_NAME = "waivers.toml"


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding of `rule` at an address that matches the glob `address` is accepted through the day `expires`."""

    rule: str
    address: str
    reason: str
    expires: date
    location: Location

    def covers(self, rule: str, address: str) -> bool:
        """Whether it is about this rule at this address; a bracket in the glob is an index, not a set."""
        return self.rule == rule and fnmatchcase(address, self.address.replace("[", "[[]"))


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person states for `rule`, in a sentence."""

    rule: str
    says: str
    location: Location


@dataclass(frozen=True, slots=True)
class Waivers:
    """What one file says."""

    waivers: tuple[Waiver, ...] = ()
    statements: tuple[Statement, ...] = ()

    @property
    def stated(self) -> Mapping[str, str]:
        """The statements by rule."""
        return {s.rule: s.says for s in self.statements}


NONE = Waivers()


def waivers(directory: Path, rules: AbstractSet[str]) -> Waivers:
    """What `waivers.toml` in `directory` says; nothing where there is none.

    Raises FactError, with the file and the key, where it is not TOML, a key is missing or unknown, a date is none, or a rule is
    not among `rules`.
    """
    path = directory / FILE_NAME
    if not path.is_file():
        return NONE
    table = toml(path)
    accepted = tuple(_waiver(entry, rules, place) for entry, place in _placed(path, table, "waiver"))
    stated = tuple(_statement(entry, rules, place) for entry, place in _placed(path, table, "statement"))
    table.closed()
    return Waivers(accepted, stated)


def _placed(path: Path, table: Table, name: str) -> Iterator[tuple[Table, Location]]:
    """The entries under `name`, each with the line on which it begins; the file's first line where it is written inline."""
    lines = read_text(path).splitlines()
    heads = [line for line, text in enumerate(lines, 1) if text.partition("#")[0].strip() == f"[[{name}]]"]
    entries = table.tables(name)
    for index, entry in enumerate(entries):
        yield entry, Location(path.name, heads[index] if len(heads) == len(entries) else 1)


def _rule(entry: Table, rules: AbstractSet[str]) -> str:
    name = entry.text("rule")
    if name not in rules:
        alike = sorted(r for r in rules if r.partition("-")[0] == name.partition("-")[0])
        known = alike or sorted({r.partition("-")[0] for r in rules})
        raise entry.error(
            "rule", f"is {name!r}, which is no rule; there {'is' if len(known) == 1 else 'are'} {', '.join(known)}"
        )
    return name


def _waiver(entry: Table, rules: AbstractSet[str], place: Location) -> Waiver:
    expires = entry.get("expires")
    if not isinstance(expires, date) or isinstance(expires, datetime):
        raise entry.error(
            "expires", "must be a date such as 2027-03-31; a waiver without an end is a decision, not a waiver"
        )
    made = Waiver(_rule(entry, rules), entry.text("address"), entry.text("reason"), expires, place)
    entry.closed()
    return made


def _statement(entry: Table, rules: AbstractSet[str], place: Location) -> Statement:
    made = Statement(_rule(entry, rules), entry.text("says"), place)
    entry.closed()
    return made
