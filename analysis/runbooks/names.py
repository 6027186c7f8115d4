"""Whether a name on a page is one that somebody gave: the stack, an earlier command, an example in an answer, a placeholder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.architecture import Architecture, Unknown
from analysis.runbooks.page import Runbook

# Set by the login shell, by CloudShell or by whoever configures the command line.
_ENVIRONMENT = re.compile(
    r"(?:AWS_\w+|HOME|USER|PATH|PWD|OLDPWD|SHELL|HOSTNAME|RANDOM|SECONDS|LINENO|EDITOR|TMPDIR|EPOCHSECONDS|IFS|LANG)"
)


def is_given(name: str, book: Runbook) -> bool:
    """Whether a variable that no command sets has a value all the same.

    On a page that is no runbook a name in capitals is a stated placeholder, as `${AWS_ACCOUNT_ID}` in any guide; a runbook is
    followed as it stands.
    """
    return bool(_ENVIRONMENT.fullmatch(name)) or name.startswith("__") or (not book.is_runbook and name.isupper())


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names of some stacks: every text in them, and for a parameter of AWS the names of the resources that it takes."""

    stacks: tuple[Architecture, ...] = ()
    known: frozenset[str] = frozenset()
    typed: Mapping[str, frozenset[str]] = field(default_factory=dict)


def vocabulary(stacks: Sequence[Architecture]) -> Vocabulary:
    """The names of these stacks; make it once for many pages."""
    typed = {
        parameter: frozenset(
            value
            for stack in stacks
            for type_, attribute in kinds
            for resource in stack.of_type(type_)
            if isinstance(value := resource.values.get(attribute), str)
        )
        for parameter, kinds in TYPED.items()
    }
    return Vocabulary(tuple(stacks), known(stacks), {key: found for key, found in typed.items() if found})


_CLUSTER, _SERVICE = (("aws_ecs_cluster", "name"),), (("aws_ecs_service", "name"),)
_DATABASE = (("aws_db_instance", "identifier"), ("aws_rds_cluster_instance", "identifier"))
_LOGS = (("aws_cloudwatch_log_group", "name"),)

TYPED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cluster": _CLUSTER,
    "clusters": _CLUSTER,
    "service": _SERVICE,
    "services": _SERVICE,
    "DBInstanceIdentifier": _DATABASE,
    "SourceDBInstanceIdentifier": _DATABASE,
    "DBSubnetGroupName": (("aws_db_subnet_group", "name"),),
    "DBParameterGroupName": (("aws_db_parameter_group", "name"),),
    "ReplicationGroupId": (("aws_elasticache_replication_group", "replication_group_id"),),
    "AlarmNames": (("aws_cloudwatch_metric_alarm", "alarm_name"), ("aws_cloudwatch_composite_alarm", "alarm_name")),
    "logGroupName": _LOGS,
    "logGroupNames": _LOGS,
    "DashboardName": (("aws_cloudwatch_dashboard", "dashboard_name"),),
    "BackupVaultName": (("aws_backup_vault", "name"),),
    "ByBackupVaultName": (("aws_backup_vault", "name"),),
    "repositoryName": (("aws_ecr_repository", "name"),),
    "ScheduledActionNames": (("aws_appautoscaling_scheduled_action", "name"),),
}
"""Parameter of AWS -> the resource types whose names it takes, with the attribute that holds the name."""


def known(stacks: Sequence[Architecture]) -> frozenset[str]:
    """Every text in the stacks: whole, and cut at what separates the parts of an address or an ARN."""
    found: set[str] = set()
    for stack in stacks:
        for resource in stack.resources:
            for text in _texts(dict(resource.values)):
                found.add(text)
                found.update(part for part in re.split(r"[/:\s\"]+", text) if part)
    return frozenset(found)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Unknown) and value.partial is not None:
        yield from _texts(value.partial)


def prefixes(stacks: Sequence[Architecture]) -> tuple[str, ...]:
    """The words with which the stacks' own names begin: the one that most names share, for each stack."""
    found = []
    for stack in stacks:
        names = [
            value
            for resource in stack.resources
            for key, value in resource.values.items()
            if isinstance(value, str) and (key == "name" or key.endswith(("_name", "_identifier", "_id", "identifier")))
        ]
        first = Counter(name.split("-")[0] for name in names if re.fullmatch(r"[a-z][a-z0-9]+(-[a-z0-9-]+)?", name))
        if first and first.most_common(1)[0][1] >= 3:
            found.append(first.most_common(1)[0][0])
    return tuple(dict.fromkeys(found))


# What a name may end in besides: a revision, an id or a moment that AWS or a command appends.
_EXAMPLE = re.compile(
    r"(?:\d{4}-\d\d-\d\d(?:-\d\d-\d\d)?|[0-9a-f]{4,8}(?:-[0-9a-f]{4,12})*|\d{3}|[0-9]{12}(?:-[a-z-]+)?)"
)


def strange(
    text: str, stacks: Sequence[Architecture] | Vocabulary, made: frozenset[str] = frozenset()
) -> list[tuple[str, int]]:
    """The names in a text that look like the stacks' own and are none, with their places; `made` are those that commands make."""
    given = stacks if isinstance(stacks, Vocabulary) else vocabulary(stacks)
    names = given.known | made
    found: list[tuple[str, int]] = []
    for prefix in prefixes(given.stacks):
        pattern = re.compile(
            rf"(?<![\w.@$/{{}}-]){re.escape(prefix)}-[A-Za-z0-9-]*[A-Za-z0-9](?![\w/-]|\.(?:json|html|md|example|png|svg|toml))"
        )
        for match in pattern.finditer(text):
            rest = match[0].removeprefix(f"{prefix}-")
            if match[0] not in names and not _EXAMPLE.fullmatch(rest):
                found.append((match[0], match.start()))
    return found


# Parameters that name one thing of the stack. A name with a slash or a colon is cut as the stack's texts are.
IDENTIFIERS = frozenset({
    "cluster", "clusters", "service", "services", "serviceName", "taskDefinition", "family", "familyPrefix", "AlarmNames",
    "AlarmName",
    "DBInstanceIdentifier", "SourceDBInstanceIdentifier", "DBClusterIdentifier", "DBSubnetGroupName", "DBParameterGroupName",
    "ReplicationGroupId", "logGroupName", "logGroupNames", "logGroupIdentifiers", "ResourceId", "ScheduledActionNames",
    "ScheduledActionName", "Names", "SecretId", "BackupVaultName", "ByBackupVaultName",
    "repositoryName", "DashboardNames", "DashboardName", "FunctionName",
    "DBProxyName", "CacheSubnetGroupName", "PolicyNames", "StackName", "TableName", "StreamName", "QueueName", "Rule", "Bucket",
})  # fmt: skip

# Parameters of a command that gives a name to something new.
_NEW = re.compile(r"New|Target|Final|^(?:Snapshot|DBSnapshotIdentifier|clientToken|CallerReference)")
_MAKES = ("create", "put", "register", "restore", "copy", "import", "start-export")


def made_by(operation: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    """The names that a command gives to something new: `--db-snapshot-identifier` of `create-db-snapshot`."""
    makes, plain = operation.startswith(_MAKES) and operation != "put-secret-value", operation.replace("-", "")
    for key, value in parameters.items():
        noun = re.sub(r"(?:name|identifier|id|arn)s?$", "", key.lower())
        own = (bool(noun) and noun in plain) or key in {"family", "Key", "key"}
        if (makes and own) or _NEW.search(key):
            for text in _plain(value):
                yield text
                yield from re.split(r"[/:]", text)


def unknown_identifiers(
    parameters: Mapping[str, Any], vocabulary: Vocabulary, made: frozenset[str], answers: str
) -> Iterator[tuple[str, str]]:
    """Parameters that name something which neither the stacks nor the page know: parameter and name."""
    names = vocabulary.known
    for key, value in parameters.items():
        if key not in IDENTIFIERS:
            continue
        for text in _plain(value):
            parts = [part for part in re.split(r"[/:]", text) if part and not part.isdigit()]
            typed = vocabulary.typed.get(key)
            whole = text in (typed or names) or text in made
            if whole or not parts or _is_placeholder(text):
                continue
            if typed and not text.startswith("arn:"):
                if not re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", answers) or text in names:
                    yield key, text
                continue
            if text in answers:
                continue
            unknown = [part for part in parts if part not in names and part not in made and part not in answers]
            if unknown and not text.startswith("arn:"):
                yield key, unknown[-1]


def _plain(value: Any) -> Iterator[str]:
    if isinstance(value, str) and "\ue000" not in value:
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, str):
                yield from _plain(item)


def _is_placeholder(text: str) -> bool:
    return bool(re.search(r"<[^>]*>|\.\.\.|…|x{3,}|^7$|YOUR|EXAMPLE", text))
