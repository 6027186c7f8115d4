"""Builds functions' packages: `python package.py APP RELEASE [LIBRARIES]` writes APP/dist/FUNCTION/RELEASE.zip.

LIBRARIES is a folder with what `requirements.in` of the app names, installed for Lambda. The same files give the same bytes, so
that a package that has not changed has the digest that it had.
"""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent

FUNCTIONS = {"engine": ("authorize", "fanout", "ingest", "query"), "rotation": ("rotation",)}
"""The packages of each app."""

FILES = {
    "engine": (
        "interface.schema.json",
        "providers.json",
        *(f"{name}.py" for name in FUNCTIONS["engine"]),
        "shared/*.py",
    ),
    "rotation": ("*.py",),
}
"""What is in every package of an app: a function may use another's answers."""


def package(app: str, function: str, release: str, target: Path, libraries: Path | None = None) -> Path:
    """The path of a function's package. Raises ValueError for a release that is no version."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", release):
        raise ValueError(f"a release is a version such as 1.0.0, not {release!r}")
    if function not in FUNCTIONS.get(app, ()):
        known = "; ".join(f"{name}: {', '.join(functions)}" for name, functions in FUNCTIONS.items())
        raise ValueError(f"a function is one of {known}; not {app} {function!r}")
    home = HERE / app
    if libraries is not None and not any(libraries.glob("*")):
        raise ValueError(f"{libraries} has no libraries; it is where those of {app}'s requirements.in were installed")
    if nothing := [pattern for pattern in FILES[app] if not any(home.glob(pattern))]:
        raise ValueError(f"{home} has no {', '.join(nothing)}")
    files = {path.relative_to(home).as_posix(): path for pattern in FILES[app] for path in home.glob(pattern)}
    if libraries is not None:
        found = (path for path in libraries.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        files |= {path.relative_to(libraries).as_posix(): path for path in found}
    made = target / function / f"{release}.zip"
    made.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            out.writestr(entry, files[name].read_bytes())
    return made


if __name__ == "__main__":
    APP, LIBRARIES = sys.argv[1], Path(sys.argv[3]) if len(sys.argv) > 3 else None
    if LIBRARIES is None and (HERE / APP / "requirements.in").is_file():
        sys.exit(f"say where the libraries of {APP}/requirements.in were installed")
    for NAME in FUNCTIONS.get(APP, (APP,)):
        print(package(APP, NAME, sys.argv[2], HERE / APP / "dist", LIBRARIES))
