"""The files of every record of a site: the incident beside a stack, the pre-mortem of each stack that has such a page, and plans.

They take seconds and rest on the ground that all pages share, so they are kept from one build to the next.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from analysis import incidents
from analysis.drawing.exports import Export, formats
from analysis.evidence import answers
from analysis.pages import exports, figures, infrastructure, postmortem, premortem, systems
from analysis.pages.model import Site, models

KEPT = Path(".cache") / "site" / "exports.json"


def kept(root: Path, docs: Path, ground: str) -> Mapping[str, bytes]:
    """The files by their place: those of the last build where the `ground` is the same, else made anew."""
    there = answers.load(root / KEPT)
    if not isinstance(there, dict) or there.get("ground") != ground:
        files = {place: base64.b64encode(content).decode() for place, content in made(root, docs).items()}
        there = {"ground": ground, "files": files}
        answers.save(root / KEPT, there)
    return {place: base64.b64decode(content) for place, content in there["files"].items()}


def made(root: Path, docs: Path) -> dict[str, bytes]:
    """Every file by its place below the site's root; a record that cannot be computed has none, and its page says why."""
    files: dict[str, bytes] = {}
    for folder, kind, stack, ready in _records(Site(root, docs, lambda: "")):
        try:
            export = ready()
        except figures.REFUSALS:
            continue
        for name, (_, suffix) in formats(export.record.tables).items():
            content = export.content(name)
            place = exports.uri(folder, kind, stack, suffix)
            files[place] = content.encode() if isinstance(content, str) else content
        if kind == postmortem.KIND:
            files[postmortem.SCHEMA_URI] = incidents.SCHEMA.read_bytes()
    return files | _plans(Site(root, docs, lambda: ""))


def _plans(site: Site) -> dict[str, bytes]:
    """The recorded plans of each stack that a system shows, as text; a stack that cannot be read has none."""
    known, files = models(site.root), {}
    for system in systems.systems(site.docs):
        for stack in (shown.name for shown in system.stacks if shown.name in known):
            try:
                plans = infrastructure.plans(known[stack])
            except figures.REFUSALS:
                continue
            for plan in plans:
                files[infrastructure.plan_uri(system.folder, stack, plan.values)] = plan.text.encode()
    return files


def _records(site: Site) -> Iterator[tuple[str, str, str, Callable[[], Export]]]:
    """The records of a site: folder of the system, kind, stack, and what makes it ready."""
    known = models(site.root)
    for system in systems.systems(site.docs):
        for stack in (shown.name for shown in system.stacks if shown.name in known):
            if (known[stack].directory / postmortem.FILE_NAME).is_file():
                yield system.folder, postmortem.KIND, stack, partial(postmortem.export_of, site.root, stack)
            if premortem.KIND in system.pages:
                yield system.folder, premortem.KIND, stack, partial(premortem.export, site, system.folder, stack)
