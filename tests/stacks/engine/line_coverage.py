"""A plugin of pytest: which lines of the functions of the data engine the tests of a session run, as JSON in $LINES_RUN.

Python's own tracing; `statements` gives what there is to be run, which is every line but those below `if __name__`.
"""

import json
import os
import sys
import threading
from pathlib import Path
from types import CodeType

APP = str(Path(__file__).parents[3] / "apps" / "engine")
RUN: set[tuple[str, int]] = set()


def pytest_configure():
    threading.settrace(trace)
    sys.settrace(trace)


def pytest_unconfigure():
    sys.settrace(None)
    if "LINES_RUN" in os.environ:
        Path(os.environ["LINES_RUN"]).write_text(json.dumps(sorted(RUN)), encoding="utf-8")


def trace(frame, _event, _argument):
    """Follows the functions of the data engine and no others."""
    name = frame.f_code.co_filename
    if not name.startswith(APP):
        return None
    RUN.add((name, frame.f_lineno))
    return lines


def lines(frame, event, _argument):
    if event == "line":
        RUN.add((frame.f_code.co_filename, frame.f_lineno))
    return lines


def statements(path: Path) -> set[int]:
    """The lines of a file on which something is run, without what runs as a script only."""
    text = path.read_text(encoding="utf-8")
    head = text.partition('\nif __name__ == "__main__":')[0]
    found: set[int] = set()

    def collect(code: CodeType) -> None:
        found.update(line for _, _, line in code.co_lines() if line)
        for one in code.co_consts:
            if isinstance(one, CodeType):
                collect(one)

    collect(compile(head, str(path), "exec"))
    return found
