"""Log lines from which CloudWatch makes metrics: one JSON object on a line, with what is counted below `message`."""

from __future__ import annotations

import json
from typing import Any


def log(level: str, **fields: Any) -> None:
    """Writes a line; the metric filters of the Terraform read its fields."""
    print(json.dumps({"level": level, "message": fields}))
