"""A system's folder for Terraform that has none yet: what `gameday new` writes, with questions where only its owner knows.

Pages run their macros when a site is built, and a runbook's commands are typed by somebody, so what a stack calls its alarms goes
into a page only where it is plain text.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from analysis import files
from analysis.alarms import read as read_alarms
from analysis.architecture import Architecture
from analysis.facts import FactError
from analysis.facts.runtimes import runtimes
from analysis.facts.scenarios import GROUPS
from analysis.pages.records import SEVERITIES
from analysis.pages.shared import PACKAGE
from analysis.pages.systems import ENVIRONMENT

FOLDER = PACKAGE / "templates" / "skeletons"

NAME = re.compile(r"[a-z][a-z0-9_-]*")

PLAIN = re.compile(r"[\w .,:/()@+-]+", re.ASCII)
"""A name that is nothing but a name in a template, in YAML between quotes, in Markdown and in a shell between quotes."""

ASKED: Mapping[str, str] = {
    "audience.peak_users": "How many users are there at the busiest minute?",
    "client.poll_interval_s": "How many seconds pass between two requests of one user?",
    "client.timeout_s": "After how many seconds does a client give up?",
    "client.retries": "How often does a client try again?",
    "client.backoff_s": "How many seconds does it wait before it does?",
    "publisher.updates_per_minute": "How many updates are published a minute?",
    "publisher.update_bytes": "How many bytes has one?",
    "session.minutes": "How many minutes does a user stay?",
    "session.asset_requests": "How many pictures, scripts and styles does a user load?",
    "session.asset_bytes": "How many bytes has one of them?",
    "edge.caches": "How many caches of the CDN serve the users, each with a copy of its own?",
    "edge.requests_per_connection": "How many requests does a client send over one connection?",
    "calendar.games_per_month": "How many such days has a month?",
    "calendar.hours_per_game": "How many hours does one last?",
    "calendar.season_months": "How many months of a year have such days?",
    "calendar.quiet_users": "How many users are there at any other time?",
    "target.freshness_s": "How many seconds old may an update be when a user sees it?",
    "route.share": "What share of the requests goes to this path?",
    "route.objects": "How many different answers does it have?",
    "route.response_bytes": "How many bytes has an answer?",
    "route.request_bytes": "How many bytes has a request?",
}
"""What a scenario must say and Terraform cannot, by the key that is to hold the answer."""

UNITS: Mapping[str, str] = {
    "audience.peak_users": "user", "target.freshness_s": "s", "route.share": "share", "route.objects": "object",
    "route.response_bytes": "B", "route.request_bytes": "B",
    **{f"{group}.{key}": unit for group, keys in GROUPS.items() for key, (unit, _) in keys.items()},
}  # fmt: skip


def folder(name: str, directory: Path, architecture: Architecture, day: dt.date) -> Mapping[Path, str]:
    """The files of a new system by where each belongs, below the directory of its Terraform.

    An alarm whose name is not PLAIN gets no runbook. Raises FactError for a name that cannot be a folder's, and for a directory
    whose name is not PLAIN.
    """
    if not NAME.fullmatch(name):
        raise FactError(name, "", "cannot name a system; take small letters, digits, - and _, a letter first")
    if not PLAIN.fullmatch(directory.resolve().name):
        raise FactError(
            directory.resolve().name, "", "cannot name a stack; call its directory by letters, digits, - and _"
        )
    values = {
        "title": name.replace("_", " ").replace("-", " ").capitalize(),
        "stack": directory.resolve().name,
        "day": day,
        "resources": len(architecture.resources),
        "runtimes": sorted(runtimes()),
        "questions": tuple(_questions()),
    }
    docs = directory / "docs" / name
    found = {
        directory / "gameday.toml": _filled("gameday.toml", values),
        directory / "scenario.toml": _filled("scenario.toml", values),
        docs / "system.toml": _filled("system.toml", values),
        docs / "decisions" / "0001-keep-what-the-stack-runs.md": _filled("decision.md", values),
    }
    for order, alarm in enumerate(read_alarms(architecture).metric, 1):
        if not PLAIN.fullmatch(alarm.name):
            continue
        file = re.sub(r"[^a-z0-9]+", "-", alarm.name.lower()).strip("-") or f"alarm-{order}"
        own = {
            "name": alarm.name,
            "order": order,
            "severity": alarm.severity if alarm.severity in SEVERITIES else "ticket",
        }
        found.setdefault(docs / "runbooks" / f"{file}.md", _filled("runbook.md", {**values, **own}))
    return found


def _questions() -> Iterator[tuple[str, str, str]]:
    for where, question in ASKED.items():
        if where == "route.share":
            yield "route", "", ""
        yield where, UNITS[where], question


def _filled(file: str, values: Mapping[str, object]) -> str:
    text = (FOLDER / file).read_text(encoding="utf-8")
    return ENVIRONMENT.from_string(text).render(values).rstrip() + "\n"


def without_runbook(architecture: Architecture) -> tuple[str, ...]:
    """The alarms for which `folder` has none, since their names are not plain text."""
    return tuple(alarm.name for alarm in read_alarms(architecture).metric if not PLAIN.fullmatch(alarm.name))


def written(texts: Mapping[Path, str]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Writes those of the files that are not there yet; gives them, and those that were left as they are."""
    new = tuple(path for path in texts if not path.exists())
    for path in new:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, texts[path], new=True)
    return new, tuple(path for path in texts if path not in new)
