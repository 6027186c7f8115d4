"""What stands in a stack's arguments and what they refer to, read in one place for cost, capacity, proofs and diagrams."""

from analysis.wiring.entries import EntersError, PathError, Unreached
from analysis.wiring.hops import RequestPath
from analysis.wiring.path import request_path, without_unused_cache

__all__ = ["EntersError", "PathError", "RequestPath", "Unreached", "request_path", "without_unused_cache"]
