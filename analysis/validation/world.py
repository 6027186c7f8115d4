"""The world before a stack: what must be in the account before Terraform applies it, as calls in a file beside the stack.

`world.toml` is read where a stack is applied on the emulated AWS; in a real account these things are there already:

    [[before]]
    says = "The build has put the function's package into the bucket."
    service = "s3"
    operation = "PutObject"
    parameters = { Bucket = "packages-123456789012", Key = "ingest.zip", Body = "" }
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, UnknownServiceError

from analysis.emulator import Emulator
from analysis.facts.assumptions import FactError, toml

FILE_NAME = "world.toml"


@dataclass(frozen=True, slots=True)
class Before:
    """One call that is made before the apply, with the sentence that says what it stands for."""

    says: str
    service: str
    operation: str
    parameters: Mapping[str, Any]


def before(directory: Path) -> tuple[Before, ...]:
    """The calls that the stack in `directory` needs beforehand; none without a file.

    Raises FactError for what is no call of AWS, with the file and the entry.
    """
    path = directory / FILE_NAME
    if not path.is_file():
        return ()
    table = toml(path, name=f"{directory.resolve().name}/{FILE_NAME}")
    calls = []
    for entry in table.tables("before"):
        call = Before(
            entry.text("says"), entry.text("service"), entry.text("operation"), entry.table("parameters").entries
        )
        entry.closed()
        _known(call, path)
        calls.append(call)
    table.closed()
    return tuple(calls)


def _known(call: Before, path: Path) -> None:
    try:
        model = botocore.session.get_session().get_service_model(call.service)
    except UnknownServiceError:
        raise FactError(path.name, "before", f"{call.service!r} is no service that botocore knows") from None
    if call.operation not in model.operation_names:
        raise FactError(
            path.name, "before", f"{call.service} has no operation {call.operation!r}, such as `CreateBucket`"
        )


def prepare(directory: Path, emulator: Emulator) -> None:
    """Makes those calls. Raises FactError, with the service's own sentence, where one is refused."""
    for call in before(directory):
        client: Any = boto3.client(call.service, **emulator.client_arguments())  # type: ignore[call-overload]
        try:
            getattr(client, xform_name(call.operation))(**call.parameters)
        except (BotoCoreError, ClientError) as error:
            raise FactError(FILE_NAME, "before", f"{call.service} {call.operation} was refused: {error}") from error
