"""The actions of IAM that no resource can be named for: a statement allows them on every resource, or not at all."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from analysis.facts.instances import DATA, sourced_rows


@cache
def _without_resource(path: Path = DATA / "actions_without_resource.csv") -> frozenset[str]:
    return frozenset(
        f"{row['service']}:{name}".lower() for _, row in sourced_rows(path) for name in row["actions"].split()
    )


def without_resource(action: str) -> bool:
    """Whether an action such as `ecs:ListClusters` takes no resource; IAM compares names without regard to case."""
    return action.lower() in _without_resource()
