"""What the front does in moto's place, as rows: each names a service and an operation, what it does and why moto is not enough.

Three kinds. `Absent`: moto does not know the operation, the front answers. `Edit`: moto answers, the front mends the answer.
`Patch`: a class of moto's is corrected once, at the start of the emulator. None of them imports moto before it is to act, so that
`invented()` can be printed without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["answered", "corrected", "patched"]
Document: TypeAlias = dict[str, Any]


AS_MOTO_HAS_IT = "X-As-Moto-Has-It"
"""The header of a call that moto answers alone: no row of ours answers or mends it."""

NOBODY = "neither moto nor the front implements it"
BROKE = "the emulator failed with"


def lacking(text: str) -> str:
    """The call, as `service Operation`, that an error's text says the emulator lacks or broke on; empty for another error."""
    match = re.search(rf"([a-z0-9-]+) (\w+): (?:{NOBODY}|{BROKE})", " ".join(text.split()))
    return f"{match[1]} {match[2]}" if match else ""


class AwsError(Exception):
    """An error as AWS would answer it: its code and its sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Asked:
    """One call: what was asked of which service, by whom and where, and what the front remembers (`memory`, by subject)."""

    service: str
    operation: str
    parameters: Document
    account: str
    region: str
    memory: Callable[[str], Document]

    def backend(self, moto_service: str | None = None, region: str | None = None) -> Any:
        """Moto's own state of a service for this account."""
        from moto import backends  # noqa: PLC0415 - only the emulator's process has it

        named: Any = backends.get_backend
        return named((moto_service or self.service).replace("-", ""))[self.account][region or self.region]


@dataclass(frozen=True)
class Absent:
    """An operation that moto does not know: `answer` takes the call and gives AWS's answer as botocore names its fields."""

    service: str
    operation: str
    answer: Callable[[Asked], Document]
    why: str


@dataclass(frozen=True)
class Edit:
    """An operation that moto answers incompletely: `edit` takes the call and moto's answer and gives the corrected one."""

    service: str
    operation: str
    edit: Callable[[Asked, Document], Document]
    why: str


@dataclass(frozen=True)
class Patch:
    """A class of moto's that behaves wrongly: `apply` mends it in the emulator's process. `operations` are those it touches."""

    service: str
    operations: tuple[str, ...]
    apply: Callable[[], None]
    why: str


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One line of the list of what is not moto's own answer."""

    service: str
    operation: str
    kind: Kind
    why: str


LIMITS: tuple[tuple[str, str], ...] = (
    (
        "validity",
        "Whether AWS would take the configuration: a clean second plan says that it comes back as it was sent.",
    ),
    ("permissions", "Whether a role may do what it must: no policy is asked before a call is answered."),
    ("network", "Whether a packet arrives: routes, security groups and endpoints are records, and nothing is sent."),
    (
        "alarms",
        "Whether an alarm rings: no alarm is evaluated from metrics; a state changes only when someone sets it.",
    ),
    (
        "time",
        "How long AWS takes: every resource is there at once, and the seconds are those for which Terraform waits.",
    ),
    ("failures", "What a failover or a lost zone does to requests: only the record of who is primary changes."),
    ("load", "What the service does under load: no container runs and no request is served."),
    ("quotas and prices", "Whether the account has room for it, and what it costs."),
)
"""What no run on the emulator can show, by subject; the simulated night, the proofs and the bill speak of these."""


@dataclass
class Memory:
    """What the front remembers for one account and region: a document per subject."""

    subjects: dict[tuple[str, str, str], Document] = field(default_factory=dict)

    def of(self, account: str, region: str) -> Callable[[str], Document]:
        """The documents of one account in one region, made empty on first use."""
        return lambda subject: self.subjects.setdefault((account, region, subject), {})


def without_empty(document: Mapping[str, Any]) -> Document:
    """The document without members that are None."""
    return {name: value for name, value in document.items() if value is not None}
