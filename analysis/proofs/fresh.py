"""FRESH: how old an update may be when a fan sees it, by the lifetimes and waits on its way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from analysis.architecture import Resource, Value
from analysis.demand import poll_interval
from analysis.facts import Scenario, limit
from analysis.proofs.race import per_task_per_s
from analysis.proofs.rule import Rule, Verdict, judged
from analysis.proofs.view import View
from analysis.units import SECONDS, TIME_SUFFIX, time_unit
from analysis.wiring import RequestPath
from analysis.wiring.values import blocks, items, number

PROCESS_CACHE = re.compile(r"CACHE(_TTL)?" + TIME_SUFFIX)
"""A variable whose name ends so keeps answers inside the process, unless gameday.toml names it as that of the shared cache."""


def _undecided(view: View, routes: bool = False) -> Iterator[Verdict]:
    """Why freshness cannot be decided; nothing where it can, or where nothing computes at all."""
    service = view.serving
    if service is None:
        return
    if view.path is None:
        yield judged(service, "task_definition", None, view.no_path)
    elif view.polled is None:
        missing = view.no_polls
        if view.scenario is None:
            missing += "; it names the routes" + ("" if routes else ", the polls and the target")
        yield judged(service, "task_definition", None, missing)


def _edge(view: View) -> Resource | None:
    return view.model.by_address.get(view.path.edge.address) if view.path and view.path.edge else None


def _process_cache(view: View) -> tuple[str, float] | None:
    """A cache within each process, by the container's variables: its name and lifetime in seconds."""
    shared = view.stack.environment.get("cache_ttl_s") if view.stack else None
    found = [
        (name, seconds * SECONDS[time_unit(name, view.units) or "s"])
        for task in view.tasks
        for name, value in task.environment.items()
        if PROCESS_CACHE.search(name) and name != shared and (seconds := number(value))
    ]
    return max(found, key=lambda entry: entry[1], default=None)


def _queue_s(view: View, path: RequestPath, scenario: Scenario) -> tuple[float, str] | None:
    """Mean time in the service at the highest load, wait included, R = S / (1 - u); None without a runtime profile."""
    if view.profile is None:
        return None
    peak = scenario.users(scenario.peak_minute)
    load, each, _ = per_task_per_s(path, scenario, view.profile, peak)
    tasks = float(path.service.tasks_at_start.value)
    busy = load / (tasks * each)
    if busy >= 1:
        return float(
            "inf"
        ), f"an unbounded queue ({load:.0f} requests/s to {tasks:g} tasks that do {tasks * each:.0f}/s)"
    seconds = 1 / each / (1 - busy)
    return seconds, f"{seconds:.3g} s queue ({load:.0f} of {tasks * each:.0f} requests/s)"


def _ages(view: View, path: RequestPath, scenario: Scenario, rounding_s: float) -> Iterator[Verdict]:
    interval = poll_interval(path, scenario)
    target = scenario.freshness_target_s.at()
    for route in scenario.routes:
        if not route.live:
            continue
        parts = [(float(interval.value), f"{float(interval.value):g} s poll")]
        place, attribute = view.model.by_address[path.service.address], "task_definition"
        edge = _edge(view)
        if path.edge is not None and edge is not None:
            behaviour = path.edge.behaviour(route.path)
            parts.append((behaviour.ttl_s, f"{behaviour.ttl_s:g} s edge ({behaviour.pattern})"))
            if behaviour.ttl_s and rounding_s:
                parts.append((rounding_s, f"{rounding_s:g} s because ages count whole seconds"))
            place, attribute = edge, "ordered_cache_behavior"
        if path.cache is not None and not route.writes:
            through = ", written through" if path.cache.written_through else ""
            parts.append((path.cache.age_s, f"{path.cache.age_s:g} s shared cache{through}"))
        inside = _process_cache(view)
        if inside is not None:
            parts.append((inside[1], f"{inside[1]:g} s in each process ({inside[0]})"))
        queue = _queue_s(view, path, scenario)
        if queue is None:
            yield judged(
                place,
                attribute,
                None,
                f"{route.path}: no runtime profile is named in gameday.toml, so the queue is not known",
            )
            continue
        parts.append(queue)
        total = sum(seconds for seconds, _ in parts)
        holds = total <= target
        yield judged(
            place,
            attribute,
            holds,
            f"{route.path}: {' + '.join(said for _, said in parts)} = {total:.3g} s {'<=' if holds else '>'} {target:g} s",
        )


def ages(view: View) -> Iterator[Verdict]:
    """Poll, lifetimes and queue of each live route add up to the target at most."""
    yield from _undecided(view)
    if view.path is not None and view.polled is not None:
        yield from _ages(view, view.path, view.polled, 0.0)


def rounded_ages(view: View) -> Iterator[Verdict]:
    """The same if the edge counts ages in whole seconds."""
    if view.path is not None and view.polled is not None and _edge(view) is not None:
        yield from _ages(view, view.path, view.polled, limit("cloudfront.age_rounding_s").at())


def private(view: View) -> Iterator[Verdict]:
    """The edge keeps no answer that is one person's."""
    edge = _edge(view)
    if view.path is None or view.path.edge is None or edge is None:
        return
    if view.polled is None:
        yield from _undecided(view, routes=True)
        return
    for route in view.polled.routes:
        if not route.shared and not route.writes:
            behaviour = view.path.edge.behaviour(route.path)
            yield judged(
                edge,
                "ordered_cache_behavior",
                behaviour.ttl_s == 0,
                f"{route.path} is personal; behaviour {behaviour.pattern} keeps answers for {behaviour.ttl_s:g} s",
            )


def _behaviour_blocks(edge: Resource) -> Iterator[tuple[str, Mapping[str, Value]]]:
    for block in blocks(edge.values.get("ordered_cache_behavior")):
        yield str(block.get("path_pattern")), block
    for block in blocks(edge.values.get("default_cache_behavior")):
        yield "*", block


def methods(view: View) -> Iterator[Verdict]:
    """The edge lets the method of each route through."""
    edge = _edge(view)
    if view.path is None or view.path.edge is None or edge is None or view.polled is None:
        return
    allowed = {pattern: items(block.get("allowed_methods")) for pattern, block in _behaviour_blocks(edge)}
    for route in view.polled.routes:
        pattern = view.path.edge.behaviour(route.path).pattern
        listed = allowed.get(pattern, ())
        yield judged(
            edge,
            "ordered_cache_behavior",
            route.method in listed,
            f"{route.method} {route.path}: behaviour {pattern} allows {', '.join(str(m) for m in listed)}",
        )


def kept_errors(view: View) -> Iterator[Verdict]:
    """An error of the service is not kept for longer than an answer may be old."""
    edge = _edge(view)
    if edge is None or view.polled is None:
        return
    target = view.polled.freshness_target_s.at()
    named = {int(number(b.get("error_code")) or 0): b for b in blocks(edge.values.get("custom_error_response"))}
    for code in (500, 502, 503, 504):
        block = named.get(code)
        # 10 s where nothing is said:
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html#HTTPStatusCodes-cached-errors
        given = number(block.get("error_caching_min_ttl")) if block else None
        seconds = 10.0 if given is None else given
        yield judged(
            edge,
            "custom_error_response",
            seconds <= target,
            f"an answer {code} is kept for {seconds:g} s{'' if given is not None else ' (default)'}; the target is {target:g} s",
        )


def compressed(view: View) -> Iterator[Verdict]:
    """A compressed answer is what goes out where the edge keeps one."""
    edge = _edge(view)
    if edge is None:
        return
    for pattern, block in _behaviour_blocks(edge):
        yield judged(
            edge,
            "ordered_cache_behavior" if pattern != "*" else "default_cache_behavior",
            block.get("compress") is True,
            f"behaviour {pattern}: compress is {str(block.get('compress') is True).lower()}",
        )


RULES = (
    Rule(
        "FRESH-01",
        "error",
        "Poll + edge + shared cache + process + queue <= the freshness target",
        "Shorten the longest of them; a poll or a lifetime is a variable, a queue needs more tasks.",
        ages,
    ),
    Rule(
        "FRESH-02",
        "warning",
        "The same where the edge counts ages in whole seconds",
        "Leave a second for the rounding, or say in a waiver what was measured.",
        rounded_ages,
    ),
    Rule(
        "FRESH-03",
        "error",
        "The edge keeps no personal answer",
        "Give the path a behaviour with the policy CachingDisabled.",
        private,
    ),
    Rule(
        "FRESH-04",
        "error",
        "The edge lets the method of each route through",
        "Add the method to allowed_methods of the path's behaviour.",
        methods,
    ),
    Rule(
        "FRESH-05",
        "warning",
        "An error is not kept for longer than an answer may be old",
        "Add custom_error_response with error_caching_min_ttl at most the target.",
        kept_errors,
    ),
    Rule("FRESH-06", "warning", "The edge compresses", "Set compress = true.", compressed),
)
