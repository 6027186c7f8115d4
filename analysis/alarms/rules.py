"""Composite alarms: AND, OR and NOT over the states of other alarms.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from analysis.alarms.semantics import State

Node: TypeAlias = "Tree[Token] | Token"

MAX_LENGTH = 10_240
"""CloudWatch takes rules of up to 10,240 characters (API reference of PutCompositeAlarm)."""

GRAMMAR = r"""
    ?start: either
    ?either: both ("OR" both)*
    ?both: negated ("AND" negated)*
    ?negated: "NOT" negated -> negation
            | atom
    ?atom: STATE "(" (QUOTED | BARE) ")" -> member
         | "TRUE" -> true
         | "FALSE" -> false
         | "(" either ")"
    STATE: "ALARM" | "OK" | "INSUFFICIENT_DATA"
    QUOTED: /"[^"]+"|'[^']+'/
    BARE: /[^\s()"']+/
    %ignore /\s+/
"""


class RuleError(ValueError):
    """A composite's rule that cannot be read; the sentence says where."""


@dataclass(frozen=True, slots=True)
class CompositeRule:
    """A parsed rule and the alarms it names, in the order of their first appearance."""

    text: str
    members: tuple[str, ...]
    tree: Tree[Token]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CompositeRule) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def holds(self, states: Mapping[str, State]) -> bool:
        """Whether the rule is true of the members' states."""
        return _holds(self.tree, states)


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


@cache
def parse(text: str) -> CompositeRule:
    """The rule of `text`. Raises RuleError where it is none."""
    if len(text) > MAX_LENGTH:
        raise RuleError(f"the rule is {len(text)} characters long; CloudWatch takes {MAX_LENGTH}")
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise RuleError(f"{text!r}: column {getattr(error, 'column', 1)} cannot stand in a composite's rule") from None
    if not isinstance(tree, Tree):
        raise RuleError(f"{text!r} is not a rule")
    members = dict.fromkeys(_name(node) for node in tree.find_data("member"))
    rule = CompositeRule(text, tuple(members), tree)
    try:
        rule.holds(dict.fromkeys(members, "OK"))
    except RecursionError:
        raise RuleError(f"{text[:40]!r}…: is nested too deeply") from None
    return rule


def alarm_name(text: str) -> str:
    """The alarm that a name, quoted or not, or an ARN stands for."""
    bare = text.strip("\"'")
    return bare.partition(":alarm:")[2] if bare.startswith("arn:") else bare


def _name(node: Tree[Token]) -> str:
    return alarm_name(str(node.children[1]))


def _holds(node: Node, states: Mapping[str, State]) -> bool:
    if isinstance(node, Token):
        raise RuleError(f"{str(node)!r} is no condition")
    match node.data:
        case "member":
            return states[_name(node)] == str(node.children[0])
        case "negation":
            return not _holds(node.children[0], states)
        case "both":
            return all(_holds(child, states) for child in node.children)
        case "either":
            return any(_holds(child, states) for child in node.children)
    return node.data == "true"
