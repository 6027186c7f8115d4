"""A scenario becomes arrivals over the night and usage over the month: the bill and the queue see the same crowd."""

from analysis.demand.entries import PathError, Unreached
from analysis.demand.flows import Flow, Flows, Minute, arrivals, flows, poll_interval
from analysis.demand.month import usage
from analysis.demand.path import Given, RequestPath, request_path
from analysis.demand.usage import LoadHours, Usage

__all__ = [
    "Flow",
    "Flows",
    "Given",
    "LoadHours",
    "Minute",
    "PathError",
    "RequestPath",
    "Unreached",
    "Usage",
    "arrivals",
    "flows",
    "poll_interval",
    "request_path",
    "usage",
]
