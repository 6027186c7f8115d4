"""For how long CloudFront keeps an answer that says nothing about it: by its policy, or by the behaviour itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.architecture import Location
from analysis.facts import managed_cache_policies
from analysis.wiring.references import References
from analysis.wiring.values import number

DEFAULT_TTL_S = 86_400.0
LONGEST_TTL_S = 31_536_000.0
"""CloudFront's own defaults: the provider's documentation of `aws_cloudfront_distribution`."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The lifetime of a behaviour in seconds, the policy that sets it and where; `problem` where the policy is not known."""

    policy: str
    seconds: float
    origin: str
    problem: str = ""


def lifetime(references: References, behaviour: Mapping[str, Any], where: Location) -> Lifetime:
    """The lifetime that a behaviour at `where` gives its answers; 0 with a problem where its policy cannot be found."""
    policy_id, managed = behaviour.get("cache_policy_id"), managed_cache_policies()
    if policy_id is None or policy_id == "":
        return Lifetime("legacy settings", _clamped(behaviour), str(where))
    if isinstance(policy_id, str):
        if policy_id in managed:
            known = managed[policy_id]
            return Lifetime(known.name, known.default_ttl_s, f"{where}; {known.source}")
        return Lifetime(policy_id, 0.0, str(where), f"cache policy {policy_id} is not known")
    for policy in references.behind(policy_id):
        name = str(policy.values.get("name"))
        if policy.mode == "data" and name in managed:
            return Lifetime(name, managed[name].default_ttl_s, f"{where}; {managed[name].source}")
        if policy.type == "aws_cloudfront_cache_policy" and policy.mode == "managed":
            return Lifetime(policy.address, _clamped(policy.values), str(policy.location("default_ttl")))
    return Lifetime("", 0.0, str(where), "a cache policy cannot be found")


def _clamped(values: Mapping[str, Any]) -> float:
    """The default lifetime within its bounds."""
    low, high, default = (number(values.get(key)) for key in ("min_ttl", "max_ttl", "default_ttl"))
    top = LONGEST_TTL_S if high is None else high
    return max(low or 0.0, min(top, DEFAULT_TTL_S if default is None else default))
