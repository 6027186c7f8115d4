"""A stack as a network of stations with typed limits, and the load on it: `gameday capacity`."""

from analysis.network.derive import crowd, entry, network
from analysis.network.load import Use, loads, uses
from analysis.network.model import Figure, Limit, Link, Network, NetworkError, Station, Traffic, Unit

__all__ = [
    "Figure",
    "Limit",
    "Link",
    "Network",
    "NetworkError",
    "Station",
    "Traffic",
    "Unit",
    "Use",
    "crowd",
    "entry",
    "loads",
    "network",
    "uses",
]
