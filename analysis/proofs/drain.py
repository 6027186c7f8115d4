"""DRAIN: whether what is in flight survives a deployment and a quiet minute.

The order that holds: heartbeat < the edge's read timeout < the balancer's idle timeout < the service's keep-alive;
request <= deregistration delay; request <= stop timeout <= 120 s.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-connection-draining.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import floor

from analysis.architecture import Resource, Unknown, Value
from analysis.facts import limit
from analysis.proofs.rule import Rule, Verdict, judged
from analysis.proofs.start import balanced, balancers
from analysis.proofs.view import View
from analysis.units import TIME_SUFFIX
from analysis.wiring.tasks import HEARTBEAT, REQUEST_TIMEOUT, in_seconds
from analysis.wiring.values import blocks, number

STOP_DEFAULT_S, STOP_MOST_S = 30.0, 120.0
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (stopTimeout)"""
EDGE_KEEP_ALIVE_S, EDGE_READ_S = 5.0, 30.0
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html"""

KEEP_ALIVE = re.compile(r"KEEP_?ALIVE(_TIMEOUT)?" + TIME_SUFFIX)


def _request_s(view: View) -> tuple[float, str]:
    """The longest that a request may last, and who says so."""
    if view.scenario is not None:
        return view.scenario.client["timeout_s"].at(), "the clients' timeout of the scenario"
    return view.threshold("request_s"), "assumed, as no scenario is given"


def deregistration(view: View) -> Iterator[Verdict]:
    """A leaving task may finish the longest request."""
    request, who = _request_s(view)
    for task, _, target in balanced(view):
        if target is None:
            yield judged(task.service, "load_balancer", None, "its target group is not part of this stack")
            continue
        value = target.values.get("deregistration_delay")
        delay = limit("alb.deregistration_delay_s").at() if value is None else number(value)
        holds = None if delay is None else delay >= request
        shown = "not known" if delay is None else f"{delay:g} s"
        yield judged(
            target,
            "deregistration_delay",
            holds,
            f"deregistration delay {shown}, longest request {request:g} s ({who})",
        )


def stop(view: View) -> Iterator[Verdict]:
    """After SIGTERM a task has the time of the longest request, and no more than AWS allows."""
    request, who = _request_s(view)
    for task in view.tasks:
        if task.definition is None:
            continue
        for container in task.containers or ():
            value = container.get("stopTimeout")
            given = STOP_DEFAULT_S if value is None else number(value)
            name = container.get("name")
            if given is None:
                yield judged(task.definition, "container_definitions", None, f"stopTimeout of {name} is not known")
                continue
            said = (
                f"stopTimeout of {name} is {given:g} s{' (default)' if value is None else ''}, "
                f"longest request {request:g} s ({who}), most {STOP_MOST_S:g} s"
            )
            yield judged(task.definition, "container_definitions", request <= given <= STOP_MOST_S, said)


def _idle(view: View) -> Iterator[tuple[Resource, float | None, list[Mapping[str, Value]], Resource | None]]:
    """Each balancer behind which tasks stand: its idle timeout, and the settings of the edge's origins that lead to it."""
    edge = view.model.by_address.get(view.path.edge.address) if view.path and view.path.edge else None
    main = view.path.balancer.address if view.path and view.path.balancer else None
    seen = set()
    for _, _, target in balanced(view):
        for balancer in balancers(view, target) if target is not None else []:
            if balancer.address in seen:
                continue
            seen.add(balancer.address)
            value = balancer.values.get("idle_timeout")
            idle = limit("alb.idle_timeout_s").at() if value is None else number(value)
            origins: list[Mapping[str, Value]] = []
            if edge is not None and balancer.address == main:
                origins = [b for o in blocks(edge.values.get("origin")) for b in blocks(o.get("custom_origin_config"))]
            yield balancer, idle, origins, edge


def idle_behind_edge(view: View) -> Iterator[Verdict]:
    """The balancer keeps an idle connection for longer than the edge does, so that the side that opened it closes it."""
    for balancer, idle, origins, edge in _idle(view):
        for origin in origins:
            for name, key, default in (
                ("keeps an idle connection for", "origin_keepalive_timeout", EDGE_KEEP_ALIVE_S),
                ("waits for an answer for", "origin_read_timeout", EDGE_READ_S),
            ):
                seconds = number(origin.get(key))
                seconds = default if seconds is None else seconds
                holds = None if idle is None else idle > seconds
                yield judged(
                    balancer,
                    "idle_timeout",
                    holds,
                    f"{edge.address if edge else 'the edge'} {name} {seconds:g} s, the "
                    f"balancer's idle timeout is {'not known' if idle is None else f'{idle:g} s'}",
                )


def keep_alive(view: View) -> Iterator[Verdict]:
    """The service keeps an idle connection for longer than the balancer does, else requests meet a closing one (502)."""
    for balancer, idle, _, _ in _idle(view):
        for task, _, target in balanced(view):
            if target is None or balancer not in balancers(view, target):
                continue
            given = [
                (n, s)
                for n, v in sorted(task.environment.items())
                if KEEP_ALIVE.search(n) and (s := in_seconds(n, v, view.units)) is not None
            ]
            if given and idle is not None:
                name, kept = given[0]
                yield judged(
                    task.place,
                    "container_definitions",
                    kept > idle,
                    f"{name} is {kept:g} s, {balancer.address} keeps idle connections for {idle:g} s",
                )
            elif view.profile is not None and not view.profile.keep_alive:
                yield judged(
                    task.place,
                    "container_definitions",
                    True,
                    f"{view.profile.title}: it closes each connection after its answer, so none is idle",
                )
            else:
                yield judged(
                    task.place,
                    "container_definitions",
                    None,
                    "no variable of the container says for how long it keeps idle connections (KEEP_ALIVE_TIMEOUT_S)",
                )


def streams(view: View) -> Iterator[Verdict]:
    """A stream's heartbeat comes before anything on the way takes it for idle."""
    for balancer, idle, origins, _ in _idle(view):
        for task, _, target in balanced(view):
            if target is None or balancer not in balancers(view, target) or idle is None:
                continue
            for name, value in sorted(task.environment.items()):
                interval = in_seconds(name, value, view.units)
                if interval is None or not HEARTBEAT.search(name):
                    continue
                reads = [number(o.get("origin_read_timeout")) or EDGE_READ_S for o in origins]
                least = min([idle, *reads])
                yield judged(
                    task.place,
                    "container_definitions",
                    interval < least,
                    f"{name} is {interval:g} s, the shortest timeout on the way {least:g} s",
                )


def stays_up(view: View) -> Iterator[Verdict]:
    """A deployment starts new tasks before it stops old ones, and never stops the last."""
    for task, _, _ in balanced(view):
        values = task.service.values
        low, high = values.get("deployment_minimum_healthy_percent"), values.get("deployment_maximum_percent")
        if isinstance(low, Unknown) or isinstance(high, Unknown):
            yield judged(
                task.service,
                "deployment_minimum_healthy_percent",
                None,
                "the deployment's percents are known only after apply",
            )
            continue
        least = limit("ecs.deployment.minimum_healthy_percent").at() if low is None else number(low) or 0.0
        most = limit("ecs.deployment.maximum_percent").at() if high is None else number(high) or 0.0
        tasks = number(values.get("desired_count")) or 1.0
        extra = floor(tasks * most / 100) - tasks
        yield judged(
            task.service,
            "deployment_minimum_healthy_percent",
            least >= 100 and extra >= 1,
            f"at least {least:g} % of {tasks:g} tasks stay, and {most:g} % allow {extra:g} more beside them",
        )


def request_timeout(view: View) -> Iterator[Verdict]:
    """The service gives a request up before the balancer does."""
    for balancer, idle, _, _ in _idle(view):
        for task, _, target in balanced(view):
            if target is None or balancer not in balancers(view, target) or idle is None:
                continue
            for name, value in sorted(task.environment.items()):
                limit_s = in_seconds(name, value, view.units)
                if limit_s is not None and REQUEST_TIMEOUT.search(name):
                    yield judged(
                        task.place,
                        "container_definitions",
                        limit_s < idle,
                        f"{name} is {limit_s:g} s, the balancer's idle timeout {idle:g} s",
                    )


def _readers(view: View) -> Iterator[tuple[Resource, Resource, float, float]]:
    """Each queue with a function that reads it, for how long the queue hides a message, and how long the function may take."""
    for mapping in view.model.of_type("aws_lambda_event_source_mapping"):
        queues = view.references.linked(mapping, "event_source_arn", "aws_sqs_queue")
        called = view.references.linked(mapping, "function_name", "aws_lambda_function", "aws_lambda_alias")
        functions = [
            function
            for one in called
            for function in (
                [one]
                if one.type == "aws_lambda_function"
                else view.references.linked(one, "function_name", "aws_lambda_function")
            )
        ]
        for queue in queues:
            for function in functions:
                hidden_s = number(queue.values.get("visibility_timeout_seconds"))
                timeout_s = number(function.values.get("timeout"))
                yield queue, function, 30.0 if hidden_s is None else hidden_s, 3.0 if timeout_s is None else timeout_s


def redelivery(view: View) -> Iterator[Verdict]:
    """A queue hides a message for six times the timeout of the function that reads it, as AWS advises."""
    for queue, function, hidden_s, timeout_s in _readers(view):
        yield judged(
            queue,
            "visibility_timeout_seconds",
            hidden_s >= 6 * timeout_s,
            f"hidden for {hidden_s:g} s, 6 x {timeout_s:g} s of {function.address} = {6 * timeout_s:g} s",
        )


def hidden_while_read(view: View) -> Iterator[Verdict]:
    """A queue hides a message at least as long as its reader may take: Lambda refuses to read it otherwise."""
    for queue, function, hidden_s, timeout_s in _readers(view):
        yield judged(
            queue,
            "visibility_timeout_seconds",
            hidden_s >= timeout_s,
            f"hidden for {hidden_s:g} s, {function.address} may take {timeout_s:g} s",
        )


RULES = (
    Rule(
        "DRAIN-01",
        "error",
        "A leaving task may finish its requests: request <= deregistration delay",
        "Set deregistration_delay to at least the longest request.",
        deregistration,
    ),
    Rule(
        "DRAIN-02",
        "error",
        "A stopping task has the time to finish: request <= stop timeout <= 120 s",
        "Set stopTimeout between the longest request and 120 s.",
        stop,
    ),
    Rule(
        "DRAIN-03",
        "error",
        "The edge closes a connection before the balancer does",
        "Set idle_timeout above the edge's keep-alive and read timeouts.",
        idle_behind_edge,
    ),
    Rule(
        "DRAIN-04",
        "error",
        "The balancer closes a connection before the service does",
        "Set the service's keep-alive above the balancer's idle timeout, and name it in a variable of the container.",
        keep_alive,
    ),
    Rule(
        "DRAIN-05",
        "error",
        "Streams send a heartbeat before anything calls them idle",
        "Send heartbeats more often, or raise the timeouts on the way.",
        streams,
    ),
    Rule(
        "DRAIN-06",
        "error",
        "A deployment starts new tasks before it stops old ones",
        "Set deployment_minimum_healthy_percent = 100 and a maximum that leaves room for one more task.",
        stays_up,
    ),
    Rule(
        "DRAIN-07",
        "error",
        "The service gives a request up before the balancer does",
        "Set the service's request timeout below the balancer's idle timeout.",
        request_timeout,
    ),
    Rule(
        "DRAIN-08",
        "warning",
        "A queue hides a message for six times its reader's timeout",
        "Set visibility_timeout_seconds to six times the function's timeout.",
        redelivery,
    ),
    Rule(
        "DRAIN-09",
        "error",
        "A queue hides a message as long as its reader may take",
        "Set visibility_timeout_seconds to the function's timeout at least, better to six times that.",
        hidden_while_read,
    ),
)
