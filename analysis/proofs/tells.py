"""TELLS: whether what alarms or events say reaches somebody, hop by hop; and whether alarms are quiet where nothing fails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analysis import alarms
from analysis.alarms import Alarm, Metric, expressions
from analysis.alarms.definitions import PAGE, severity
from analysis.alarms.semantics import COMPARISONS
from analysis.architecture import Resource, Unknown, Value
from analysis.premortem import PUBLISHED
from analysis.proofs.rule import Rule, Verdict, judged
from analysis.proofs.view import View
from analysis.wiring.policies import names_action, statements
from analysis.wiring.values import blocks, items

ALARMS: Final = ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")
TOPIC: Final = "aws_sns_topic"
SUBSCRIPTION: Final = "aws_sns_topic_subscription"

ACTS: Final = {
    "aws_cloudwatch_composite_alarm": "is a part of",
    "aws_ecs_service": "stops a deployment of",
    "aws_codedeploy_deployment_group": "stops a deployment of",
    "aws_appconfig_environment": "stops a deployment of",
    "aws_autoscaling_group": "stops a refresh of",
    "aws_route53_health_check": "decides for",
}
"""What an alarm without an action of its own may be for, by the type of resource that names it."""

READ_LATER: Final = {"email", "email-json", "chat"}
"""How a topic is received where no telephone rings."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """A service of AWS that sends to a topic: by which resources, in which of their arguments, and what it cannot meet.

    `by_default` says whether a topic without a policy admits it, `conditions` whether it meets a condition on its source.
    """

    service: str
    types: tuple[str, ...]
    argument: str
    by_default: bool
    conditions: bool


PUBLISHERS: Final = (
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    Publisher("cloudwatch.amazonaws.com", ALARMS, "alarm_actions", by_default=True, conditions=True),
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    Publisher("events.amazonaws.com", ("aws_cloudwatch_event_target",), "arn", by_default=False, conditions=False),
    # https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
    Publisher("budgets.amazonaws.com", ("aws_budgets_budget",), "notification", by_default=False, conditions=True),
)


def an_action(view: View) -> Iterator[Verdict]:
    """An alarm that goes off does something: it tells a topic, stops a deployment, scales, or is a part of another alarm."""
    for alarm in view.model.of_type(*ALARMS):
        actions = items(alarm.values.get("alarm_actions"))
        if alarm.values.get("actions_enabled") is False:
            yield judged(
                alarm, "actions_enabled", False, "actions_enabled is false: it changes its state and does nothing"
            )
        elif actions:
            yield judged(alarm, "alarm_actions", True, f"{_count(actions, 'action')} when it goes off")
        else:
            purpose = _purpose(view, alarm)
            yield judged(
                alarm, "alarm_actions", bool(purpose), purpose or "it has no alarm_actions, and nothing refers to it"
            )


def _purpose(view: View, alarm: Resource) -> str:
    """What an alarm without actions is for, by what names it; empty where nothing does."""
    name = alarm.values.get("alarm_name")
    for other in view.model.of_type(*ACTS):
        named = (
            isinstance(name, str) and isinstance(rule := other.values.get("alarm_rule"), str) and f'"{name}"' in rule
        )
        if other is not alarm and (named or other in view.references.referring(alarm, other.type)):
            return f"it {ACTS[other.type]} {other.address}"
    return ""


def _sent(view: View) -> Iterator[tuple[Resource, Mapping[Publisher, list[Resource]]]]:
    """The topics of the stack that something publishes to, each with what does, by service."""
    found: dict[str, dict[Publisher, list[Resource]]] = {}
    for publisher in PUBLISHERS:
        for sender in view.model.of_type(*publisher.types):
            for topic in _topics(view, sender, publisher.argument):
                found.setdefault(topic.address, {}).setdefault(publisher, []).append(sender)
    for address, senders in found.items():
        yield view.model.by_address[address], senders


def _topics(view: View, sender: Resource, argument: str) -> list[Resource]:
    """The topics that an argument stands for; one that only decided which is none of them."""
    standing = [r for r in view.references.behind(sender.values.get(argument)) if r.type == TOPIC]
    return standing or view.references.linked(sender, argument, TOPIC)


def admitted(view: View) -> Iterator[Verdict]:
    """A topic's policy lets those publish that send to it."""
    for topic, senders in _sent(view):
        place, attribute, policy = topic, "policy", topic.values.get("policy")
        for own in view.references.about(topic, "arn", "aws_sns_topic_policy"):
            place, policy = own, own.values.get("policy")
        for publisher, sending in senders.items():
            if policy is None:
                said = f"{topic.address} has no policy, which admits CloudWatch's alarms of the account and nobody else"
                holds: bool | None = publisher.by_default
            else:
                holds, said = _lets_in(policy, publisher, "sns:Publish")
            yield judged(place, attribute, holds, f"{_senders(publisher, sending)}; {said}")


def decrypted(view: View) -> Iterator[Verdict]:
    """The key of an encrypted topic lets in those who send to it."""
    for topic, senders in _sent(view):
        name = topic.values.get("kms_master_key_id")
        if name in (None, ""):
            continue
        keys = [
            r for r in view.references.linked(topic, "kms_master_key_id") if r.type in {"aws_kms_key", "aws_kms_alias"}
        ]
        keys = [
            k
            for r in keys
            for k in ([r] if r.type == "aws_kms_key" else view.references.linked(r, "target_key_id", "aws_kms_key"))
        ]
        for publisher, sending in senders.items():
            who = _senders(publisher, sending)
            if isinstance(name, str) and name.endswith("alias/aws/sns"):
                said = "the key is AWS's own for SNS, whose policy admits no service and cannot be changed"
                yield judged(topic, "kms_master_key_id", False, f"{who}; {said}")
                continue
            if not keys:
                yield judged(topic, "kms_master_key_id", None, f"{who}; the policy of its key is not in this stack")
                continue
            key = keys[0]
            place, policy = key, key.values.get("policy")
            for own in view.references.about(key, "key_id", "aws_kms_key_policy"):
                place, policy = own, own.values.get("policy")
            if policy is None:
                yield judged(
                    key, "policy", False, f"{who}; {key.address} has AWS's default policy, which admits no service"
                )
                continue
            holds, said = _lets_in(policy, publisher, "kms:GenerateDataKey", "kms:Decrypt")
            yield judged(place, "policy", holds, f"{who}; {said}")


def _lets_in(policy: Value, publisher: Publisher, *actions: str) -> tuple[bool | None, str]:
    """Whether a resource's policy lets a service do `actions`, None where that cannot be read, and what was found."""
    found = statements(policy)
    if found is None:
        return None, "its policy cannot be read"
    barred = ""
    for action in actions:
        allowing = [
            s
            for s in found
            if s.get("Effect") == "Allow" and names_action(s, action) and _admits(s.get("Principal"), publisher.service)
        ]
        if not any(publisher.conditions or not s.get("Condition") for s in allowing):
            barred = action
            if allowing:
                keys = sorted(
                    {str(key) for s in allowing for test in blocks(s.get("Condition")) for key in _keys(test)}
                )
                return (
                    False,
                    f"{action} is allowed under a condition ({', '.join(keys)}) that {publisher.service} cannot meet",
                )
            break
    if barred:
        return False, f"no statement of the policy allows {publisher.service} {barred}"
    return True, f"the policy allows {publisher.service} {' and '.join(actions)}"


def _keys(test: Mapping[str, Value]) -> Iterator[str]:
    for inner in test.values():
        if isinstance(inner, Mapping):
            yield from inner


def _admits(principal: Value, service: str) -> bool:
    if isinstance(principal, Mapping):
        return service in items(principal.get("Service")) or any("*" in items(v) for v in principal.values())
    return bool(principal == "*")


def received(view: View) -> Iterator[Verdict]:
    """A topic that something sends to has a subscription."""
    for topic, _ in _sent(view):
        protocols = _protocols(view, topic)
        said = f"subscriptions: {', '.join(protocols)}" if protocols else "no subscription in this stack"
        waiting = "; an e-mail address gets nothing before it confirms" if "email" in protocols else ""
        yield judged(topic, "name", bool(protocols), said + waiting)


def _protocols(view: View, topic: Resource) -> list[str]:
    """How a topic is received, in order: the protocols of its subscriptions, and what else listens to it."""
    found = [str(s.values.get("protocol")) for s in view.references.about(topic, "topic_arn", SUBSCRIPTION)]
    for kind in ("aws_chatbot_slack_channel_configuration", "aws_chatbot_teams_channel_configuration"):
        found += ["chat" for _ in view.references.about(topic, "sns_topic_arns", kind)]
    return sorted(set(found))


def awake(view: View) -> Iterator[Verdict]:
    """What wakes somebody goes to a pager: a topic that alarms of severity `page` tell is received by more than e-mail."""
    for topic, senders in _sent(view):
        paging = [a for sending in senders.values() for a in sending if a.type in ALARMS and severity(a) == PAGE]
        protocols = _protocols(view, topic)
        if paging and protocols:
            loud = sorted(set(protocols) - READ_LATER)
            said = f"{_count(paging, 'alarm')} of severity {PAGE}; it goes out by {', '.join(protocols)}"
            yield judged(topic, "name", bool(loud), said)


def linked(view: View) -> Iterator[Verdict]:
    """The text of an alarm of severity `page` carries the address of what to do."""
    for alarm in view.model.of_type(*ALARMS):
        if severity(alarm) == PAGE:
            text = alarm.values.get("alarm_description")
            address = re.search(r"https?://[^\s)>]+", text) if isinstance(text, str) else None
            holds = None if isinstance(text, Unknown) else address is not None
            yield judged(alarm, "alarm_description", holds, address[0] if address else "its text names no address")


def stopped(view: View) -> Iterator[Verdict]:
    """An alarm on a replica's lag goes off when replication stops: RDS then reports -1, which is no long lag.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_MySQL.Replication.ReadReplicas.Monitoring.html
    """
    lag = [a for a in alarms.read(view.model).metric if all(m.name == "ReplicaLag" for _, m in a.queries)]
    for replica in view.model.of_type("aws_db_instance"):
        watching = [a for a in lag if all(_watches(view, m, replica) for _, m in a.queries)]
        if watching and replica.values.get("replicate_source_db") is not None:
            loud = [a for a in watching if _goes_off_at(a, -1.0)]
            said = f"{loud[0].address} goes off at -1 s" if loud else "no alarm on its ReplicaLag goes off at -1 s"
            yield judged(view.model.by_address[(loud or watching)[0].address], "threshold", bool(loud), said)


def quiet(view: View) -> Iterator[Verdict]:
    """An alarm whose metric the scenario's hours decide does not ring in them, where nothing fails."""
    own = view.stack.metrics if view.stack else {}
    decided = [
        alarm
        for alarm in alarms.read(view.model).metric
        if all((m.namespace, m.name) in PUBLISHED or m.name in own for _, m in alarm.queries)
    ]
    if view.hours is None:
        for alarm in decided[:1]:
            yield judged(view.model.by_address[alarm.address], "threshold", None, view.no_hours)
        return
    trouble = view.hours.trouble()
    for answer in view.hours.answers():
        over = f"over the hours of {view.hours.found.scenario}"
        said = f"what it watches comes to {_shown(answer.extreme)} {over}; its threshold is {_shown(answer.alarm.threshold)}"
        holds: bool | None = not answer.minutes
        if answer.minutes:
            said = f"{said}, and it rings for {answer.minutes} min"
        if answer.minutes and trouble:
            holds, said = None, f"{said}; but {trouble}, so it may have reason to"
        yield judged(view.model.by_address[answer.alarm.address], "threshold", holds, said)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _watches(view: View, metric: Metric, database: Resource) -> bool:
    value = dict(metric.dimensions).get("DBInstanceIdentifier")
    if isinstance(value, Unknown):
        return database in view.references.behind(value)
    return value is not None and bool(value == database.values.get("identifier"))


def _goes_off_at(alarm: Alarm, value: float) -> bool:
    """Whether the alarm's datapoint breaches while each of its metrics has `value`."""
    windows = {name: (value,) for name, _ in alarm.queries}
    point: float | None = value
    if alarm.expression is not None:
        (point,) = expressions.value(alarm.expression, windows, alarm.period_s, tuple(windows))
    return point is not None and COMPARISONS[alarm.comparison](point, alarm.threshold)


def _senders(publisher: Publisher, sending: Sequence[Resource]) -> str:
    noun = "alarm" if sending[0].type in ALARMS else sending[0].type.removeprefix("aws_cloudwatch_").replace("_", " ")
    return (
        f"{_count(sending, noun)} of {publisher.service} tell it"
        if len(sending) > 1
        else f"{sending[0].address} tells it"
    )


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


RULES: Final = (
    Rule(
        "TELLS-01",
        "error",
        "An alarm that goes off does something",
        "Name a topic in alarm_actions, or take the alarm away.",
        an_action,
    ),
    Rule(
        "TELLS-02",
        "error",
        "A topic admits those who publish to it",
        "Allow the service sns:Publish in the topic's policy; for EventBridge without a condition.",
        admitted,
    ),
    Rule(
        "TELLS-03",
        "error",
        "The key of an encrypted topic admits those who publish to it",
        "Use a key of your own whose policy allows the service kms:Decrypt and kms:GenerateDataKey*; "
        "for EventBridge without a condition.",
        decrypted,
    ),
    Rule(
        "TELLS-04",
        "warning",
        "A topic that something publishes to is received",
        "Add a subscription, and confirm it.",
        received,
    ),
    Rule(
        "TELLS-05",
        "warning",
        "Pages go to a pager, not to e-mail alone",
        "Subscribe a paging service by https, or an incident manager.",
        awake,
    ),
    Rule(
        "TELLS-06",
        "warning",
        "A page says where its runbook is",
        "Put the runbook's address into alarm_description.",
        linked,
    ),
    Rule(
        "TELLS-07",
        "warning",
        "A replica that stopped is noticed",
        "Let the alarm go off below zero too: RDS reports a lag of -1 while replication stands still.",
        stopped,
    ),
    Rule(
        "TELLS-08",
        "error",
        "An alarm is quiet in hours in which nothing fails",
        "Set the threshold above what the hours reach, with a margin, or change what makes them reach it.",
        quiet,
    ),
)
