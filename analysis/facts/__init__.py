"""Facts as data: prices, instances, limits, runtimes, assumptions, scenarios. Every row has a source, or a reason and a range."""

from analysis.facts.actions import without_resource
from analysis.facts.assumptions import Assumption, FactError, Level, assumptions
from analysis.facts.instances import Instance, instance, instances
from analysis.facts.limits import CachePolicy, Limit, fargate_sizes, limit, limits, managed_cache_policies
from analysis.facts.logs import log_kinds
from analysis.facts.metrics import Metric, metric_namespaces, metrics
from analysis.facts.prices import Price, PriceBook, PriceRow, prices
from analysis.facts.runtimes import Runtime, runtime, runtimes
from analysis.facts.scenarios import Connection, Day, Feed, Route, Scenario, scenario
from analysis.facts.stacks import Enters, Plan, Stack, stack
from analysis.facts.threads import THREADS, cpu_factor
from analysis.facts.today import today

__all__ = [
    "THREADS",
    "Assumption",
    "CachePolicy",
    "Connection",
    "Day",
    "Enters",
    "FactError",
    "Feed",
    "Instance",
    "Level",
    "Limit",
    "Metric",
    "Plan",
    "Price",
    "PriceBook",
    "PriceRow",
    "Route",
    "Runtime",
    "Scenario",
    "Stack",
    "assumptions",
    "cpu_factor",
    "fargate_sizes",
    "instance",
    "instances",
    "limit",
    "limits",
    "log_kinds",
    "managed_cache_policies",
    "metric_namespaces",
    "metrics",
    "prices",
    "runtime",
    "runtimes",
    "scenario",
    "stack",
    "today",
    "without_resource",
]
