"""What of an answer is compared letter by letter, and what only by its shape: times, and the ids that AWS makes up.

A page shows the ids and times of one evening; a rehearsal has others. Each row of `SHAPES` names one kind of text that may
differ, and why. Everything else must be equal. An id is bound when it is first seen: where the page shows it again, the same id
must stand again, and two ids that differ on the page must differ in truth. What is bound is also put into what is typed later, as
a reader would copy it from their own screen. `…` at the end of an id on a page stands for the rest of it; a line that is only `…`
for any number of lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of text that differs from one evening to the next. `bound`: the same on the page must be the same in truth."""

    name: str
    pattern: str
    reason: str
    bound: bool = True


_HEX = "[0-9a-f]"

SHAPES: tuple[Shape, ...] = (  # the first that matches wins, so the more particular stand first
    Shape("time", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)", "the clock of the day", bound=False),
    Shape("time of a datapoint", r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d", "the clock of the day, as CloudWatch writes it", bound=False),
    Shape("time and size of a file", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+(?= )", "as `aws s3 ls` found it", bound=False),
    Shape("duration of a request", r"(?<=\d{3} )\d\.\d{6}\b", "the network of the evening", bound=False),
    Shape("file's hour", r"\d{8}T\d{4}Z", "the hour in the name of a load balancer's log", bound=False),
    Shape("version of HTTP", r"HTTP/\d(?:\.\d)?", "the stand-in for the public site speaks 1.1", bound=False),
    Shape("automatic snapshot", r"(?<=rds:)[a-z][a-z0-9-]*-\d{4}-\d\d-\d\d-\d\d-\d\d", "the night in its name"),
    Shape("digest", rf"sha256:(?:{_HEX}{{64}}|{_HEX}{{4,63}}…)", "an image's content"),
    Shape("UUID", rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}", "made up by AWS"),
    Shape("resource id", rf"\b(?:vpc|subnet|sg|vpce|rtb|eni|igw|eipalloc|nat|i)-{_HEX}{{8,17}}\b", "made up by EC2"),
    Shape("task or bucket id", rf"\b{_HEX}{{32}}\b", "made up by ECS"),
    Shape("load balancer id", rf"(?<=[./]){_HEX}{{16}}\b", "made up by the load balancer"),
    Shape("revision", r"(?<=task-definition/)[\w-]+:\d+", "a count since the service began"),
    Shape("deployment", r"(?<=service-deployment/)[\w-]+/[\w-]+/[\w-]+", "made up by ECS"),
    Shape("service revision", r"(?<=service-revision/)[\w-]+/[\w-]+/[\w-]+", "made up by ECS"),
    Shape("database id", r"\bdb-[A-Z0-9]{26}\b", "made up by RDS"),
    Shape("distribution or invalidation", r"\b(?=[0-9]*[A-Z])[0-9A-Z]{13,14}\b", "made up by CloudFront"),
    Shape("edge's name", r"\b[0-9a-z]{13,14}\.cloudfront\.net", "made up by CloudFront"),
    Shape("scalable target", r"(?<=scalable-target/)[0-9a-z-]{16,}", "made up by Application Auto Scaling"),
    Shape("zone", r"(?<=/hostedzone/)Z[0-9A-Z]{7,31}\b", "made up by Route 53"),
    Shape("name server", r"\bns-\d{1,4}\.awsdns-\d\d\.(?:com|net|org|co\.uk)", "chosen by Route 53"),
    Shape("version of an object", r"\b[A-Za-z0-9._]{32}\b", "made up by S3"),
)  # fmt: skip
"""What may differ between a page and a rehearsal, each with the reason. No number that a decision rests on is among them."""

OTHERWISE_EMULATED = {("version of an object", "UUID"): "moto gives the versions of an object UUIDs"}
"""Where the emulator makes up an id of another shape than AWS, with the reason: (on the page, in the rehearsal)."""

_GROUPS = re.compile("|".join(f"(?P<s{number}>{shape.pattern})" for number, shape in enumerate(SHAPES)))


@dataclass(frozen=True, slots=True)
class Difference:
    """A line of a page that the rehearsal answered otherwise; `expected` or `actual` is None where a line is missing."""

    line: int
    expected: str | None
    actual: str | None


@dataclass
class Bindings:
    """Which id of the page stands for which id of the rehearsal; one to one within a shape."""

    true: dict[tuple[str, str], str] = field(default_factory=dict)
    shown: dict[tuple[str, str], str] = field(default_factory=dict)

    def bind(self, shape: str, shown: str, true: str) -> bool:
        """Whether `shown` may stand for `true`; if so it does from now on."""
        if self.true.get((shape, shown), true) != true or self.shown.get((shape, true), shown) != shown:
            return False
        self.true[shape, shown] = true
        self.shown[shape, true] = shown
        return True

    def typed(self, command: str) -> str:
        """A command of the page with the ids that the rehearsal saw in place of those that the page shows."""
        for (_, shown), true in sorted(self.true.items(), key=lambda item: -len(item[0][1])):
            command = re.sub(rf"(?<![\w-]){re.escape(shown)}(?![\w-])", true.replace("\\", r"\\"), command)
        return command


def _parts(line: str) -> list[tuple[str, str]]:
    """A line as (shape, text) pairs; what has no shape is under the empty name."""
    found, end = [], 0
    for match in _GROUPS.finditer(line):
        if match.start() > end:
            found.append(("", line[end : match.start()]))
        found.append((SHAPES[int((match.lastgroup or "s0")[1:])].name, match[0]))
        end = match.end()
    if end < len(line):
        found.append(("", line[end:]))
    return found


_BOUND = {shape.name: shape.bound for shape in SHAPES}


def same(expected: str, actual: str, bindings: Bindings) -> bool:
    """Whether a line of the page stands for a line of the rehearsal. What it binds is kept only if the whole line agrees."""
    left, right = _parts(expected.rstrip()), _parts(actual.rstrip())
    if len(left) != len(right):
        return False
    trial = Bindings(dict(bindings.true), dict(bindings.shown))
    for (shape, shown), (other, true) in zip(left, right, strict=True):
        if (shape != other and (shape, other) not in OTHERWISE_EMULATED) or (not shape and shown != true):
            return False
        if shape and _BOUND[shape] and not trial.bind(shape, shown, true):
            return False
    bindings.true, bindings.shown = trial.true, trial.shown
    return True


def compare(
    expected: Sequence[str], actual: Sequence[str], bindings: Bindings, line: int = 1
) -> tuple[Difference, ...]:
    """Where an answer differs from the page, line by line; `line` is that of the page's first expected line."""
    wanted, got = _trimmed(expected), _trimmed(actual)
    if "…" in wanted:
        cut = wanted.index("…")
        tail = len(wanted) - cut - 1
        if len(got) < cut + tail:
            return (Difference(line + cut, "…", None),)
        head = compare(wanted[:cut], got[:cut], bindings, line) if cut else ()
        rest = compare(wanted[cut + 1 :], got[len(got) - tail :], bindings, line + cut + 1) if tail else ()
        return (*head, *rest)
    return tuple(
        Difference(line + number, shown, true)
        for number, (shown, true) in enumerate(zip_longest(wanted, got))
        if shown is None or true is None or not same(shown, true, bindings)
    )


def _trimmed(lines: Sequence[str]) -> list[str]:
    """The lines without blanks at their ends and without blank lines at the end."""
    found = [line.rstrip() for line in lines]
    while found and not found[-1]:
        found.pop()
    return found
