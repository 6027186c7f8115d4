"""A scenario becomes arrivals over the night and usage over the month: the bill and the queue see the same crowd."""

from analysis.demand.calendar import Kind, kinds, without_days
from analysis.demand.flows import Flow, Flows, Minute, arrivals, flows, poll_interval
from analysis.demand.rows import usage, usage_if_modelled
from analysis.demand.usage import LoadHours, Usage

__all__ = [
    "Flow",
    "Flows",
    "Kind",
    "LoadHours",
    "Minute",
    "Usage",
    "arrivals",
    "flows",
    "kinds",
    "poll_interval",
    "usage",
    "usage_if_modelled",
    "without_days",
]
