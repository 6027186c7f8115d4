"""The beginning of a postmortem for an incident of one's own: the report, the incident's file, and its series as a table."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping
from pathlib import Path

from analysis import files
from analysis.documents import csv_text, markdown
from analysis.incidents.impact import IncidentError
from analysis.incidents.opened import opened
from analysis.incidents.postmortem import Postmortem, postmortem
from analysis.incidents.timeline import Harm, Incident, PackSource, stamp


def begin(
    pack: Path,
    page: Path,
    *,
    as_of: dt.date,
    title: str = "Incident",
    stack: Path | None = None,
    late_s: float | None = None,
    slow_s: float | None = None,
    poll_interval_s: float | None = None,
    gaps: str = "refuse",
) -> tuple[Path, ...]:
    """Writes the report, and beside it the incident's file (.toml) and its series (.csv); gives the three paths.

    Raises IncidentError where one of them is there already or cannot be written, and as `opened.opened` does; then nothing is
    written.
    """
    if page.suffix != ".md":
        raise IncidentError(f"{page}: the report is Markdown; give it a name that ends in .md")
    for name, value in (("late", late_s), ("slow", slow_s), ("poll", poll_interval_s)):
        if value is not None and not 0 < value < float("inf"):
            raise IncidentError(f"--{name} {value:g}: give seconds above 0")
    if not title.strip():
        raise IncidentError("--title is blank; say what the incident is called")
    paths = (page, page.with_suffix(".toml"), page.with_suffix(".csv"))
    there = [path for path in paths if os.path.lexists(path)]
    if there:
        raise IncidentError(f"{there[0]} is there already; nothing is overwritten, so choose another name")
    if not page.parent.is_dir():
        raise IncidentError(f"{page.parent} is no directory; make it first")
    source = PackSource(pack, "missing" if gaps == "missing" else "refuse", stack, poll_interval_s)
    record = postmortem(opened(Incident(paths[1], title, "", Harm(late_s, slow_s), (), pack=source)), as_of)
    texts = (markdown(record.full()), _toml(record, paths[1]), csv_text(record.series))
    _written(dict(zip(paths, texts, strict=True)))
    return paths


def _written(texts: Mapping[Path, str]) -> None:
    """All of the files or none of them."""
    done: list[Path] = []
    try:
        for path, text in texts.items():
            files.write(path, text, new=True)
            done.append(path)
    except OSError as error:
        for path in done:
            path.unlink(missing_ok=True)
        raise IncidentError(f"{error.filename} cannot be written: {error.strerror}") from None


def _toml(record: Postmortem, path: Path) -> str:
    """The incident's file, with a commented example of everything that people add."""
    incident = record.opened.incident
    source, harm = incident.pack, incident.harm
    assert source is not None  # noqa: S101 (`begin` has made it)
    lines = [
        "# An incident, for `gameday incident show` and `export`. Times are in UTC; each entry says where it comes from.",
        "",
        f"title = {_quoted(incident.title)}",
        "",
        "[pack]",
        f"file = {_quoted(_from(path, source.file))}",
        f"gaps = {_quoted(source.gaps)}",
    ]
    if source.stack is not None:
        lines.append(f"stack = {_quoted(_from(path, source.stack))}")
    if source.poll_interval_s is not None:
        lines.append(f"poll_interval_s = {source.poll_interval_s!r}")
    lines += ["", "[harm]", f"quiet_minutes = {harm.quiet_minutes}"]
    lines += [f"{name} = {value!r}" for name in ("late_s", "slow_s") if (value := getattr(harm, name)) is not None]
    at = stamp(record.opened.impact.began or record.opened.pack.start)
    lines += [
        "",
        "# [objective]",
        "# availability = 0.999",
        "# window_days = 30",
        "# requests = 100000000 # of the window",
        "",
        "# [[entry]]",
        f"# at = {at}",
        '# what = "Support hears of it."',
        '# source = "support desk, ticket 4711"',
        '# kind = "detected" # or note, news, engaged, mitigated, recovered',
        "",
        "[review]",
        'status = "draft" # or in review, reviewed',
        '# severity = "SEV 2"',
        '# severity_because = ""',
        '# cause = "One sentence."',
        '# whys = ["Causes lie in the system: write what was true, not who did it."]',
        "# went_well = []",
        "# went_wrong = []",
        "# lucky = []",
        '# believed = "What everybody took for granted before."',
        '# unknown = ["What nobody knows yet."]',
        "",
        "# [[review.action]]",
        '# what = "One sentence."',
        '# owner = "Platform lead" # a role',
        f"# due = {record.as_of}",
        '# ticket = ""',
        '# status = "open" # or written, reviewed, deployed, verified in production, dropped',
        "",
    ]
    return "\n".join(lines)


def _from(path: Path, target: Path) -> str:
    return Path(os.path.relpath(target, path.parent)).as_posix()


def _quoted(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
