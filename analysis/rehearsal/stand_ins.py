"""The text of the programs that stand on the path of a rehearsal in place of the machine's own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from string import Template

from analysis.rehearsal import tools

# One file for each tool, run by the interpreter that runs this: it checks its words by the table and becomes the tool.
_STAND_IN = Template("""#!$python -IS
import sys
sys.path.insert(0, @LIBRARY@)
import tools
tools.start($name, $program, $options, @HOME@, @PROTECTED@, @ENVIRONMENT@)
""")


def stand_in(name: str, program: Path, options: Sequence[str] = ()) -> str:
    """The stand-in for a tool, with what `placed` fills in still open."""
    return _STAND_IN.substitute(
        python=Path(sys.executable).resolve(),
        name=repr(name),
        program=repr(str(program.resolve())),
        options=repr(list(options)),
    )


def placed(text: str, library: Path, home: Path, protected: Sequence[str], environment: dict[str, str]) -> str:
    """A stand-in for the rehearsal in `home`: where the table lies, what may not be written, the environment of the tool."""
    values = {"LIBRARY": str(library), "HOME": str(home), "PROTECTED": list(protected), "ENVIRONMENT": environment}
    for mark, value in values.items():
        text = text.replace(f"@{mark}@", repr(value))
    return text


def library(directory: Path) -> Path:
    """The directory, made and filled with what the stand-ins import."""
    directory.mkdir()
    (directory / "tools.py").write_bytes(Path(tools.__file__).read_bytes())
    return directory
