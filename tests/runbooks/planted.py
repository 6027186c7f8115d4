# ruff: noqa: E501 (a row of the table is one line)
"""Small faults, planted by program into the project's good runbooks: each row changes one place of one page.

A row of kind `form` is a fault that a shell, the command line, AWS or the form of a page would refuse. A row of kind `meaning` leaves
a page on which every command runs, and does another thing than meant: nothing offline can be sure to find those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Change = Callable[[re.Match[str]], str | None]


@dataclass(frozen=True)
class Fault:
    """One kind of fault: where it can be planted, and what stands there afterwards (None: not here)."""

    name: str
    kind: str
    place: re.Pattern[str]
    change: Change
    everywhere: bool = False


def row(name: str, place: str, change: Change | str, kind: str = "form", *, everywhere: bool = False) -> Fault:
    """A row; a text as `change` is what stands there instead, with groups as `\\g<1>`."""
    made = change if callable(change) else lambda found, text=change: found.expand(text)
    return Fault(name, kind, re.compile(place, re.MULTILINE), made, everywhere)


def shorter(group: int, at: int = -1) -> Change:
    """The match without one letter of a group."""

    def change(found: re.Match[str]) -> str | None:
        word = found[group]
        if len(word) < 4:
            return None
        cut = len(word) // 2 if at == 0 else len(word) + at
        start = found.start(group) - found.start()
        return found[0][:start] + word[:cut] + word[cut + 1 :] + found[0][start + len(word) :]

    return change


def swapped(found: re.Match[str]) -> str | None:
    """The second and third letter of the first group exchanged."""
    word = found[1]
    if len(word) < 3 or word[1] == word[2]:
        return None
    return found[0].replace(word, word[0] + word[2] + word[1] + word[3:], 1)


def other_case(found: re.Match[str]) -> str:
    """The second group in the other case."""
    return found[1] + found[2].swapcase()


QUERY = r'--query "([^"\n]*)"'
FUNCTIONS = {
    "sort_by",
    "reverse",
    "length",
    "contains",
    "starts_with",
    "join",
    "max_by",
    "to_string",
    "keys",
    "not_null",
}


def field_of_query(found: re.Match[str]) -> str | None:
    """The query with the first of its fields one letter short."""
    bare = re.sub(r"'[^']*'|`[^`]*`|\\\"[^\"]*\\\"", lambda literal: " " * len(literal[0]), found[1])
    for name in re.finditer(r"(?<![\w'])[A-Za-z]{4,}(?![\w(:'])", bare):
        if name[0] not in FUNCTIONS:
            cut = found[1][: name.end() - 1] + found[1][name.end() :]
            return f'--query "{cut}"'
    return None


FAULTS: tuple[Fault, ...] = (
    # the command
    row("a letter of the operation is missing", r"\$ (?:\w+=\$\()?aws (?!s3 )[a-z0-9-]+ (?!wait)([a-z-]{6,})", shorter(1)),
    row("two letters of the service are exchanged", r"(?<=aws )([a-z0-9-]{3,}) [a-z]", swapped),
    row("a letter of an option is missing", r"(--(?!query|output|cluster)[a-z]{3,}-[a-z-]{4,})(?= )", shorter(1)),
    row("an option has an underscore", r"(--[a-z]+)-([a-z]+)-(?=[a-z])", r"\g<1>_\g<2>-"),
    row("an option in the wrong number", r"--(?:services|tasks|alarm-names|statistics|resource-ids)(?= )", lambda found: found[0][:-1]),
    row("an option that is needed is missing",
        r" (?:--services|--service-namespace|--scalable-dimension|--distribution-id|--metric-name|--statistics|--scheduled-action-name) \S+",
        ""),
    row("an option that is not there", r"(\$ aws (?!s3)[a-z0-9-]+ (?!wait)[a-z-]+)(?= )", r"\g<1> --force-it"),
    row("a value without its option", r"--(?:db-instance-identifier|alarm-names|resource-id) (?=\w)", ""),
    row("the waiter of another name", r"(?<= wait )([a-z-]+)", shorter(1)),
    row("a flag with a value", r"--(?:apply-immediately|force-new-deployment|force-failover|deletion-protection)(?=[ \n])", r"\g<0> true"),
    # values
    row("the other case of an enumeration", r"(--(?:state-value|stop-type|status|service-namespace|desired-status) )(\w+)", other_case),
    row("a word that the enumeration does not have", r"(--(?:statistics|state-value|status|service-namespace|type) )\w+", r"\g<1>NONE"),
    row("a word for a number", r"(--(?:min-capacity|period|max-items|duration|desired-count) )\S+", r"\g<1>three"),
    row("a list with commas", r"(--alarm-names [a-z0-9-]+) (?=[a-z])", r"\g<1>,"),
    row("a letter of a key of the shorthand", r"\b(?:Name|Value|Key|MinCapacity|MaxCapacity|DynamicScalingOutSuspended)(?==)", shorter(0)),
    row("text is written txt", r"--output text", "--output txt"),
    # queries and answers
    row("a field of the query is misspelt", QUERY, field_of_query),
    row("a bracket of the query is missing", r'(--query "[^"\n]*)\]([^"\]\n]*")', r"\g<1>\g<2>"),
    row("a quote of the query is missing", r'(--query "[^"\n]*)"', r"\g<1>"),
    row("a field of jq is misspelt", r"(jq [^\n]*?'[^'\n]*\.)([a-zA-Z]{4,})", shorter(2)),
    row("a bracket of jq is missing", r"(jq [^\n]*?'[^'\n]*)[\])]([^'\])\n]*')", r"\g<1>\g<2>"),
    row("an answer lacks a column", r"^( +[^\s$`][^\t\n]*(?:\t[^\t\n]*)*)\t[^\t\n]+$", r"\g<1>"),
    row("an answer shows a state that is none", r"(?<=[\t ])(?:COMPLETED|IN_PROGRESS|SUCCESSFUL|ALARM|INSUFFICIENT_DATA)(?=[\t\n])", r"\g<0>ED"),
    # names and what goes from one command to the next
    row("a name of the stack is misspelt", r"(?<=[ /])(buzzer-(?:api|replica|cache|live))(?=[ \n\"])", shorter(1, 0)),
    row("the cluster is misspelt", r"--cluster buzzer", "--cluster buzer"),
    row("cluster and service are exchanged", r"--cluster buzzer --services? buzzer-api", lambda found: found[0].replace("buzzer-api", "#")
        .replace("buzzer", "buzzer-api", 1).replace("#", "buzzer")),
    row("an alarm of another name", r"(?<=--alarm-names )(buzzer-[a-z-]+)", shorter(1)),
    row("a variable of another name", r"(?<=\"\$)([A-Z]{3,})(?=\")", shorter(1)),
    row("a value keeps its quotes", r"(\w+=\$\(aws [^\n]*?) --output text", r"\g<1>"),
    row("the metric of another name", r"(?<=--metric-name )([A-Za-z]{4,})", shorter(1)),
    row("the dimensions are missing", r"(--namespace AWS/(?!RDS)[^$]*?) --dimensions (?:Name|\"Name)=\S+", r"\g<1>"),
    row("beginning and end are exchanged", r"--start-time (\S+ \S+ \S+ \S+ \S+|\"[^\"]*\")([^$]*?)--end-time", r"--end-time \g<1>\g<2>--start-time"),
    row("another region in an ARN", r"(?<=arn:aws:(?:rds|ecs|sns):)us-east-1", "us-west-2"),
    row("a digit of the account is missing", r"(-arns? arn:aws:\w+:[a-z0-9-]*:\d{11})\d", r"\g<1>"),
    row("a composite alarm without its type", r" --alarm-types [A-Za-z ]*CompositeAlarm", ""),
    # the form of the page
    row("a backslash at the end of a line is missing", r" \\$", ""),
    row("a block is never closed", r"^ *```\n(?=\n)", "\n", everywhere=True),
    row("a kind that there is not", r'title="(?:Check|Act|Verify)', lambda found: found[0][:-1], everywhere=True),
    row("a prompt without a command", r"^( *\$ )aws [^\\\n]*$", r"\g<1>"),
    row("a step that changes something is called a check", r'title="Act[^"]*"', 'title="Check"', everywhere=True),
    row("a key of the front matter is missing", r"^(?:minutes|trigger|owner|alarms): .*\n", "", everywhere=True),
    # meaning
    row("another field that exists", r"runningCount", "desiredCount", "meaning"),
    row("another number", r"(--min-capacity )\d+", r"\g<1>1", "meaning"),
    row("another alarm that exists", r"(?<=--alarm-names )buzzer-(?!db-cpu)[a-z-]+", "buzzer-db-cpu", "meaning"),
    row("at once is left out", r" --apply-immediately", "", "meaning"),
    row("another enumeration value that exists", r"(?<=--state-value )ALARM", "OK", "meaning"),
    row("another statistic that exists", r"(?<=--statistics )(?:Maximum|Average|Sum)", "Minimum", "meaning"),
)  # fmt: skip


def planted(fault: Fault, text: str) -> Iterator[tuple[int, str]]:
    """Every page that the fault makes of this one, each with the line that was changed."""
    inside = [
        (block.start(), block.end())
        for block in re.finditer(r"^ *```console.*?^ *```$", text, re.MULTILINE | re.DOTALL)
    ]
    for found in fault.place.finditer(text):
        if not fault.everywhere and not any(start < found.start() < end for start, end in inside):
            continue
        new = fault.change(found)
        if new is None or new == found[0]:
            continue
        yield text.count("\n", 0, found.start()) + 1, text[: found.start()] + new + text[found.end() :]
