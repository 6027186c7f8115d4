"""What is done to an emulated AWS before a runbook is rehearsed, so that there is something to find and to mend.

A file beside the stack, `rehearsal.toml`, holds the faults; a runbook names its own in the front matter (`fault: crowd`):

    pages = ["docs/shop/runbooks"]
    [world]                       # what is true before every page
    do = [{ act = "calm" }]

    [faults.crowd]
    says = "Requests per task are above the threshold, and twelve tasks run."
    do = [{ act = "ring", alarm = "web-requests", datapoints = [5120.0, 4890.0] }]

    [[faults.crowd.turns]]        # AWS's own part, which the emulator does not play
    when = ["application-autoscaling RegisterScalableTarget"]
    says = "Application Auto Scaling follows the new minimum."
    do = [{ act = "call", service = "ecs", operation = "update_service", parameters = { ... } }]

Each `act` is a row of `ACTS`. A turn comes as soon as the page's commands have made every call it names, and never without
them: a page whose deed is missing does not see its alarm fall silent. `$NAME` in a text is what a `take` has put by. The acts
`declare`, `tasks`, `web` and `names` give answers in place of something moto has not; what rests on one is counted as such.
"""

from __future__ import annotations

import gzip
import os
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import boto3
import botocore.session
import jmespath
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from analysis.files import read_text, toml_entries

FILE_NAME = "rehearsal.toml"

Table = Mapping[str, Any]
NOTHING: Table = MappingProxyType({})


class FaultError(ValueError):
    """A fault that is not in the file, is written wrongly or cannot be done; the sentence names it."""


class Seen(Protocol):
    """A call that the emulator has answered: by `moto`, the `front`, `patched` code, as `declared`, or by nobody."""

    @property
    def service(self) -> str:
        """The name that botocore gives the service."""
        ...

    @property
    def operation(self) -> str:
        """AWS's name of the operation."""
        ...

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def answered(self) -> str:
        """Who answered."""
        ...

    @property
    def error(self) -> str:
        """AWS's code of the error, if it is one."""
        ...

    @property
    def strange(self) -> str:
        """What AWS's own model says against it, though it was answered."""
        ...


class Emulated(Protocol):
    """An emulated AWS on loopback with the stack applied."""

    @property
    def endpoint(self) -> str:
        """Such as http://127.0.0.1:5000."""
        ...

    def alive(self) -> bool:
        """Whether it still answers."""
        ...

    def client_arguments(self, region: str) -> Mapping[str, Any]:
        """The arguments with which `boto3.client` reaches it: address, region and the run's own keys."""
        ...

    def calls(self) -> Sequence[Seen]:
        """Every call so far."""
        ...

    def declare(self, rows: Sequence[Table]) -> None:
        """Lets later calls be answered as declared."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """What AWS would do by itself once the calls in `when` have been made: the acts, and a sentence that says so."""

    when: tuple[str, ...]
    says: str
    do: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong when the page is opened: the acts that make it so, a sentence for the reader, and AWS's turns after that."""

    name: str
    says: str
    do: tuple[Table, ...]
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Faults:
    """The file beside a stack: what is true before every page, the faults by name, files that pages start, and the pages.

    `pages` are folders and files below the project's root; those with a `fault` in their front matter are rehearsed.
    """

    path: str
    world: tuple[Table, ...]
    faults: Mapping[str, Fault]
    linked: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[str, ...] = ()

    def named(self, name: str, page: str) -> Fault:
        """The fault that a page names. Raises FaultError where there is none."""
        if name not in self.faults:
            raise FaultError(
                f"{page}: the fault {name!r} is not in {self.path}; it has {', '.join(sorted(self.faults)) or 'none'}"
            )
        return self.faults[name]


def read(path: Path) -> Faults:
    """The faults in a file. Raises FaultError, naming file and table, where it is missing or malformed."""
    try:
        found = toml_entries(read_text(path))
    except FileNotFoundError:
        raise FaultError(f"{path}: there is no such file; it says what is wrong before each runbook") from None
    except (OSError, ValueError, RecursionError) as error:
        raise FaultError(f"{path}: cannot be read: {error}") from None
    unknown = sorted(found.keys() - {"pages", "world", "faults", "linked"})
    if unknown:
        raise FaultError(f"{path}: there is no table {unknown[0]!r}; there are pages, world, linked and faults")
    faults = {}
    for name, table in found.get("faults", {}).items():
        where = f"{path}: faults.{name}"
        if not isinstance(table, dict) or not isinstance(table.get("says"), str) or not table["says"].strip():
            raise FaultError(f"{where} lacks says, the sentence that tells the reader what is wrong")
        strange = sorted(table.keys() - {"says", "do", "turns"})
        if strange:
            raise FaultError(f"{where} has a key {strange[0]!r}; it may have says, do and turns")
        turns = tuple(
            Turn(tuple(turn.get("when", ())), str(turn.get("says", "")), acts(turn.get("do"), f"{where}.turns"))
            for turn in table.get("turns", ())
        )
        if any(not turn.when or not turn.says for turn in turns):
            raise FaultError(f"{where}: each of its turns needs `when`, the calls it waits for, and `says`, a sentence")
        faults[name] = Fault(name, table["says"], acts(table.get("do", []), where), turns)
    return Faults(
        str(path),
        acts(found.get("world", {}).get("do", []), f"{path}: world"),
        faults,
        {str(name): str(more) for name, more in found.get("linked", {}).items()},
        tuple(str(name) for name in found.get("pages", ())),
    )


def acts(given: object, where: str) -> tuple[Table, ...]:
    """A list of acts out of a file. Raises FaultError, naming its place, for what is none."""
    if not isinstance(given, list) or not all(isinstance(act, dict) for act in given):
        raise FaultError(f"{where}: do is a list of tables, each with an `act`")
    for act in given:
        if act.get("act") not in ACTS:
            raise FaultError(f"{where}: there is no act {act.get('act')!r}; there are {', '.join(ACTS)}")
    return tuple(given)


@dataclass
class World:
    """Where acts are done: the emulator, the reader's directory, and the stand-ins for the public site and its names."""

    emulated: Emulated
    home: Path
    web: list[Table] = field(default_factory=list)
    names: list[Table] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)
    region: str = "us-east-1"
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client of the emulator. Raises FaultError for a service that does not exist."""
        if service not in self._clients:
            try:
                # Any: the service's name is data, so its type is not known here.
                self._clients[service] = _session().client(  # type: ignore[call-overload]
                    service, **self.emulated.client_arguments(self.region),
                    config=Config(retries={"max_attempts": 1}, proxies={}),
                )  # fmt: skip
            except BotoCoreError as error:
                raise FaultError(f"{service}: {error}") from None
        return self._clients[service]

    def call(self, service: str, operation: str, parameters: Table) -> Any:
        """AWS's answer to a call, as boto3 names operation and parameters. Raises FaultError where it is refused."""
        client = self.client(service)
        if not hasattr(client, operation):
            raise FaultError(f"{service} has no operation {operation}; write it as boto3 does, such as update_service")
        try:
            return getattr(client, operation)(**self.filled(parameters))
        except (ClientError, BotoCoreError, ParamValidationError, TypeError) as error:
            raise FaultError(f"{service} {operation}: {error}") from None

    def filled(self, value: Any) -> Any:
        """A value with what `take` has put by in place of `$NAME`, and `@-5m` in place of a time five minutes ago."""
        if isinstance(value, str):
            if value.startswith("@-") and value.endswith("m") and value[2:-1].isdigit():
                return _ago(int(value[2:-1])).strftime("%Y-%m-%dT%H:%M:%SZ")
            try:
                return string.Template(value).substitute(self.taken)
            except (KeyError, ValueError) as error:
                raise FaultError(f"{value!r}: nothing has been taken as {error}; put a `take` before it") from None
        if isinstance(value, Mapping):
            return {name: self.filled(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return value

    def do(self, todo: Sequence[Table]) -> None:
        """Does acts in their order. Raises FaultError where one cannot be done."""
        for act in todo:
            arguments = {name: value for name, value in act.items() if name != "act"}
            try:
                ACTS[act["act"]](self, **arguments)
            except TypeError as error:
                raise FaultError(f"the act {act['act']} is written wrongly: {error}") from None


@cache
def _session() -> boto3.session.Session:
    """One for all pages, since it keeps the models it has read; it knows nothing of the user's profiles and files."""
    # (name in a configuration file, names in the environment, default, conversion)
    unset: dict[str, Any] = {
        "profile": (None, [], None, None),
        "config_file": (None, [], os.devnull, None),
        "credentials_file": (None, [], os.devnull, None),
    }
    own = botocore.session.Session(session_vars=unset)
    return boto3.session.Session(botocore_session=own)


def _ago(minutes: float) -> datetime:
    return datetime.now(tz=UTC) - timedelta(minutes=minutes)


_COMPARED = {
    "GreaterThanThreshold": ("greater than", "the threshold"),
    "GreaterThanOrEqualToThreshold": ("greater than or equal to", "the threshold"),
    "LessThanThreshold": ("less than", "the threshold"),
    "LessThanOrEqualToThreshold": ("less than or equal to", "the threshold"),
}


def _ring(world: World, alarm: str, datapoints: Sequence[float] = (), reason: str = "") -> None:
    """Sets an alarm to ALARM. With datapoints, newest first, the reason is in CloudWatch's words, from the alarm as applied."""
    found = world.call(
        "cloudwatch", "describe_alarms", {"AlarmNames": [alarm], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    )
    if not found["MetricAlarms"] and not found["CompositeAlarms"]:
        raise FaultError(f"there is no alarm {alarm}; it cannot ring")
    if datapoints and found["MetricAlarms"]:
        reason = _reason(found["MetricAlarms"][0], datapoints)
    world.call(
        "cloudwatch",
        "set_alarm_state",
        {"AlarmName": alarm, "StateValue": "ALARM", "StateReason": reason or "Set by the rehearsal"},
    )


def _reason(alarm: Table, datapoints: Sequence[float]) -> str:
    # CloudWatch's own wording: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
    of = alarm.get("EvaluationPeriods", 1)
    needed = alarm.get("DatapointsToAlarm", of)
    period = alarm.get("Period", 60)
    shown = ", ".join(
        f"{value} ({_ago((number + 1) * period / 60).strftime('%d/%m/%y %H:%M:00')})"
        for number, value in enumerate(datapoints)
    )
    than, what = _COMPARED[alarm["ComparisonOperator"]]
    one = needed == 1
    return (
        f"Threshold Crossed: {needed} out of the last {of} datapoints [{shown}] {'was' if one else 'were'} {than} {what} "
        f"({float(alarm['Threshold'])}) (minimum {needed} datapoint{'' if one else 's'} for OK -> ALARM transition)."
    )


def _calm(world: World, alarms: Sequence[str] = (), datapoint: float | None = None) -> None:
    """Sets alarms to OK; without names all of them. With a datapoint the reason is in CloudWatch's words."""
    for page in (
        world.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    ):
        for alarm in (*page["MetricAlarms"], *page["CompositeAlarms"]):
            if not alarms or alarm["AlarmName"] in alarms:
                parameters = {
                    "AlarmName": alarm["AlarmName"],
                    "StateValue": "OK",
                    "StateReason": _calmed(alarm, datapoint),
                }
                world.call("cloudwatch", "set_alarm_state", parameters)


def _calmed(alarm: Table, datapoint: float | None) -> str:
    if datapoint is None:
        return "Set by the rehearsal"
    than, what = _COMPARED[alarm["ComparisonOperator"]]
    at = _ago(1).strftime("%d/%m/%y %H:%M:00")
    return f"Threshold Crossed: 1 datapoint [{datapoint} ({at})] was not {than} {what} ({float(alarm['Threshold'])})."


def _metric(
    world: World, namespace: str, name: str, points: Sequence[Any], dimensions: Table = NOTHING, every_minutes: int = 1
) -> None:
    """Puts points, one a minute or rarer, the last a minute ago; a list is several values within its minute."""
    data = []
    for number, point in enumerate(reversed(points)):
        at = _ago(number * every_minutes + 1).replace(second=0, microsecond=0)
        data += [
            {
                "MetricName": name,
                "Value": float(value),
                "Timestamp": at,
                "Dimensions": [{"Name": key, "Value": world.filled(value)} for key, value in dimensions.items()],
            }
            for value in (point if isinstance(point, list) else [point])
        ]
    world.call("cloudwatch", "put_metric_data", {"Namespace": namespace, "MetricData": data})


def _log(world: World, group: str, lines: Sequence[str], stream: str = "rehearsal") -> None:
    """Writes lines into a log group, a minute ago."""
    world.call("logs", "create_log_stream", {"logGroupName": group, "logStreamName": stream})
    at = int(_ago(1).timestamp() * 1000)
    events = [{"timestamp": at + number, "message": line} for number, line in enumerate(lines)]
    world.call("logs", "put_log_events", {"logGroupName": group, "logStreamName": stream, "logEvents": events})


def _call(world: World, service: str, operation: str, parameters: Table = NOTHING) -> None:
    """Makes any call of AWS."""
    world.call(service, operation, parameters)


def _take(world: World, name: str, service: str, operation: str, query: str, parameters: Table = NOTHING) -> None:
    """Puts by a text out of an answer, for `$NAME` in later acts."""
    found = jmespath.search(query, world.call(service, operation, parameters))
    if not isinstance(found, str):
        raise FaultError(f"{service} {operation}: {query} gives {found!r}, no text to put by as {name}")
    world.taken[name] = found


_SERVED_ONLY = (
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy",
    "deregisteredAt",
)  # fmt: skip


def _revision(
    world: World,
    family: str,
    environment: Table = NOTHING,
    image: str = "",
    name: str = "",
    serving: Table | None = None,
) -> None:
    """Registers another revision of a task definition, with other variables or image; `serving` lets a service run it."""
    definition = world.call("ecs", "describe_task_definition", {"taskDefinition": family})["taskDefinition"]
    for key in _SERVED_ONLY:
        definition.pop(key, None)
    first = definition["containerDefinitions"][0]
    first["environment"] = [
        item | {"value": str(environment.get(item["name"], item["value"]))} for item in first.get("environment", ())
    ]
    first["image"] = image or first["image"]
    made = world.client("ecs").register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
    if name:
        world.taken[name] = made
    if serving:
        world.call("ecs", "update_service", {**serving, "taskDefinition": made})


def _tasks(
    world: World,
    cluster: str,
    service: str,
    running: Sequence[Table] = (),
    stopped: Sequence[Table] = (),
    account: str = "123456789012",
) -> None:
    """Declares the tasks of a service: moto starts none. A task has an `id`, and what DescribeTasks says of it."""

    def full(task: Table, status: str) -> dict[str, Any]:
        arn = f"arn:aws:ecs:{world.region}:{account}:task/{cluster}/{task['id']}"
        rest = {key: value for key, value in task.items() if key != "id"}
        return {"taskArn": arn, "lastStatus": status, "desiredStatus": status, **rest}

    rows: list[dict[str, Any]] = []
    for status, given in (("STOPPED", stopped), ("RUNNING", running)):
        tasks = [full(task, status) for task in given]
        arns = [task["taskArn"] for task in tasks]
        when = {"serviceName": service} | ({"desiredStatus": status} if status == "STOPPED" else {})
        rows.append({"service": "ecs", "operation": "ListTasks", "when": when, "answer": {"taskArns": arns}})
        rows.append(
            {"service": "ecs", "operation": "DescribeTasks", "when": {"tasks": arns}, "answer": {"tasks": tasks}}
        )
        for task in tasks:
            for asked in (task["taskArn"], task["taskArn"].rsplit("/", 1)[1]):
                gone = {"task": {**task, "desiredStatus": "STOPPED"}}
                rows.append({"service": "ecs", "operation": "StopTask", "when": {"task": asked}, "answer": gone})
    # The newest that fits answers; a call that says RUNNING or nothing must not get the stopped ones.
    world.emulated.declare(_last_first(rows))


def _last_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with those that ask for least first, so that a more particular one, being newer, wins."""
    return sorted(rows, key=lambda row: len(row["when"]))


def _declare(world: World, service: str, operation: str, answer: Table, when: Table = NOTHING) -> None:
    """Declares an answer that moto cannot give."""
    world.emulated.declare(
        [{"service": service, "operation": operation, "when": world.filled(when), "answer": world.filled(answer)}]
    )


def _object(
    world: World,
    bucket: str,
    key: str,
    body: str = "",
    lines: Sequence[Sequence[Any]] = (),
    content: str = "text/plain",
) -> None:
    """Puts an object into a bucket: a body, or lines with how often each stands in it, packed where the key ends in `.gz`."""
    data = (body or "".join(f"{line}\n" * int(times) for line, times in lines)).encode()
    packed = gzip.compress(data, mtime=0) if key.endswith(".gz") else data
    world.call("s3", "put_object", {"Bucket": bucket, "Key": key, "Body": packed, "ContentType": content})


def _file(world: World, name: str, body: str = "") -> None:
    """Puts a file into the directory in which the commands are typed."""
    path = (world.home / name).resolve()
    if not path.is_relative_to(world.home.resolve()):
        raise FaultError(f"{name}: lies outside the directory in which commands are typed")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body, encoding="utf-8")


def _web(world: World, host: str, path: str, answers: Sequence[Table]) -> None:
    """What the stand-in for a public site answers: `status`, `headers`, `body`; one after the other, the last for good."""
    world.web.append({"host": host, "path": path, "answers": list(answers)})


def _names(world: World, name: str, type: str, answers: Sequence[str]) -> None:  # noqa: A002 - DNS's name
    """What the stand-in for public name servers answers."""
    world.names.append({"name": name, "type": type, "answers": list(answers)})


ACTS: Mapping[str, Callable[..., None]] = {
    "ring": _ring,
    "calm": _calm,
    "metric": _metric,
    "log": _log,
    "call": _call,
    "take": _take,
    "revision": _revision,
    "tasks": _tasks,
    "declare": _declare,
    "object": _object,
    "file": _file,
    "web": _web,
    "names": _names,
}
"""Every act by its name; its function's docstring says what it does."""
