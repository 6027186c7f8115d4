"""Records made of a few lines of front matter, for tests."""

from pathlib import Path

import yaml

from analysis import decisions

ROOT = Path(__file__).parents[2]
EDGE_OFF = {"module.edge.aws_cloudfront_cache_policy.live": {"default_ttl": 0, "max_ttl": 0}}

HEAD = {
    "title": "A thing",
    "order": 1,
    "status": "accepted",
    "date": "2026-11-21",
    "deciders": ["platform lead"],
    "last_reviewed": "2026-11-21",
    "review_in": "6 months",
    "stack": "buzzer",
    "affects": ["module.service.*"],
    "undo": {"without": ["module.cache.*"]},
}


def text_of(**matter):
    """A page with the front matter of HEAD and `matter`; None takes a key away. Dates are plain, as people write them."""
    whole = {key: value for key, value in {**HEAD, **matter}.items() if value is not None}
    dumped = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=10_000)
    for key in ("date", "last_reviewed"):
        if isinstance(whole.get(key), str):
            dumped = dumped.replace(f"{key}: '{whole[key]}'", f"{key}: {whole[key]}")
    return f"---\n{dumped}---\n# 1. A thing\n"


def record(**matter):
    """The record with that front matter, as if it lay among this checkout's own."""
    path = ROOT / "docs" / "buzzer" / "decisions" / "0001-x.md"
    return decisions.parse(text_of(**matter), "0001-x.md", path)
