"""A stack as a network of stations with typed limits, and the load on it: `gameday capacity`."""

from analysis.network.derive import check_answered, check_streams, crowd, dead_ends, entry, network, poll_interval_s
from analysis.network.load import Use, loads, uses, utilised
from analysis.network.model import Figure, Limit, Link, Network, Station, Traffic, Unit

__all__ = [
    "Figure",
    "Limit",
    "Link",
    "Network",
    "Station",
    "Traffic",
    "Unit",
    "Use",
    "check_answered",
    "check_streams",
    "crowd",
    "dead_ends",
    "entry",
    "loads",
    "network",
    "poll_interval_s",
    "uses",
    "utilised",
]
