"""What the models cannot say: rules about what commands mean together, as a table. Each row has the reason and its source.

A rule looks at one call of `aws` in its page; it gives the place (an option), what is wrong and what to do.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, TypeAlias

from analysis import facts
from analysis.runbooks import answers, names
from analysis.runbooks.page import Command, Kind, Runbook
from analysis.runbooks.programs import Call
from analysis.runbooks.shell import NOW, Marks, Origin, Place, is_unknown
from analysis.runbooks.spelling import near


@dataclass(frozen=True, slots=True)
class Followed:
    """A command of the page, the kind of its step, and the calls of `aws` that it makes."""

    command: Command
    kind: Kind | None
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a command breaks."""

    command: Command
    place: Place
    rule: str
    what: str
    to_do: str


@dataclass(slots=True)
class Page:
    """What a rule may look at besides its call: the page so far, the stacks, and where unknown values come from."""

    book: Runbook
    marks: Marks
    made: set[str] = field(default_factory=set)
    answers: str = ""
    vocabulary: names.Vocabulary = field(default_factory=names.Vocabulary)
    clusters: frozenset[str] = frozenset()
    usual: Mapping[str, Counter[str]] = field(default_factory=dict)


Said: TypeAlias = Iterator[tuple[str, str, str]]
"""Option (empty for the call as a whole), what is wrong, what to do."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table: an id for programs, why it holds, where that is written, and the check of one call."""

    id: str
    why: str
    source: str
    check: Callable[[Followed, Call, Page], Said]


# --- the checks


def _never_ran(_step: Followed, call: Call, page: Page) -> Said:
    revision = call.parameters.get("taskDefinition")
    if call.name not in {"ecs update-service", "ecs create-service", "ecs run-task"} or not isinstance(revision, str):
        return
    for origin in _roots(page.marks.of(revision)):
        if origin.operation == "list-task-definitions":
            yield (
                "--task-definition",
                "the revision comes from the list of registered ones; one that was registered need not ever have run",
                "take it from `aws ecs list-service-deployments --status SUCCESSFUL` and `describe-service-revisions`",
            )  # fmt: skip
            return
    if any(origin.kind == "arithmetic" for origin in page.marks.of(revision)):
        yield (
            "--task-definition", "the revision is counted back from another; the one before need not have run, or exist",
            "take it from `aws ecs list-service-deployments --status SUCCESSFUL` and `describe-service-revisions`",
        )  # fmt: skip


def _time_unit(_step: Followed, call: Call, _page: Page) -> Said:
    millis = {"logs filter-log-events", "logs get-log-events", "logs create-export-task"}
    for option, member in (
        ("--start-time", "startTime"),
        ("--end-time", "endTime"),
        ("--from", "fromTime"),
        ("--to", "to"),
    ):
        value = call.parameters.get(member)
        if not isinstance(value, int) or value < 10**8:
            continue
        if call.name in millis and value < 10**11:
            yield (
                option,
                f"{option} is {value}: {call.name} counts milliseconds since 1970, and this is seconds",
                "append 000",
            )
        elif call.name == "logs start-query" and value > 10**11:
            yield (
                option,
                f"{option} is {value}: {call.name} counts seconds since 1970, and this is milliseconds",
                "leave out 000",
            )


def _window(_step: Followed, call: Call, _page: Page) -> Said:
    pairs = (
        ("StartTime", "EndTime", "--start-time", "--end-time"),
        ("startTime", "endTime", "--start-time", "--end-time"),
    )
    for first, last, _, option in pairs:
        start, end = _moment(call.parameters.get(first)), _moment(call.parameters.get(last))
        if start is None or end is None:
            continue
        if start >= end:
            yield option, "the span ends before it begins", "exchange the two times"
            return
        period = call.parameters.get("Period")
        if call.name == "cloudwatch get-metric-statistics" and isinstance(period, int) and period > 0:
            points = (end - start).total_seconds() / period
            if points > 1440:
                yield (
                    "--period",
                    f"asks for {points:,.0f} datapoints, and an answer holds 1,440",
                    "take a longer period",
                )


def _period(_step: Followed, call: Call, _page: Page) -> Said:
    period = call.parameters.get("Period")
    if call.name in {"cloudwatch get-metric-statistics", "cloudwatch put-metric-alarm"} and isinstance(period, int):
        short = {1, 5, 10, 20, 30} if call.name.endswith("statistics") else {10, 20, 30}
        if period % 60 and period not in short:
            yield "--period", f"--period is {period}", "write a multiple of 60"


def _metric(_step: Followed, call: Call, page: Page) -> Said:
    if call.name not in {"cloudwatch get-metric-statistics", "cloudwatch put-metric-alarm"}:
        return
    namespace, metric = call.parameters.get("Namespace"), call.parameters.get("MetricName")
    if not isinstance(namespace, str) or not isinstance(metric, str) or namespace not in facts.metric_namespaces():
        return
    known = facts.metrics().get((namespace, metric))
    if known is None:
        close = near(metric, [name for space, name in facts.metrics() if space == namespace])
        yield (
            "--metric-name",
            f"{namespace} publishes no {metric}",
            f"perhaps {' or '.join(close)}" if close else "see its documentation",
        )
        return
    dimensions = call.parameters.get("Dimensions") or []
    if not isinstance(dimensions, list):
        return
    given = frozenset(str(item.get("Name")) for item in dimensions if isinstance(item, dict))
    if any(is_unknown(name) for name in given):
        return
    # RDS also publishes an aggregate of the whole account without dimensions, which its catalogue does not list.
    if given not in known.dimensions and not (namespace == "AWS/RDS" and not given):
        sets = " or ".join("+".join(sorted(names_)) or "none" for names_ in sorted(known.dimensions, key=sorted))
        shown = "+".join(sorted(given)) or "none"
        yield (
            "--dimensions",
            f"{metric} is not published with the dimensions {shown}, so there is no datapoint",
            f"give {sets}",
        )
    statistics = call.parameters.get("Statistics") or [call.parameters.get("Statistic")]
    for statistic in statistics if isinstance(statistics, list) else ():
        if known.statistics and isinstance(statistic, str) and statistic not in known.statistics:
            option = "--statistics" if "Statistics" in call.parameters else "--statistic"
            yield option, f"{statistic} of {metric} means nothing", f"take {' or '.join(known.statistics)}"
    _ = page


def _custom_metric(_step: Followed, call: Call, _page: Page) -> Said:
    policy = call.parameters.get("TargetTrackingScalingPolicyConfiguration")
    custom = policy.get("CustomizedMetricSpecification") if isinstance(policy, dict) else None
    if not isinstance(custom, dict):
        return
    known = facts.metrics().get((str(custom.get("Namespace")), str(custom.get("MetricName"))))
    if known is None:
        return
    given = frozenset(str(item.get("Name")) for item in custom.get("Dimensions") or () if isinstance(item, dict))
    if given not in known.dimensions:
        sets = " or ".join("+".join(sorted(item)) for item in sorted(known.dimensions, key=sorted))
        yield (
            "--target-tracking-scaling-policy-configuration",
            f"{known.name} is not published with the dimensions {'+'.join(sorted(given)) or 'none'}, so nothing scales",
            f"give {sets}",
        )  # fmt: skip


def _composite(_step: Followed, call: Call, page: Page) -> Said:
    if call.name not in {"cloudwatch describe-alarms", "cloudwatch describe-alarm-history"}:
        return
    composites = {
        str(alarm.values.get("alarm_name"))
        for stack in page.vocabulary.stacks
        for alarm in stack.of_type("aws_cloudwatch_composite_alarm")
    }
    kinds = call.parameters.get("AlarmTypes") or ["MetricAlarm"]
    named = call.parameters.get("AlarmNames") or [call.parameters.get("AlarmName")]
    asked = [name for name in named if name in composites]
    query = call.given.option("--query") if call.given else None
    if query and "CompositeAlarms" in query and "CompositeAlarm" not in kinds:
        yield (
            "--query",
            "--query asks for composite alarms, which the command leaves out",
            "add `--alarm-types CompositeAlarm`",
        )
    if asked and "CompositeAlarm" not in kinds:
        yield (
            "--alarm-names",
            f"{asked[0]} is a composite alarm, which the command leaves out",
            "add `--alarm-types CompositeAlarm`",
        )


def _capacity(_step: Followed, call: Call, _page: Page) -> Said:
    action = call.parameters.get("ScalableTargetAction")
    source = action if isinstance(action, dict) else call.parameters
    low, high = source.get("MinCapacity"), source.get("MaxCapacity")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        option = "--scalable-target-action" if isinstance(action, dict) else "--min-capacity"
        yield option, f"the fewest ({low}) are more than the most ({high})", "exchange the two"


_CHANGES = frozenset({
    "create", "update", "put", "delete", "modify", "register", "deregister", "start", "stop", "run", "reboot",
    "restore", "failover", "set", "enable", "disable", "attach", "detach", "add", "remove", "cancel", "copy",
    "promote", "purchase", "rotate", "publish", "send", "import", "export", "terminate", "increase", "decrease",
    "reset", "switchover", "execute", "tag", "untag", "invoke", "rb", "mb", "rm", "mv", "force", "apply", "authorize",
    "revoke", "associate", "disassociate", "replace", "release", "allocate", "complete", "abort", "request",
})  # fmt: skip
"""The verbs of operations that change something."""

_LOOKS = frozenset({"start-query", "stop-query", "start-live-tail", "test-failover"})


def changes(call: Call) -> bool:
    """Whether a call changes something, by the verb of its operation; a dry run and a read to standard output change nothing."""
    if not call.given or call.given.usage.waits:
        return False
    operation, given = call.given.usage.operation, call.given
    if call.given.usage.service == "s3":
        if "--dryrun" in given.options or operation in {"ls", "presign"}:
            return False
        return not (operation == "cp" and len(given.places) == 2 and not given.places[1].startswith("s3://"))
    return operation.split("-")[0] in _CHANGES and operation not in _LOOKS


def _kind(step: Followed, call: Call, _page: Page) -> Said:
    if step.kind in {"check", "verify", "abort-if"} and changes(call):
        title = {"check": "Check", "verify": "Verify", "abort-if": "Abort if"}[step.kind]
        yield "", f"{call.name} changes something in a step that only looks ({title})", "make it an Act, with its Undo"


def _cluster(_step: Followed, call: Call, page: Page) -> Said:
    given = call.given
    if (
        given is None
        or given.usage.model is None
        or given.usage.model.input_shape is None
        or given.usage.service != "ecs"
    ):
        return
    if not page.clusters or "--cli-input-json" in given.options:
        return
    if "cluster" in given.usage.model.input_shape.members and "cluster" not in call.parameters:
        to_do = f"add `--cluster {min(page.clusters)}`"
        yield "", f"{call.name} without --cluster looks at the cluster named default", to_do


def _mixed_up(_step: Followed, call: Call, page: Page) -> Said:
    model = call.given.usage.model if call.given else None
    if model is None or model.input_shape is None:
        return
    members = {_noun(member): member for member in model.input_shape.members}
    for key, value in call.parameters.items():
        for text in value if isinstance(value, list) else [value]:
            if not isinstance(text, str) or not re.fullmatch("\ue000\\d+\ue001", text):
                continue
            origin = page.marks.of(text)[0]
            if origin.kind != "field" or not origin.path:
                continue
            noun = _noun(origin.path.replace("[]", "").rpartition(".")[2])
            if noun and noun in members and noun != _noun(key) and noun not in {"name", "status"}:
                option = _option(call, key)
                yield (
                    option,
                    f"{option} is given the {noun} ({origin.name})",
                    f"that value belongs to {_option(call, members[noun])}",
                )


def _noun(name: str) -> str:
    return re.sub(r"(?:arns?|ids?|identifiers?|names?|s)$", "", name.lower().replace("-", "").replace("_", ""))


def _option(call: Call, member: str) -> str:
    if call.given:
        for option in call.given.usage.options.values():
            if option.member == member and not option.name.startswith("--no-"):
                return option.name
    return ""


# The service whose resources a parameter takes: https://docs.aws.amazon.com/service-authorization/latest/reference/
_ARN_SERVICE = {
    "topicarn": "sns", "rolearn": "iam", "executionrolearn": "iam", "taskrolearn": "iam", "iamrolearn": "iam",
    "targetgrouparn": "elasticloadbalancing", "targetgrouparns": "elasticloadbalancing",
    "loadbalancerarn": "elasticloadbalancing",
    "loadbalancerarns": "elasticloadbalancing", "listenerarn": "elasticloadbalancing", "certificatearn": "acm",
    "functionname": "lambda",
    "taskdefinition": "ecs", "taskdefinitionarn": "ecs", "servicedeploymentarn": "ecs", "servicedeploymentarns": "ecs",
    "servicerevisionarns": "ecs", "cluster": "ecs", "service": "ecs", "kmskeyid": "kms", "keyid": "kms",
    "secretid": "secretsmanager",
    "webaclarn": "wafv2", "statemachinearn": "states", "streamarn": "kinesis", "backupvaultarn": "backup",
}  # fmt: skip


def _arn(_step: Followed, call: Call, page: Page) -> Said:
    regions = {stack.region for stack in page.vocabulary.stacks}
    for key, value in call.parameters.items():
        for text in value if isinstance(value, list) else [value]:
            if (
                not isinstance(text, str)
                or not text.startswith("arn:")
                or is_unknown(text)
                or "..." in text
                or "…" in text
            ):
                continue
            parts = text.split(":", 5)
            option = _option(call, key)
            if len(parts) < 6 or not parts[5]:
                yield (
                    option,
                    f"{text!r} is no ARN: it has {len(parts)} parts",
                    "write arn:partition:service:region:account:resource",
                )
                continue
            wanted = _ARN_SERVICE.get(key.lower())
            if wanted and parts[2] != wanted:
                yield option, f"{option} is given an ARN of {parts[2]}", f"it takes one of {wanted}"
            if parts[4] and not re.fullmatch(r"\d{12}|aws", parts[4]) and not re.search(r"[A-Z<{x*]", parts[4]):
                yield option, f"the account of {text!r} is {parts[4]!r}", "write its twelve digits"
            if regions and parts[3] and parts[3] not in regions and re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", parts[3]):
                yield (
                    option,
                    f"the region of {text!r} is {parts[3]}",
                    f"the stack is in {' and '.join(sorted(regions))}",
                )


def _answer_region(step: Followed, call: Call, page: Page) -> Said:
    regions = {stack.region for stack in page.vocabulary.stacks}
    if not regions or call is not step.calls[0]:
        return
    for region in re.findall(r"arn:aws:[a-z0-9-]+:([a-z]{2}(?:-[a-z]+)+-\d):", step.command.answer):
        if region not in regions:
            yield "", f"the answer shows an ARN of {region}", f"the stack is in {' and '.join(sorted(regions))}"
            return


def _answer_alarm(step: Followed, call: Call, page: Page) -> Said:
    """An answer of describe-alarms with an alarm that the command does not ask for."""
    asked = call.parameters.get("AlarmNames")
    if (
        call.name != "cloudwatch describe-alarms"
        or not isinstance(asked, list)
        or any(is_unknown(str(name)) for name in asked)
    ):
        return
    alarms = page.vocabulary.typed.get("AlarmNames", frozenset())
    for line in step.command.answer.splitlines():
        first = line.split("\t")[0].strip()
        if first in alarms and first not in asked:
            yield (
                "--alarm-names",
                f"the answer shows {first}, which the command does not ask for",
                "ask for it, or show what it asks for",
            )
            return


def _region(_step: Followed, call: Call, page: Page) -> Said:
    region = call.given.option("--region") if call.given else None
    regions = {stack.region for stack in page.vocabulary.stacks}
    if region and regions and not is_unknown(region) and region not in regions and region != "us-east-1":
        yield "--region", f"--region is {region}", f"the stack is in {' and '.join(sorted(regions))}"


SUBJECTS: Mapping[str, str] = {
    "cluster": "cluster", "clusters": "cluster", "service": "service", "services": "service", "AlarmNames": "alarm",
    "DBInstanceIdentifier": "database instance", "SourceDBInstanceIdentifier": "database instance", "logGroupName": "log group",
    "logGroupNames": "log group", "ReplicationGroupId": "replication group", "repositoryName": "repository",
    "ByBackupVaultName": "backup vault", "BackupVaultName": "backup vault", "DashboardName": "dashboard",
    "ScheduledActionNames": "scheduled action",
}  # fmt: skip
"""What a parameter names, for messages."""


def _unknown_name(_step: Followed, call: Call, page: Page) -> Said:
    if not page.vocabulary.stacks:
        return
    made = frozenset(
        page.made | set(names.made_by(call.given.usage.operation, call.parameters)) if call.given else page.made
    )
    for key, name in names.unknown_identifiers(call.parameters, page.vocabulary, made, page.answers):
        if call.name == "ecs list-task-definitions" and key == "familyPrefix":
            continue
        yield (
            _option(call, key),
            f"no {SUBJECTS.get(key, 'thing')} in the stack or in an earlier command is named {name}",
            "write a name of the stack",
        )
    for place in call.given.places if call.given and call.given.usage.service == "s3" else ():
        bucket = re.match(r"s3://([^/]+)", place)
        if (
            bucket
            and not is_unknown(bucket[1])
            and bucket[1] not in page.vocabulary.known
            and bucket[1] not in page.made
        ):
            yield "place 1", f"the stack has no bucket {bucket[1]}", "write a name of the stack"
    prefix = call.parameters.get("AlarmNamePrefix")
    if (
        isinstance(prefix, str)
        and not is_unknown(prefix)
        and not any(name.startswith(prefix) for name in page.vocabulary.known)
    ):
        yield (
            "--alarm-name-prefix",
            f"no name of the stack begins with {prefix}",
            "write the beginning of an alarm's name",
        )
    for dimension in call.parameters.get("Dimensions") or ():
        value = dimension.get("Value") if isinstance(dimension, dict) else None
        if (
            isinstance(value, str)
            and not is_unknown(value)
            and value not in page.vocabulary.known
            and value not in page.answers
        ):
            base = re.sub(r"-\d{3}$", "", value)  # a node of a replication group has its number at the end
            if base not in page.vocabulary.known and not re.fullmatch(
                r"[\w-]+/[\w/-]+|E[0-9A-Z]{12,}|i-\w+|\d+|Global|[A-Z]\w+", value
            ):
                yield "--dimensions", f"nothing in the stack is named {value}", "write a name of the stack"


def _near_miss(_step: Followed, call: Call, page: Page) -> Said:
    if page.vocabulary.stacks:
        return  # the stack's own names decide
    for key, value in call.parameters.items():
        if key not in names.IDENTIFIERS:
            continue
        for text in value if isinstance(value, list) else [value]:
            counts = page.usual.get(_noun(key))
            if not counts or not isinstance(text, str) or counts[text] > 1:
                continue
            for usual, number in counts.most_common(3):
                close = SequenceMatcher(None, text, usual).ratio() if abs(len(text) - len(usual)) <= 2 else 0
                if number >= 3 and usual != text and close >= 0.88 and not re.search(r"\d", text + usual):
                    yield (
                        _option(call, key),
                        f"{text} stands here alone, and {usual} {number} times",
                        f"perhaps {usual}",
                    )


def _answer(step: Followed, call: Call, page: Page) -> Said:
    """The answer that the page prints below a command that is one call of `aws` and nothing else."""
    given, shown = call.given, step.command.answer.strip("\n")
    if not given or len(step.calls) != 1 or not re.match(r"aws\s", step.command.typed) or _is_piped(step.command.typed):
        return
    model = given.usage.model
    if model is None or given.usage.waits or not shown.strip() or call.faults:
        return
    if model.output_shape is None or not model.output_shape.members:
        yield "", f"{call.name} prints nothing, and the page shows an answer", "leave the answer out"
        return
    query, output = given.option("--query"), given.option("--output") or "json"
    if query is not None and is_unknown(query):
        return
    shape = answers.result_shape(query, model.output_shape) if query else model.output_shape
    if output == "json":
        yield from _json_answer(shown, shape)
    elif output == "text" and query:
        yield from _text_answer(shown, shape)
    _ = page


def _is_piped(typed: str) -> bool:
    bare = re.sub(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"", "", typed)
    return bool(re.search(r"[|;&<>]|\$\(", bare))


def _json_answer(shown: str, shape: Any) -> Said:
    if "…" in shown or "..." in shown:
        return
    try:
        value = json.loads(shown)
    except ValueError:
        if getattr(shape, "type_name", "") in {"structure", "list", "map", "string"}:
            yield (
                "",
                "the command prints JSON, and the answer below it is none",
                "add `--output text`, or show the JSON",
            )
        return
    waiting: list[tuple[Any, Any]] = [(value, shape)]
    while waiting:
        item, kind = waiting.pop()
        if kind is None:
            continue
        if kind.type_name == "structure" and isinstance(item, dict):
            for key in item:
                if key not in kind.members:
                    yield "", f"the answer shows {key}, which the command does not print", "show what it prints"
                else:
                    waiting.append((item[key], kind.members[key]))
        elif kind.type_name == "list" and isinstance(item, list):
            waiting += [(element, kind.member) for element in item]
        elif isinstance(item, str | int) and not _fits(str(item), kind):
            yield "", f"the answer shows {item!r}, which cannot stand there", _possible(kind)


def _text_answer(shown: str, shape: Any) -> Said:
    lines = [line for line in shown.split("\n") if line.strip() and line.strip() not in {"…", "..."}]
    columns = getattr(shape, "columns", None)
    rows = columns is None and getattr(getattr(shape, "member", None), "columns", None)
    wanted = columns or rows
    if wanted:
        if any(_is_compound(column) for column in wanted):
            return
        for line in lines:
            cells = line.split("\t")
            if len(cells) == 1 and len(wanted) > 1 and len(line.split()) == len(wanted):
                cells = line.split()
            if len(cells) != len(wanted):
                yield (
                    "",
                    f"the answer has {len(cells)} columns, and the query asks for {len(wanted)}",
                    "show one for each, with tabs",
                )
                return
            for cell, column in zip(cells, wanted, strict=True):
                if column is not None and not _fits(cell, column):
                    yield "", f"the answer shows {cell!r}, which cannot stand there", _possible(column)
                    return
        if columns and len(lines) > 1:
            yield (
                "",
                f"the answer has {len(lines)} lines, and the query gives one",
                "show one line, or add [] to the query",
            )
    elif shape is not None and not _is_compound(shape):
        if len(lines) > 1:
            yield "", f"the answer has {len(lines)} lines, and the query gives one value", "show one line"
        elif lines and not _fits(lines[0], shape):
            yield "", f"the answer shows {lines[0]!r}, which cannot stand there", _possible(shape)
    elif getattr(shape, "type_name", "") == "list" and shape.member is not None and not _is_compound(shape.member):
        for cell in [cell for line in lines for cell in line.split("\t")]:
            if not _fits(cell, shape.member):
                yield "", f"the answer shows {cell!r}, which cannot stand there", _possible(shape.member)
                return


def _is_compound(shape: Any) -> bool:
    return getattr(shape, "type_name", "") in {"structure", "list", "map"}


def _fits(text: str, shape: Any) -> bool:
    text = text.strip()
    if text in {"None", "null", "…"} or "…" in text:
        return True
    kind = shape.type_name
    if kind in {"integer", "long"}:
        return bool(re.fullmatch(r"-?\d+", text))
    if kind in {"float", "double"}:
        return bool(re.fullmatch(r"-?\d+(\.\d+)?(e[-+]?\d+)?", text, re.IGNORECASE))
    if kind == "boolean":
        return text.lower() in {"true", "false"}
    if kind == "timestamp":
        return bool(re.match(r"\d{4}-\d\d-\d\d", text) or re.fullmatch(r"\d{9,13}(\.\d+)?", text))
    enum = getattr(shape, "enum", None)
    # EC2 answers `available` where its model says `Available`: https://docs.aws.amazon.com/cli/latest/reference/ec2/describe-vpc-endpoints.html
    other = "PendingAcceptance" in enum and text.capitalize() in enum if enum else False
    return not enum or text in enum or other


def _possible(shape: Any) -> str:
    enum = getattr(shape, "enum", None)
    return f"it is one of {', '.join(list(enum)[:10])}" if enum else f"it is a {shape.type_name}"


def _threshold(step: Followed, call: Call, page: Page) -> Said:
    """An answer of describe-alarms in which an alarm has another threshold than the stack gives it."""
    if call.name != "cloudwatch describe-alarms":
        return
    limits = {
        name: threshold
        for stack in page.vocabulary.stacks
        for alarm in stack.of_type("aws_cloudwatch_metric_alarm")
        if isinstance(name := alarm.values.get("alarm_name"), str)
        and isinstance(threshold := alarm.values.get("threshold"), int | float)
    }
    asked = [name for name in call.parameters.get("AlarmNames") or () if name in limits]
    for line in step.command.answer.splitlines():
        shown = re.search(r"threshold \(([\d.]+)\)", line)
        about = next((name for name in limits if line.startswith(f"{name}\t")), asked[0] if len(asked) == 1 else None)
        if shown and about and float(shown[1]) != float(limits[about]):
            yield "", f"the answer shows {about} with the threshold {shown[1]}", f"the stack says {limits[about]}"


def _moment(value: Any) -> dt.datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if value > 10**11 else value
        return dt.datetime.fromtimestamp(seconds, dt.UTC) if 0 <= seconds < 4 * 10**9 else None
    if not isinstance(value, str) or is_unknown(value):
        return None
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=NOW.tzinfo)


def _roots(origins: Sequence[Origin]) -> Iterator[Origin]:
    """Origins, and those that they were computed from."""
    waiting, seen = list(origins), 0
    while waiting and seen < 1000:
        origin = waiting.pop()
        seen += 1
        yield origin
        waiting += origin.of


_API = "https://docs.aws.amazon.com"
RULES: tuple[Rule, ...] = (
    Rule("never-ran", "a rollback goes to a revision that was deployed, not to one that was only registered",
         f"{_API}/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html", _never_ran),
    Rule("time-unit", "CloudWatch Logs takes milliseconds in one operation and seconds in another",
         f"{_API}/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html", _time_unit),
    Rule("window", "a span has a beginning before its end, and an answer at most 1,440 datapoints",
         f"{_API}/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html", _window),
    Rule("period", "a period is a multiple of 60 seconds, or one of the short ones",
         f"{_API}/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html", _period),
    Rule("metric", "a metric exists under the dimensions under which it is published, and no others",
         f"{_API}/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html", _metric),
    Rule("scaling-metric", "a policy on a metric without its dimensions never has data",
         f"{_API}/autoscaling/application/userguide/create-target-tracking-policy-custom-metric.html", _custom_metric),
    Rule("composite", "describe-alarms answers with metric alarms alone unless it is told otherwise",
         f"{_API}/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html", _composite),
    Rule("capacity", "the fewest are not more than the most",
         f"{_API}/autoscaling/application/APIReference/API_RegisterScalableTarget.html", _capacity),
    Rule("step", "a step that only looks changes nothing", "the docstring of this package", _kind),
    Rule("cluster", "ECS takes the cluster named default where none is named",
         f"{_API}/AmazonECS/latest/APIReference/API_DescribeServices.html", _cluster),
    Rule("mixed-up", "a value belongs to the parameter of its own kind",
         "botocore's models: names of fields and parameters", _mixed_up),
    Rule("arn", "an ARN has six parts and belongs to one service",
         f"{_API}/IAM/latest/UserGuide/reference-arns.html", _arn),
    Rule("arn", "an ARN in an answer is of the region of the stack", "the provider block of the stack", _answer_region),
    Rule("answer", "an answer about alarms shows those that were asked for", "the command itself", _answer_alarm),
    Rule("region", "a runbook acts in the region of its stack", "the provider block of the stack", _region),
    Rule("name", "a name comes from the stack, an earlier command or an example in an answer",
         "the Terraform of the stack", _unknown_name),
    Rule("near-miss", "a name that stands once beside one that stands often, and nearly alike, is mistyped",
         "the page itself", _near_miss),
    Rule("threshold", "an answer shows an alarm as the stack makes it", "the Terraform of the stack", _threshold),
    Rule("answer", "an answer shows what the query asks for", "botocore's models", _answer),
)  # fmt: skip
"""The rules, in the order in which they are tried on a call."""


def broken(followed: Sequence[Followed], marks: Marks, vocabulary: names.Vocabulary, book: Runbook) -> Iterator[Broken]:
    """The rules that the calls of a page break, from its top."""
    calls = [call for step in followed for call in step.calls]
    clusters = frozenset(
        value for call in calls if isinstance(value := call.parameters.get("cluster"), str) and not is_unknown(value)
    )
    usual: dict[str, Counter[str]] = {}
    for call in calls:
        for key, value in call.parameters.items():
            if key in names.IDENTIFIERS:
                for text in value if isinstance(value, list) else [value]:
                    if isinstance(text, str):
                        usual.setdefault(_noun(key), Counter())[text] += 1
    page = Page(book, marks, vocabulary=vocabulary, clusters=clusters, usual=usual)
    for step in followed:
        for call in step.calls:
            for rule in RULES:
                for option, what, to_do in rule.check(step, call, page):
                    yield Broken(step.command, call.place_of(option), rule.id, marks.shown(what), marks.shown(to_do))
            if call.given:
                page.made |= set(names.made_by(call.given.usage.operation, call.parameters))
        page.answers += step.command.answer + "\n"
