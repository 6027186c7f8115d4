"""The AWS command line as tables: services, operations, options, and how version 2 differs from the one the tables come from.

The tables are those of the `awscli` package (version 1, the only one published as a package), which builds them from botocore's
models and its own customisations; nothing is sent anywhere and no configuration is read. What version 2 adds, changes or leaves
out is the table below, from https://docs.aws.amazon.com/cli/latest/userguide/cliv2-migration-changes.html and, for commands, from
their pages below https://docs.aws.amazon.com/cli/latest/reference/.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

from analysis.runbooks.spelling import near

Takes: TypeAlias = Literal["nothing", "one", "many", "maybe"]


@dataclass(frozen=True, slots=True)
class Option:
    """One option or place of a command: how many values it takes, and the model of its value where there is one."""

    name: str
    takes: Takes = "one"
    required: bool = False
    choices: tuple[str, ...] = ()
    shape: Any = None
    member: str = ""
    least: int = 0
    number: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What one command accepts. `model` is botocore's operation where there is one; `places` are its positional arguments."""

    name: str
    service: str
    operation: str
    options: Mapping[str, Option]
    places: tuple[Option, ...] = ()
    model: Any = None
    waits: bool = False


class UsageError(ValueError):
    """A command that the command line does not have; `near` are those it has that look like it."""

    def __init__(self, what: str, to_do: str, word: int) -> None:
        """`word` is the place of the wrong word among those after `aws`."""
        super().__init__(what)
        self.what = what
        self.to_do = to_do
        self.word = word


# --- where version 2 differs

GLOBALS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("--debug", "nothing"), Option("--endpoint-url"), Option("--no-verify-ssl", "nothing"),
        Option("--no-paginate", "nothing"), Option("--query"), Option("--profile"), Option("--region"),
        Option("--version", "nothing"), Option("--color", choices=("on", "off", "auto")), Option("--no-sign-request", "nothing"),
        Option("--ca-bundle"), Option("--cli-read-timeout"), Option("--cli-connect-timeout"),
        # Version 2 alone:
        Option("--output", choices=("json", "text", "table", "yaml", "yaml-stream", "off")),
        Option("--cli-binary-format", choices=("base64", "raw-in-base64-out")),
        Option("--no-cli-pager", "nothing"), Option("--cli-auto-prompt", "nothing"), Option("--no-cli-auto-prompt", "nothing"),
        Option("--cli-error-format", choices=("legacy", "json", "yaml", "text", "table", "enhanced")),
    )
}  # fmt: skip
"""Options of every command of version 2: https://docs.aws.amazon.com/cli/latest/reference/#global-options"""

EVERY_OPERATION: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("--cli-input-json"),
        Option("--cli-input-yaml"),
        Option("--generate-cli-skeleton", "maybe", choices=("input", "output", "yaml-input")),
    )
}
"""Options that version 2 gives to every command that is made from a model."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is otherwise in version 2 than in version 1, and where AWS says so."""

    subject: str
    version_1: str
    version_2: str
    source: str


_CHANGES = "https://docs.aws.amazon.com/cli/latest/userguide/cliv2-migration-changes.html"
_REFERENCE = "https://docs.aws.amazon.com/cli/latest/reference"

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "binary values",
        "taken as they stand",
        "taken as base64, unless --cli-binary-format raw-in-base64-out",
        _CHANGES,
    ),
    Difference("values that begin with http:// or https://", "fetched from there", "taken as text", _CHANGES),
    Difference("ecr get-login", "prints a docker login", "removed; ecr get-login-password takes its place", _CHANGES),
    Difference("hidden aliases, such as --s-3-bucket", "accepted", "removed", _CHANGES),
    Difference("--output", "json, text, table", "yaml, yaml-stream and off as well", f"{_REFERENCE}/#global-options"),
    Difference(
        "--cli-input-yaml, --cli-binary-format, --no-cli-pager, --cli-auto-prompt", "unknown", "accepted", _CHANGES
    ),
    Difference("output", "printed", "shown in a pager where there is a terminal, unless --no-cli-pager", _CHANGES),
    Difference("times in answers", "as the service sends them", "always ISO 8601", _CHANGES),
    Difference("cloudformation deploy without changes", "exit status 255", "exit status 0", _CHANGES),
    Difference("logs tail, configure list-profiles, configure sso, sso login, ddb", "unknown", "commands", _REFERENCE),
)
"""The differences that a page's command can meet."""


def _options(*options: Option) -> Mapping[str, Option]:
    return {option.name: option for option in options}


ADDED: Mapping[tuple[str, ...], Usage] = {
    ("logs", "tail"): Usage(
        "logs tail", "logs", "tail",
        _options(
            Option("--since"), Option("--follow", "nothing"), Option("--format", choices=("detailed", "short", "json")),
            Option("--filter-pattern"), Option("--log-stream-names", "many"), Option("--log-stream-name-prefix"),
        ),
        (Option("group_name", required=True),),
    ),
    ("configure",): Usage("configure", "configure", "configure", {}),
    ("configure", "list-profiles"): Usage("configure list-profiles", "configure", "list-profiles", {}),
    ("configure", "sso"): Usage(
        "configure sso", "configure", "sso", _options(Option("--no-browser", "nothing"), Option("--use-device-code", "nothing"))
    ),
    ("configure", "sso-session"): Usage("configure sso-session", "configure", "sso-session", {}),
    ("configure", "import"): Usage(
        "configure import", "configure", "import",
        _options(Option("--csv", required=True), Option("--skip-invalid", "nothing"), Option("--profile-prefix")),
    ),
    ("configure", "export-credentials"): Usage(
        "configure export-credentials", "configure", "export-credentials",
        _options(Option("--format", choices=("process", "env", "env-no-export", "powershell", "windows-cmd", "fish"))),
    ),
    ("sso", "login"): Usage(
        "sso login", "sso", "login",
        _options(Option("--no-browser", "nothing"), Option("--sso-session"), Option("--use-device-code", "nothing")),
    ),
    ("sso", "logout"): Usage("sso logout", "sso", "logout", {}),
    ("login",): Usage("login", "login", "login", _options(Option("--remote", "nothing"))),
    ("logout",): Usage("logout", "logout", "logout", _options(Option("--all", "nothing"))),
    ("ddb", "select"): Usage(
        "ddb select", "ddb", "select",
        _options(
            Option("--index-name"), Option("--projection"), Option("--filter"), Option("--key-condition"), Option("--attributes"),
            Option("--consistent-read", "nothing"), Option("--no-consistent-read", "nothing"),
            Option("--return-consumed-capacity"), Option("--no-return-consumed-capacity", "nothing"), Option("--max-items"),
        ),
        (Option("table_name", required=True),),
    ),
    ("ddb", "put"): Usage(
        "ddb put", "ddb", "put", _options(Option("--condition")),
        (Option("table_name", required=True), Option("items", required=True)),
    ),
    ("ec2-instance-connect", "ssh"): Usage(
        "ec2-instance-connect ssh", "ec2-instance-connect", "ssh",
        _options(
            Option("--instance-id", required=True), Option("--instance-ip"), Option("--private-key-file"), Option("--os-user"),
            Option("--ssh-port"), Option("--local-forwarding"), Option("--eice-options"), Option("--connection-type"),
        ),
    ),
}  # fmt: skip
"""Commands that only version 2 has."""

REMOVED: Mapping[tuple[str, str], str] = {("ecr", "get-login"): "write `aws ecr get-login-password | docker login ...`"}
"""Commands that version 2 has no more, with what takes their place."""

EXTRA: Mapping[str, Mapping[str, Option]] = {
    "s3 cp": _options(Option("--no-overwrite", "nothing"), Option("--checksum-mode"), Option("--checksum-algorithm")),
    "s3 mv": _options(Option("--no-overwrite", "nothing"), Option("--validate-same-s3-paths", "nothing")),
    "s3 sync": _options(Option("--no-overwrite", "nothing")),
}
"""Options that only version 2 gives to a command which both have."""


# --- the tables of the package


@cache
def _services() -> Mapping[str, Any]:
    """The commands below `aws`, made without reading the configuration of whoever runs this."""
    import botocore.session  # noqa: PLC0415 (an extra: a page is read without it)
    from awscli import EnvironmentVariables  # noqa: PLC0415
    from awscli.clidriver import CLIDriver  # noqa: PLC0415
    from awscli.plugin import load_plugins  # noqa: PLC0415

    session = botocore.session.Session(EnvironmentVariables)
    for variable in ("config_file", "credentials_file"):
        session.set_config_variable(variable, os.devnull)
    load_plugins({}, event_hooks=session.get_component("event_emitter"))
    return _below(CLIDriver(session=session))


def _below(command: Any) -> Mapping[str, Any]:
    """The commands below another one, or none where it has none."""
    build = getattr(command, "_get_command_table", None)
    found: Mapping[str, Any] = build() if build else getattr(command, "subcommand_table", None) or {}
    return found


@cache
def usage(words: tuple[str, ...]) -> tuple[Usage, int]:
    """What the command that begins with these words accepts, and how many of them name it. Raises UsageError."""
    if not words:
        raise UsageError("an aws command names a service and an operation", "write them, as `aws ecs list-clusters`", 0)
    service = words[0]
    for length in (2, 1):
        if words[:length] in ADDED and (length == 2 or len(words) == 1 or service not in _services()):
            return ADDED[words[:length]], length
    if service not in _services():
        raise UsageError(f"there is no service {service}", _near(service, _services()), 0)
    if words[:2] in REMOVED:
        raise UsageError(f"version 2 of the command line has no {' '.join(words[:2])}", REMOVED[words[0], words[1]], 1)
    command, names, used = _services()[service], [service], 1
    table = _below(command)
    while table:
        if used >= len(words):
            if used > 1 and command.arg_table:
                break
            raise UsageError(
                f"{' '.join(names)} wants an operation",
                f"such as `aws {' '.join(names)} {next(iter(table))}`",
                used - 1,
            )
        word = words[used]
        if word not in table:
            if used > 1 and command.arg_table:
                break
            kind = "waiter" if names[-1] == "wait" else "operation"
            subject = names[0] if kind == "waiter" else " ".join(names)
            raise UsageError(f"{subject} has no {kind} {word}", _near(word, table), used)
        command = table[word]
        names.append(word)
        used += 1
        table = _below(command)
    return _usage(command, names), used


def _usage(command: Any, names: Sequence[str]) -> Usage:
    name = " ".join(names)
    model = getattr(command, "_operation_model", None)
    options: dict[str, Option] = {}
    places: list[Option] = []
    for key, argument in command.arg_table.items():
        if key.startswith("ar-ns") or getattr(argument, "_UNDOCUMENTED", False):
            continue  # a hidden alias, which version 2 has no more
        option = _option(f"--{key}", argument, model)
        if argument.positional_arg or key == "outfile":  # where a streamed answer is written
            places.append(option)
        else:
            options[option.name] = option
    if model is not None:
        options |= EVERY_OPERATION
    options |= EXTRA.get(name, {})
    return Usage(name, names[0], names[-1], options, tuple(places), model, waits="wait" in names[1:2])


def _option(name: str, argument: Any, model: Any) -> Option:
    shape = argument.argument_model
    counted = getattr(argument, "_nargs", None)
    if counted is None:
        counted = getattr(argument, "nargs", None)
    action = getattr(argument, "_action", None)
    takes: Takes = "one"
    least = 0
    if action in {"store_true", "store_false"} or argument.cli_type_name == "boolean":
        takes = "nothing"
    elif counted in {"*", "+"} or type(argument).__name__ == "ListArgument":
        takes = "many"
    elif counted == "?":
        takes = "maybe"
    elif isinstance(counted, int) and counted > 1:
        takes, least = "many", counted
    member = getattr(argument, "_serialized_name", "")
    members = model.input_shape.members if model is not None and model.input_shape is not None else {}
    return Option(
        name, takes, bool(argument.required), tuple(argument.choices or ()) if getattr(argument, "choices", None) else (),
        shape, member if member in members else "", least,
        number=argument.cli_type_name in {"integer", "long", "float", "double"},
    )  # fmt: skip


def _near(word: str, known: Iterable[str]) -> str:
    found = near(word, known)
    return f"perhaps {' or '.join(found)}" if found else "see `aws help` for what there is"
