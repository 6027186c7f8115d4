"""Interruptions on a page: what each does to a stack, and how many viewers see a stale score because of it, for how long."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from analysis.drawing.tables import Column, Row, code, table
from analysis.facts import Level
from analysis.network.load import LEVELS
from analysis.pages import systems
from analysis.pages.model import Macro, Site, model
from analysis.pages.reads import cache
from analysis.premortem.story import count
from analysis.studies import interruptions as layer
from analysis.studies.figures import seconds


@cache
def interrupted(root: Path, stack: str, case: str, minute: float) -> layer.Interrupted:
    """What an interruption does at a stack, computed once for a build."""
    return layer.interrupted(model(root, stack).study, case, minute)


def told(site: Site, stack: str, case: str, minute: float) -> Markup:
    """What the night tells of it that it does not tell without, and who sees a stale score."""
    found = interrupted(site.root, stack, case, minute)
    if found.refused:
        return Markup("<p>Not computed: {}.</p>").format(found.refused)
    sentences = [*found.story, _sentence(found), *([found.says] if found.says else [])]
    items = Markup("").join(Markup("<li>{}</li>").format(one) for one in sentences)
    return Markup("<ol>{}</ol>").format(items)


def _sentence(found: layer.Interrupted) -> str:
    least, most = _ends(found)
    if most < 1.0:
        return "Nobody sees a stale score because of it."
    minutes = f"{count(least)} to {count(most)} viewer-minutes"
    if found.viewers() < 1.0:
        worst = _worst(found)
        who = f"{found.viewers(worst):,.0f} of {found.crowd:,.0f} viewers do, {_span(found.each_s(worst))} each in all"
        return f"Nobody sees a stale score because of it, or at worst {who}: {minutes}."
    who = f"{found.viewers():,.0f} of {found.crowd:,.0f} viewers see a stale score"
    return f"{who}, {_span(found.each_s())} each in all; {minutes}, {_over(found)}."


def _ends(found: layer.Interrupted) -> tuple[float, float]:
    minutes = [found.stale[level].viewer_minutes for level in LEVELS]
    return min(minutes), max(minutes)


def _worst(found: layer.Interrupted) -> Level:
    return max(LEVELS, key=lambda level: found.stale[level].viewer_minutes)


def _span(taken_s: float) -> str:
    return seconds(taken_s) if taken_s < 120 else f"{taken_s / 60:,.0f} min"


def _over(found: layer.Interrupted) -> str:
    share = f"fewer than {layer.SETTLED:.0%} of the viewers"
    return "and not over at the end" if found.over_s is None else f"{share} after {_span(found.over_s)}"


def summary(site: Site, minute: float, *stacks: str) -> Markup:
    """Every interruption, and what it does at each stack."""
    names = [systems.label(site.docs, site.here(), name) or site.stack(name).about.title for name in stacks]
    rows = [
        Row([case, *(_cell(interrupted(site.root, name, case, minute), case) for name in stacks)], f"stale-{number}")
        for number, case in enumerate(layer.CASES)
    ]
    caption = (
        "Viewers who see a stale score because of it, for how long each in all, and when fewer than "
        f"{layer.SETTLED:.0%} still do. Small: viewer-minutes at the ends of what is assumed of pauses, failovers and rotations."
    )
    return table(
        [Column("Interruption", "wide"), *map(Column, names)],
        rows,
        label="Viewers who see a stale score",
        caption=caption,
    )


def _cell(found: layer.Interrupted, case: str) -> Markup:
    if found.refused:
        return Markup("<small>{}</small>").format(found.refused[0].upper() + found.refused[1:] + ".")
    least, most = _ends(found)
    ends = f"{count(least)} to {count(most)}"
    if found.viewers() < 1.0:
        worst = _worst(found)
        at_worst = (
            f", or at worst {found.viewers(worst):,.0f}, {_span(found.each_s(worst))} each" if most >= 1.0 else ""
        )
        return Markup("nobody{}<br><small>{} viewer-minutes</small>").format(at_worst, ends if most >= 1.0 else "0")
    if case == layer.QUIET:
        return Markup("at most {} of {} at once<br><small>{} viewer-minutes</small>").format(
            f"{found.stale['value'].most:,.0f}", f"{found.crowd:,.0f}", ends
        )
    over = "to the end" if found.over_s is None else f"over after {_span(found.over_s)}"
    return Markup("{} of {}, {} each, {}<br><small>{} viewer-minutes</small>").format(
        f"{found.viewers():,.0f}", f"{found.crowd:,.0f}", _span(found.each_s()), over, ends
    )


def cookies(site: Site, minute: float, *stacks: str) -> Markup:
    """What sticky sessions do at each stack when a zone is lost."""
    rows = []
    for name in stacks:
        label = systems.label(site.docs, site.here(), name) or site.stack(name).about.title
        try:
            found = layer.cookie(model(site.root, name).study, minute)
        except layer.UnknownInterruptionError as error:
            rows.append(Row([label, str(error), "", ""]))
            continue
        where = Markup("{}<br>{}").format("on" if found.on else "off; as it would be", code(found.target_group))
        rows.append(
            Row([label, where, f"{found.most:,.0f}", f"{found.viewer_minutes:,.0f}; {found.without:,.0f} without"])
        )
    columns = [
        Column("Stack"),
        Column("Cookie", "wide"),
        Column("Refused at most", "number"),
        Column("Viewer-minutes", "number"),
    ]
    caption = (
        "Refused though another task has room. Who comes back for another visit counts as new, so this is the least."
    )
    return table(columns, rows, label="Sticky sessions when a zone is lost", caption=caption)


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of interruptions."""
    return {
        "interruption": lambda name, case, minute: told(site, name, case, minute),
        "interruptions": lambda minute, *names: summary(site, minute, *names),
        "sticky_sessions": lambda minute, *names: cookies(site, minute, *names),
    }
