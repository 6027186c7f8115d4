"""The beginning of a postmortem for an incident of one's own: a page, the incident's file, and the night as a table."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import Template

from analysis import files
from analysis.alarms.definitions import PAGE
from analysis.incidents.impact import DEFINITIONS, IncidentError
from analysis.incidents.opened import Opened, opened
from analysis.incidents.report import duration, sentences
from analysis.incidents.timeline import Harm, Incident, PackSource, stamp

TEMPLATE = Path(__file__).with_name("postmortem.md")

ROWS = 24
"""About so many rows of the night stand on the page."""


def begin(
    pack: Path,
    page: Path,
    *,
    title: str = "Incident",
    stack: Path | None = None,
    late_s: float | None = None,
    slow_s: float | None = None,
    poll_interval_s: float | None = None,
    gaps: str = "refuse",
) -> tuple[Path, ...]:
    """Writes the page, and beside it the incident's file (.toml) and the night (.csv); gives the three paths.

    Raises IncidentError where one of them is there already or cannot be written, and as `opened.opened` does; then nothing is
    written.
    """
    if page.suffix != ".md":
        raise IncidentError(f"{page}: the page is Markdown; give it a name that ends in .md")
    for name, value in (("late", late_s), ("slow", slow_s), ("poll", poll_interval_s)):
        if value is not None and not 0 < value < float("inf"):
            raise IncidentError(f"--{name} {value:g}: give seconds above 0")
    paths = (page, page.with_suffix(".toml"), page.with_suffix(".csv"))
    there = [path for path in paths if os.path.lexists(path)]
    if there:
        raise IncidentError(f"{there[0]} is there already; nothing is overwritten, so choose another name")
    if not page.parent.is_dir():
        raise IncidentError(f"{page.parent} is no directory; make it first")
    source = PackSource(pack, "missing" if gaps == "missing" else "refuse", stack, poll_interval_s)
    made = opened(Incident(paths[1], title, "", Harm(late_s, slow_s), (), pack=source))
    texts = (_page(made, paths), _toml(made, paths[1]), _csv(made))
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


def _page(made: Opened, paths: Sequence[Path]) -> str:
    felt = made.impact
    lead = "Nobody was affected, as far as the pack tells."
    if felt.began is not None and felt.ended is not None:
        lead = f"From {stamp(felt.began)} to {stamp(felt.ended)} users were affected: <what they saw, in one sentence>."
    step = max(1, -(-made.pack.minutes // ROWS))
    columns = list(_columns(made))
    rows = [
        [stamp(made.seen.at(minute)), *(text[minute] for _, text in columns)]
        for minute in range(0, made.pack.minutes, step)
    ]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=_cell(made.incident.title),
        lead=lead,
        pack=made.incident.pack.file.name if made.incident.pack else "",
        toml=paths[1].name,
        csv=paths[2].name,
        impact=_table(("What", ""), sentences(made)),
        times=_table(
            ("", "UTC", "After first impact", "Known by", "Definition"),
            [
                (m.name.capitalize(), stamp(m.at) if m.at else "", duration(m.after_s), m.how, DEFINITIONS[m.name])
                for m in made.moments
            ],
        ),
        course=_table(
            ("UTC", "What", "Known by", "Evidence"), [(stamp(r.at), r.what, r.known, r.value) for r in made.rows]
        ),
        alarms=_alarms(made),
        step=step,
        data=_table(("UTC", *(name for name, _ in columns)), rows),
    )


def _alarms(made: Opened) -> str:
    """How the stack's alarms did, or what to do to see it."""
    if made.report is None:
        return "No Terraform was named, so no alarm was replayed: `--stack DIR` does that."
    rows = [
        (
            row.alarm,
            row.severity,
            row.verdict,
            "" if row.lead_s is None else duration(-row.lead_s),
            "; ".join(row.reasons),
        )
        for row in made.report.rows
    ]
    if not rows:
        return "The stack has no alarm."
    head = f"Alarms that are tagged `severity = {PAGE}` wake a human."
    return f"{head}\n\n{_table(('Alarm', 'Severity', 'Verdict', 'After first impact', 'Why'), rows)}"


def _columns(made: Opened) -> Iterator[tuple[str, list[str]]]:
    """The night in user terms, a column each, one text a minute."""
    seen = made.seen
    if seen.users is not None:
        yield "users", [f"{value:.0f}" for value in seen.users]
    yield "requests", [f"{value:.0f}" for value in seen.requests]
    if "failed" in seen.origins:
        yield "failed", [f"{value:.0f}" for value in seen.failed]
    for series, name in ((seen.age, "age"), (seen.answer, "answer")):
        for statistic in ("p50", "p95", "Average"):
            points = series.points(statistic) if series is not None else None
            if points is not None:
                yield f"{name}_{statistic.lower()}_s", ["" if point is None else f"{point:.3f}" for point in points]
    yield "share_affected", [f"{value:.4f}" for value in seen.hurt]
    yield "affected", ["yes" if hurts else "" for hurts in seen.hurting]


def _csv(made: Opened) -> str:
    columns = list(_columns(made))
    found = io.StringIO(newline="")
    writer = csv.writer(found, lineterminator="\n")
    writer.writerow(["utc", *(name for name, _ in columns)])
    for minute in range(made.pack.minutes):
        writer.writerow([stamp(made.seen.at(minute)), *(text[minute] for _, text in columns)])
    return found.getvalue()


def _toml(made: Opened, path: Path) -> str:
    source, harm = made.incident.pack, made.incident.harm
    assert source is not None  # noqa: S101 (`begin` has made it)
    lines = [
        "# An incident, for `gameday incident show`. Times are in UTC; each entry says where it comes from.",
        "",
        f"title = {_quoted(made.incident.title)}",
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
    at = stamp(made.impact.began or made.pack.start)
    lines += [
        "",
        "# [[entry]]",
        f"# at = {at}",
        '# what = "Support hears of it."',
        '# source = "support desk, ticket 4711"',
        '# kind = "detected" # or note, news, engaged, mitigated, recovered',
        "",
    ]
    return "\n".join(lines)


def _from(path: Path, target: Path) -> str:
    return Path(os.path.relpath(target, path.parent)).as_posix()


def _quoted(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    """Text for a cell of a Markdown table: on one line, without what would end the cell or begin markup."""
    flat = " ".join(str(text).split())
    return flat.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")
