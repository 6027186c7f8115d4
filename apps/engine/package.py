"""Builds the functions' packages: `python package.py RELEASE [LIBRARIES]` writes FUNCTION/RELEASE.zip below `dist`.

LIBRARIES is a folder with what `requirements.in` names, installed for Lambda. The same files give the same bytes, so that a
package that has not changed has the digest that it had.
"""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent

FUNCTIONS = ("authorize", "fanout", "ingest", "query")

SHARED = ("interface.schema.json", "providers.json", *(f"{name}.py" for name in FUNCTIONS), "shared/*.py")
"""What is in every package: a function may use another's answers."""


def package(function: str, release: str, target: Path, libraries: Path | None = None) -> Path:
    """The path of a function's package. Raises ValueError for a release that is no version."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", release):
        raise ValueError(f"a release is a version such as 1.0.0, not {release!r}")
    if function not in FUNCTIONS:
        raise ValueError(f"a function is {', '.join(FUNCTIONS)}, not {function!r}")
    files = {path.relative_to(HERE).as_posix(): path for pattern in SHARED for path in HERE.glob(pattern)}
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
    LIBRARIES = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    for NAME in FUNCTIONS:
        print(package(NAME, sys.argv[1], HERE / "dist", LIBRARIES))
