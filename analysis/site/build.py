"""The whole site, built beside the old one and moved into place only when it is complete."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from analysis.facts.today import today
from analysis.pages.shared import PACKAGE, is_checkout, shared

ROOT = Path(__file__).parents[2]
INPUTS = (
    "analysis",
    "docs",
    "notebooks",
    "diagrams",
    "terraform",
    ".github",
    "mkdocs.yml",
    "requirements.lock",
    "pyproject.toml",
)
"""Everything a page may be made from; the day, the last commit and the tools on PATH come on top."""

MADE = frozenset({".cache", "site", "out", ".venv", ".tools", ".git", ".terraform"})
"""What is no input although it lies in a project."""

WITHOUT_HISTORY = "315532800"
"""The time of what is built without git, in seconds since 1970: 1 January 1980, the first day a ZIP file knows. Not 0, of which
Fontconfig complains on standard error."""


class SiteError(Exception):
    """The site could not be built; `problems` holds one sentence for each thing that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class _Warnings(logging.Handler):
    """Keeps what MkDocs and its plugins warn of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the message."""
        self.messages.append(record.getMessage())


def build(*, strict: bool = True, root: Path = ROOT, fresh: bool = False) -> Path:
    """The folder of the finished site; built anew unless nothing it is made from has changed (`fresh` builds always).

    Raises SiteError where a page is wrong; the site that was there before stays as it was.
    """
    site = root / "site"
    stamp = root / ".cache" / "site" / "stamp.json"
    stamp.parent.mkdir(parents=True, exist_ok=True)
    with (stamp.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second build waits, and then finds nothing to do
        key = _key(root, strict=strict)
        if not fresh and _unchanged(site, stamp, key):
            return site
        stamp.unlink(missing_ok=True)
        made = root / ".cache" / "site" / "next"
        shutil.rmtree(made, ignore_errors=True)
        render(made, root=root, strict=strict)
        _put(made, site, root / ".cache" / "site" / "last")
        from analysis.pages import decisions  # noqa: PLC0415 (pulls in what only a build needs)

        found = {"key": key, "result": _digest(site, files(site)), "named": list(decisions.named().values())}
        stamp.write_text(json.dumps(found), encoding="utf-8")
    return site


def _put(made: Path, site: Path, aside: Path) -> None:
    """Puts the finished site into place by two renames; whoever is killed meanwhile leaves the old site or the new one, whole."""
    shutil.rmtree(aside, ignore_errors=True)
    if site.exists():
        shutil.move(site, aside)
    shutil.move(made, site)
    shutil.rmtree(aside, ignore_errors=True)


def named(*, root: Path = ROOT) -> tuple[str, ...]:
    """A sentence for each decision that the last build found contested or expired."""
    try:
        found = json.loads((root / ".cache" / "site" / "stamp.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(str(sentence) for sentence in found.get("named", ()))


def up_to_date(*, strict: bool = True, root: Path = ROOT) -> bool:
    """Whether `build` would find nothing to do."""
    return _unchanged(root / "site", root / ".cache" / "site" / "stamp.json", _key(root, strict=strict))


def skipped(*, root: Path = ROOT) -> tuple[str, ...]:
    """What the site lacks because a tool was not found, one sentence each; empty where nothing does."""
    found = []
    if not shutil.which("git") or not (root / ".git").exists():
        found.append("there is no git history, so pages do not say when they last changed")
    return tuple(found)


def render(target: Path, *, root: Path = ROOT, strict: bool = True) -> None:
    """Writes the site into `target`, which it empties first. Raises SiteError where a page is wrong."""
    os.environ.setdefault("DISABLE_MKDOCS_2_WARNING", "true")
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    os.environ.setdefault("SOURCE_DATE_EPOCH", _git(root, "log", "-1", "--format=%ct") or WITHOUT_HISTORY)
    # jsonschema would build 38 grammars for addresses, in two seconds, and no notebook's schema asks for one.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    # Imported here: the two seconds it takes are not spent when nothing has changed.
    from mkdocs.commands import build as mkdocs_build  # noqa: PLC0415 (see above)
    from mkdocs.config import load_config  # noqa: PLC0415 (see above)
    from mkdocs.exceptions import MkDocsException  # noqa: PLC0415 (see above)

    configuration = root / "mkdocs.yml" if is_checkout(root) else shared("mkdocs.yml")
    warnings = _Warnings()
    logging.getLogger("mkdocs").addHandler(warnings)
    try:
        config = load_config(
            str(configuration),
            config_file_path=str(configuration),
            strict=strict,
            site_dir=str(target),
            **_project(root),
        )
        config.plugins.on_startup(command="build", dirty=False)
        mkdocs_build.build(config)
        config.plugins.on_shutdown()
    except SystemExit:  # how mkdocs-macros ends the build; what is wrong it has logged
        raise SiteError([_sentence(message) for message in warnings.messages]) from None
    except MkDocsException as error:
        raise SiteError([*map(_sentence, warnings.messages), str(error)]) from None
    finally:
        logging.getLogger("mkdocs").removeHandler(warnings)


def _project(root: Path) -> dict[str, Any]:
    """What the program's configuration says otherwise for a project elsewhere: where its pages are, and where the program is."""
    if is_checkout(root):
        return {}
    from mkdocs.utils.yaml import yaml_load  # noqa: PLC0415 (pulls in what only a build needs)

    with shared("mkdocs.yml").open(encoding="utf-8") as file:
        brought = yaml_load(file)
    return {
        "site_name": root.resolve().name,
        "site_description": "What it costs, what it holds and where it gives way, computed from its Terraform.",
        "docs_dir": str(root / "docs"),
        "theme": {**brought["theme"], "custom_dir": str(PACKAGE / "theme")},
        "hooks": [str(PACKAGE / "site" / Path(name).name) for name in brought["hooks"]],
        "watch": [str(root)],
    }


def program(root: Path) -> str:
    """The hash of the program itself; blank for a checkout of it, among whose inputs it is."""
    return "" if is_checkout(root) else _digest(PACKAGE, files(PACKAGE))


def inputs(root: Path) -> Iterator[Path]:
    """Every file of a project that a page may be made from, in order; the program's own files are among a checkout's."""
    if is_checkout(root):
        yield from (path for name in INPUTS for path in files(root / name))
        return
    for entry in sorted(root.iterdir()):
        if entry.name not in MADE:
            yield from files(entry)


_MACRO_ERROR = re.compile(r"_File_: `(?P<file>[^`]+)`\s+_\w+_: (?P<problem>.*?)\s*```", re.DOTALL)


def _sentence(message: str) -> str:
    """What mkdocs-macros says in a page of Markdown with a traceback, as one sentence that names the file; else as it is."""
    found = _MACRO_ERROR.search(message)
    if not found:
        return message
    file, problem = found["file"], found["problem"]
    return f"docs/{problem}" if problem.startswith(f"{file}: ") else f"docs/{file}: {problem}"


def _unchanged(site: Path, stamp: Path, key: str) -> bool:
    try:
        last = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return last.get("key") == key and site.is_dir() and last.get("result") == _digest(site, files(site))


def _key(root: Path, *, strict: bool) -> str:
    parts = [_digest(root, inputs(root)), program(root)]
    parts += [platform.python_version(), str(strict), os.environ.get("SITE_URL", ""), today().isoformat()]
    parts += [_git(root, "rev-parse", "HEAD"), shutil.which("git") or ""]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def files(path: Path) -> Iterator[Path]:
    """The file, or every file below the directory that may be an input, in order."""
    if path.is_file():
        yield path
        return
    for entry in sorted(path.iterdir()) if path.is_dir() else ():
        if entry.name not in {"__pycache__", ".terraform", ".ipynb_checkpoints"}:
            yield from files(entry)


def _digest(root: Path, paths: Iterator[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(f"{path.relative_to(root).as_posix()}\0".encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603, S607 (fixed words)
    except OSError:
        return ""
    return done.stdout.strip()
