"""A scenario becomes arrivals over the night and usage over the month: the bill and the queue see the same crowd."""

from analysis.demand.flows import Flow, Flows, Minute, arrivals, flows, poll_interval
from analysis.demand.month import usage, usage_if_modelled
from analysis.demand.usage import LoadHours, Usage

__all__ = [
    "Flow",
    "Flows",
    "LoadHours",
    "Minute",
    "Usage",
    "arrivals",
    "flows",
    "poll_interval",
    "usage",
    "usage_if_modelled",
]
