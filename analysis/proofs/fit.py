"""FIT: whether what is configured fits into what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network
from math import ceil

from analysis.architecture import Location, Resource, Unknown, Value
from analysis.facts import instance, limit
from analysis.proofs.rule import Rule, Verdict, judged, requires
from analysis.proofs.start import STORES
from analysis.proofs.view import View
from analysis.units import Given
from analysis.wiring.values import blocks, first_block, items, number

POOL = re.compile(r"(?<!REDIS_)(?<!CACHE_)POOL(_MAX|_SIZE|_MAX_SIZE)?$|DB_MAX_CONNECTIONS$")
CACHE_POOL = re.compile(r"(REDIS|CACHE)_(POOL(_SIZE|_MAX)?|MAX_CONNECTIONS)$")
WORKERS = re.compile(r"(^|_)(WORKERS|WEB_CONCURRENCY)$")

RESERVED_ADDRESSES = 5
"""Of every subnet: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"""
BALANCER_ADDRESSES = 8
"""Free in each subnet of an Application Load Balancer:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer"""


def _whole(view: View, why: str) -> Verdict:
    """The verdict on a stack whose question cannot be put."""
    return Verdict("undecidable", view.model.stack, Location("."), why)


def _from_environment(view: View, pattern: re.Pattern[str]) -> Given | None:
    """The number in the first of the containers' variables whose name matches."""
    for task in view.tasks:
        for name, value in sorted(task.environment.items()):
            found = number(value)
            if pattern.search(name) and found is not None:
                return Given(name, found, "", str(task.place.location("container_definitions")))
    return None


def _deployed(view: View) -> tuple[float, float, str] | None:
    """The most tasks, the deployment percent, and both in words."""
    if view.path is None:
        return None
    tasks, percent = float(view.path.service.tasks_at_most.value), float(view.path.service.maximum_percent.value)
    return tasks, percent, f"{tasks:g} tasks x {percent:g} %"


def connections(view: View) -> Iterator[Verdict]:
    """The pools of all tasks, old and new during a deployment, stay within four fifths of the database's connections."""
    databases = [*view.model.of_type("aws_db_instance", "aws_rds_cluster")]
    if not view.tasks or not databases:
        return
    if view.path is None or view.path.database is None:
        yield _whole(view, view.no_path or "no database can be found behind the service")
        return
    database = view.model.by_address[view.path.database.address]
    pool = view.path.pool_size or _from_environment(view, POOL)
    profile = view.profile
    if pool is None and profile is not None and profile.connections == "per_slot":
        workers = view.path.workers or Given("workers", profile.workers, "worker", profile.name)
        pool = Given(f"one connection for each of {workers.value} workers", float(workers.value), "", workers.origin)
    accepted = view.path.database.connections
    deployed = _deployed(view)
    if pool is None or accepted is None or deployed is None:
        why = (
            "no variable of the container holds the size of its pool"
            if pool is None
            else "the database's max_connections is not known"
        )
        yield judged(
            database,
            "parameter_group_name",
            None,
            f"{why}; name it under pool_size in gameday.toml" if pool is None else why,
        )
        return
    share = limit("rds.pool_budget_share").at()
    tasks, percent, words = deployed
    needed, budget = tasks * percent / 100 * float(pool.value), share * accepted.value
    through = ""
    if view.path.database.proxy:
        proxied = next(
            (
                number(b.get("max_connections_percent"))
                for g in view.model.of_type("aws_db_proxy_default_target_group")
                for b in blocks(g.values.get("connection_pool_config"))
            ),
            None,
        )
        percent_of = 100.0 if proxied is None else proxied
        needed = accepted.value * percent_of / 100
        words, through = f"proxy takes {percent_of:g} % of {accepted.value:g}", " (the tasks' pools end at the proxy)"
        sign = f"{words} = {needed:g}"
    else:
        sign = f"{words} x {float(pool.value):g} connections = {needed:g}"
    holds = needed <= budget
    said = (
        f"{sign} {'<=' if holds else '>'} {100 * share:g} % of {accepted.value:g} = {budget:g}{through}; "
        f"{pool.name} at {pool.origin}, max_connections from {accepted.formula} at {accepted.origin}"
    )
    yield judged(
        database,
        "parameter_group_name" if "parameter_group_name" in database.locations else "instance_class",
        holds,
        said,
    )


def cache_connections(view: View) -> Iterator[Verdict]:
    """The same for the shared cache."""
    for cache in view.model.of_type("aws_elasticache_replication_group", "aws_elasticache_cluster"):
        if not view.tasks:
            return
        pool, deployed = _from_environment(view, CACHE_POOL), _deployed(view)
        per_task = "connections"
        if pool is None and view.path is not None and view.path.workers is not None:
            # Without a variable a client keeps one connection for each worker process at least; that is the least it can be.
            pool, per_task = view.path.workers, "workers with one connection each"
        if pool is None or deployed is None:
            yield judged(
                cache,
                "node_type",
                None,
                "no variable of the container says how many connections a task holds to the cache",
            )
            continue
        tasks, percent, words = deployed
        most, share = limit("redis.max_clients").at(), limit("rds.pool_budget_share").at()
        needed = tasks * percent / 100 * float(pool.value)
        holds = needed <= share * most
        yield judged(
            cache,
            "node_type",
            holds,
            f"{words} x {float(pool.value):g} {per_task} = {needed:g} "
            f"{'<=' if holds else '>'} {100 * share:g} % of {most:g} = {share * most:g}",
        )


def _free(cidr: Value) -> int | None:
    """The addresses that a subnet has for its tenants; None where its range is not known or is none."""
    try:
        return ip_network(cidr, strict=False).num_addresses - RESERVED_ADDRESSES if isinstance(cidr, str) else None
    except ValueError:
        return None


def addresses(view: View) -> Iterator[Verdict]:
    """Each subnet has an address for every task, endpoint, balancer, database and cache node that may stand in it."""
    deployed = _deployed(view)
    for subnet in view.model.of_type("aws_subnet"):
        uses: list[tuple[str, int]] = []
        blind = False
        for task in view.tasks:
            inside = [
                s
                for b in blocks(task.service.values.get("network_configuration"))
                for s in view.network.subnets_of(b.get("subnets"))
            ]
            if subnet in inside:
                if deployed is None:
                    blind = True
                else:
                    tasks, percent, words = deployed
                    uses.append((f"{words} over {len(inside)} subnets", ceil(tasks * percent / 100 / len(inside))))
        endpoints = [
            e
            for e in view.model.of_type("aws_vpc_endpoint")
            if subnet in view.network.subnets_of(e.values.get("subnet_ids"))
        ]
        if endpoints:
            uses.append((f"{len(endpoints)} endpoints", len(endpoints)))
        uses += [
            ("balancer", BALANCER_ADDRESSES)
            for balancer in view.model.of_type("aws_lb")
            if subnet in view.network.subnets_of(balancer.values.get("subnets"))
        ]
        for store in view.model.of_type(*STORES):
            groups = view.references.linked(
                store, STORES[store.type][1], "aws_db_subnet_group", "aws_elasticache_subnet_group"
            )
            if any(subnet in view.network.subnets_of(g.values.get("subnet_ids")) for g in groups):
                uses.append((store.type.removeprefix("aws_"), 2))  # the node, and the one that replaces it
        cidr = subnet.values.get("cidr_block")
        if not uses:
            continue
        free = _free(cidr)
        if blind or free is None:
            yield judged(
                subnet, "cidr_block", None, view.no_path if blind else "its address range cannot be read before apply"
            )
            continue
        needed = sum(count for _, count in uses)
        holds = needed <= free
        yield judged(
            subnet,
            "cidr_block",
            holds,
            f"{' + '.join(f'{count} ({what})' for what, count in uses)} = {needed} {'<=' if holds else '>'} {free} of {cidr}",
        )


def task_memory(view: View) -> Iterator[Verdict]:
    """The worker processes fit into the task's memory, and the containers' shares into the whole."""
    each, share = view.threshold("worker_memory_mib"), view.threshold("task_memory_share")
    for task in view.tasks:
        if task.definition is None or task.containers is None:
            continue
        memory = number(task.definition.values.get("memory"))
        if memory is None:
            continue
        workers = next((number(v) for n, v in sorted(task.environment.items()) if WORKERS.search(n)), None)
        count = workers if workers is not None else float(view.profile.workers) if view.profile else None
        if count is None:
            yield judged(
                task.definition,
                "memory",
                None,
                "how many workers a task starts is not known; name the variable under workers in gameday.toml",
            )
        else:
            needed, budget = count * each, share * memory
            yield judged(
                task.definition,
                "memory",
                needed <= budget,
                f"{count:g} workers x {each:g} MiB = {needed:g} {'<=' if needed <= budget else '>'} "
                f"{100 * share:g} % of {memory:g} MiB = {budget:g}",
            )
        reserved = sum(number(c.get("memory")) or number(c.get("memoryReservation")) or 0.0 for c in task.containers)
        yield judged(
            task.definition,
            "container_definitions",
            reserved <= memory,
            f"the containers reserve {reserved:g} MiB of {memory:g} MiB",
        )


def concurrency(view: View) -> Iterator[Verdict]:
    """Reserved concurrency of all functions leaves the share that Lambda keeps unreserved."""
    reserved = [
        (function, count)
        for function in view.model.of_type("aws_lambda_function")
        if (count := number(function.values.get("reserved_concurrent_executions"))) is not None and count >= 0
    ]
    account, kept = limit("lambda.concurrency").at(), view.threshold("unreserved_concurrency")
    total = sum(count for _, count in reserved)
    for function, _ in reserved:
        holds = total <= account - kept
        said = (
            f"{' + '.join(f'{c:g}' for _, c in reserved)} = {total:g} {'<=' if holds else '>'} "
            f"{account:g} of the account - {kept:g} unreserved = {account - kept:g}"
        )
        yield judged(function, "reserved_concurrent_executions", holds, said)


def _primaries(view: View) -> Iterator[Resource]:
    return (r for r in view.model.of_type("aws_db_instance") if r.values.get("replicate_source_db") is None)


def iops(view: View) -> Iterator[Verdict]:
    """A volume keeps its operations per second for the whole night."""
    wanted = view.threshold("baseline_iops")
    for database in _primaries(view):
        kind, size = database.values.get("storage_type"), number(database.values.get("allocated_storage"))
        if isinstance(kind, Unknown) or size is None:
            yield judged(database, "storage_type", None, "type or size of its volume is known only after apply")
            continue
        given = number(database.values.get("iops"))
        if kind in {"io1", "io2", "gp3"}:
            has = given or 3000.0
            yield judged(
                database,
                "storage_type",
                has >= wanted,
                f"{kind}: {has:g} operations a second {'>=' if has >= wanted else '<'} {wanted:g}",
            )
            continue
        # gp2: 3 operations a second and GiB, 100 at least; 5.4 million credits let it burst to 3,000.
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#Concepts.Storage.GeneralSSD
        base = max(100.0, 3.0 * size)
        burst = (
            ""
            if base >= 3000
            else f"; the burst to 3000 lasts 5400000 / (3000 - {base:g}) s = {5_400_000 / (3000 - base) / 60:.0f} min"
        )
        yield judged(
            database,
            "storage_type",
            base >= wanted,
            f"{kind or 'gp2'}: max(100, 3 x {size:g} GiB) = {base:g} operations "
            f"a second {'>=' if base >= wanted else '<'} {wanted:g}{burst}",
        )


def growth(view: View) -> Iterator[Verdict]:
    """Storage grows by itself; AWS asks for a maximum at least 10 % above what is allocated, and advises 26 %."""
    for database in _primaries(view):
        size, most = number(database.values.get("allocated_storage")), database.values.get("max_allocated_storage")
        if size is None or isinstance(most, Unknown):
            yield judged(
                database, "max_allocated_storage", None, "allocated or largest storage is known only after apply"
            )
            continue
        highest = number(most) or 0.0
        holds = highest >= 1.26 * size
        yield judged(
            database,
            "max_allocated_storage",
            holds,
            f"largest {highest:g} GB {'>=' if holds else '<'} 1.26 x {size:g} GB = {1.26 * size:g}",
        )


def capacity_bounds(view: View) -> Iterator[Verdict]:
    """What a schedule asks for lies within what scaling may do."""
    for target in view.model.of_type("aws_appautoscaling_target"):
        low, high = number(target.values.get("min_capacity")), number(target.values.get("max_capacity"))
        if low is not None and high is not None:
            yield judged(target, "max_capacity", low <= high, f"least {low:g}, most {high:g}")
        for action in view.model.of_type("aws_appautoscaling_scheduled_action"):
            if view.references.linked(action, "resource_id", target.type) != [target] and action.values.get(
                "resource_id"
            ) != target.values.get("resource_id"):
                continue
            for block in blocks(action.values.get("scalable_target_action")):
                least, most = number(block.get("min_capacity")), number(block.get("max_capacity"))
                least, most = low if least is None else least, high if most is None else most
                if least is not None and most is not None:
                    yield judged(action, "scalable_target_action", least <= most, f"least {least:g}, most {most:g}")


def node_memory(view: View) -> Iterator[Verdict]:
    """A cache whose keys all expire may throw keys away when it is full, instead of refusing writes."""
    for group in view.model.of_type("aws_elasticache_parameter_group"):
        users = [
            *view.references.about(
                group, "parameter_group_name", "aws_elasticache_replication_group", "aws_elasticache_cluster"
            )
        ]
        policies = [
            b.get("value") for b in blocks(group.values.get("parameter")) if b.get("name") == "maxmemory-policy"
        ]
        for cache in users:
            node = str(cache.values.get("node_type"))
            reserved = limit("redis.reserved_memory_share").at()
            try:
                usable = f"{instance(node).memory_gib:g} GiB x (1 - {reserved:g}) for keys"
            except LookupError:
                usable = f"memory of {node} not known"
            policy = policies[0] if policies else "volatile-lru"
            yield judged(
                group, "parameter", policy != "noeviction", f"{cache.address}: {usable}; maxmemory-policy is {policy}"
            )


def retention_ends(value: object) -> bool:
    """Whether a log group's events are deleted some day; 0 keeps them for ever."""
    return (number(value) or 0) > 0


def exported_logs(view: View) -> Iterator[Verdict]:
    """The log groups that RDS makes by itself have an end as well."""
    groups = {str(r.values.get("name")) for r in view.model.of_type("aws_cloudwatch_log_group")}
    for database in _primaries(view):
        for kind in items(database.values.get("enabled_cloudwatch_logs_exports")):
            name = f"/aws/rds/instance/{database.values.get('identifier')}/{kind}"
            yield judged(
                database,
                "enabled_cloudwatch_logs_exports",
                name in groups,
                f"log group {name} "
                + ("is one of this stack" if name in groups else "is made by RDS, which keeps it for ever"),
            )


def shared_addresses(view: View) -> Iterator[Verdict]:
    """A rate rule of the firewall that blocks leaves room for a crowd of users who poll from behind one address.

    https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html
    """
    crowd = view.threshold("users_per_address")
    for acl in view.model.of_type("aws_wafv2_web_acl") if view.polled else ():
        for rule in blocks(acl.values.get("rule")):
            rate = first_block(first_block(rule.get("statement")).get("rate_based_statement"))
            limit_per_window, window_s = number(rate.get("limit")), number(rate.get("evaluation_window_sec")) or 300.0
            by_address = rate.get("aggregate_key_type") in (None, "IP", "FORWARDED_IP")
            if view.polled is None or limit_per_window is None or not by_address or not blocks(rule.get("action")):
                continue
            if not blocks(first_block(rule.get("action")).get("block")):
                continue
            each = window_s / view.polled.client["poll_interval_s"].at()
            said = (
                f"{limit_per_window:,.0f} requests in {window_s:g} s are {limit_per_window / each:,.0f} users with {each:,.0f} "
                f"polls each; an address may stand for {crowd:,.0f}"
            )
            yield judged(acl, "rule", limit_per_window >= crowd * each, said)


RULES = (
    Rule(
        "FIT-01",
        "error",
        "Tasks at maximum x deployment percent x pool <= 80 % of the database's connections",
        "Lower the pool or the most tasks, choose a larger class, or put a proxy between.",
        connections,
    ),
    Rule("FIT-02", "error", "The same for the shared cache", "Lower the pool or the most tasks.", cache_connections),
    Rule(
        "FIT-03",
        "error",
        "The subnets have addresses for everything that may stand in them",
        "Give the subnets a larger range, or use more of them.",
        addresses,
    ),
    Rule(
        "FIT-04",
        "error",
        "A task's memory holds its workers and containers",
        "Start fewer workers or choose a larger task.",
        task_memory,
    ),
    Rule(
        "FIT-05",
        "error",
        "Reserved concurrency fits into the account",
        "Reserve less, or have the account's quota raised.",
        concurrency,
    ),
    Rule("FIT-06", "warning", "A volume keeps its operations for the whole night", "Use gp3.", iops),
    Rule(
        "FIT-07",
        "warning",
        "Storage grows by itself",
        "Set max_allocated_storage to at least 1.26 times allocated_storage.",
        growth,
    ),
    Rule(
        "FIT-08",
        "warning",
        "Logs are deleted some day",
        "Set retention_in_days.",
        requires("aws_cloudwatch_log_group", "retention_in_days", retention_ends, "a number of days above 0"),
    ),
    Rule(
        "FIT-09",
        "error",
        "A schedule asks for what scaling may do",
        "Raise max_capacity, or ask for fewer tasks.",
        capacity_bounds,
    ),
    Rule(
        "FIT-10",
        "warning",
        "A full cache makes room",
        "Set maxmemory-policy to allkeys-lru where every key may go.",
        node_memory,
    ),
    Rule(
        "FIT-11",
        "warning",
        "Logs that RDS makes are deleted some day",
        "Declare the log groups with retention_in_days before RDS makes them.",
        exported_logs,
    ),
    Rule(
        "FIT-12",
        "warning",
        "A crowd behind one address is not blocked",
        "Raise the rule's limit, or count by something that tells users from each other.",
        shared_addresses,
    ),
)
