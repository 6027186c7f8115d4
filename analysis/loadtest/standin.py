"""A stand-in of a system's own: the folder `local/STACK` of this checkout, whose `load.toml` says how it is started and asked.

`start` is its command, `modules` what it needs of Node's packages and `install` how to get them; `slowed` are variables with
which each request uses `slowed_ms` more of the processor. `[database]` has the name of a PostgreSQL database, the role by
which the program reads, and what is executed first: files of SQL, or the `blocks` of a page. `[environment]` is what the program
is told, `[variables]` what it is told of the stack's variables. `[routes.NAME]` is the path of a route of the scenario, with
`{}` for the number of an object, and the variable that says how long Redis keeps it. `[limit]` is how many requests one
address may send in `window_s` seconds. Only what is in this checkout is started: a stack of a stranger's is asked nothing.
"""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from analysis.architecture import Architecture
from analysis.loadtest.servers import LoadError

LOCAL: Final = Path(__file__).parents[2] / "local"
FILE_NAME: Final = "load.toml"
BLOCK: Final = re.compile(r"^```sql title=\"([^\"]+)\"\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class StandIn:
    """The folder and what its file says."""

    folder: Path
    said: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.said[key]

    @property
    def sources(self) -> Mapping[str, str]:
        """The texts that it is made of, by name: the files of the folder, and the SQL of pages elsewhere."""
        texts = {
            path.name: path.read_text(encoding="utf-8") for path in sorted(self.folder.iterdir()) if path.is_file()
        }
        pages = [path for path in self._fill() if path.parent != self.folder]
        return texts | {path.name: "".join(text for _, text in _blocks(path)) for path in pages}

    def _fill(self) -> list[Path]:
        return [(self.folder / name).resolve() for name in self["database"]["fill"]]

    def sql(self) -> str:
        """What fills the database."""
        texts = []
        for path in self._fill():
            if path.suffix == ".md":
                blocks = dict(_blocks(path))
                texts += [blocks[name] for name in self["database"]["blocks"]]
            else:
                texts.append(path.read_text(encoding="utf-8"))
        return "\n".join(texts)

    def variables(self, architecture: Architecture) -> dict[str, str]:
        """What the program is told of the stack's variables. LoadError where the stack has no such variable."""
        return {name: str(_value(architecture, path)) for name, path in self["variables"].items()}

    def missing(self) -> str:
        """A sentence that says what is not installed, and how to get it; else empty."""
        if shutil.which(self["start"][0]) is None:
            return f"{self['start'][0]} not found; it starts the stand-in in {self.folder.name}"
        absent = [name for name in self["modules"] if not self._package(name).exists()]
        return f"{', '.join(absent)} not installed; {self['install']}" if absent else ""

    def versions(self) -> dict[str, str]:
        """The version of each of its packages."""
        return {
            name: json.loads(self._package(name).read_text(encoding="utf-8"))["version"] for name in self["modules"]
        }

    def _package(self, name: str) -> Path:
        return self.folder / "node_modules" / name / "package.json"


def _blocks(page: Path) -> list[tuple[str, str]]:
    """The titled blocks of SQL of a page."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def _value(architecture: Architecture, path: str) -> Any:
    name, *steps = path.split(".")
    variable = architecture.variables.get(name)
    value = variable.value if variable else None
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    if value is None:
        raise LoadError(f"{architecture.stack} has no value of var.{path}, which its stand-in needs")
    return value


def stand_in(stack: Path) -> StandIn | None:
    """The stand-in of a stack of this checkout, by the name of its directory; None where it has none, or is a stranger's."""
    path = LOCAL / stack.name / FILE_NAME
    if not stack.resolve().is_relative_to(LOCAL.parent):
        return None
    return StandIn(path.parent, tomllib.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None
