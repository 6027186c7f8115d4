"""The terminal: what comes from the input is shown there, never obeyed."""

from __future__ import annotations

import errno
import os
import re
import select
import shlex
import sys
from collections.abc import Iterable
from typing import Any, Final, TypeGuard

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text
from typer.core import TyperGroup

from analysis.terraform import InputError

DEBUG: Final = "GAMEDAY_DEBUG"
"""Set to anything, this environment variable shows the traceback of a fault in gameday itself."""

OWN: Final = __name__.partition(".")[0]
"""The package itself, of which no module may be missing. What the other extras bring is asked for where it is used."""

UNREADABLE, CLOSED_OUTPUT, INTERRUPTED = 2, 141, 130
"""Exit statuses: of wrong input, of output that nobody reads any more (128 + SIGPIPE) and of Ctrl-C (128 + SIGINT)."""

HIDDEN: Final = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u115f\\u1160\\u180e"
    "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ud800-\\udfff\\ufeff\\uffa0\\ufff9-\\ufffb\\U000110bd\\U000110cd"
    "\\U00013430-\\U0001343f\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e007f]"
)
"""Characters that move the cursor, colour, hide or reorder what a terminal shows: control and format characters, lone surrogates,
blanks of no width or of a letter's category. Line feed and tab are not among them."""


def visible(text: str) -> str:
    r"""The text with every hidden character as an escape such as `\x1b` or `\u202e`."""
    return HIDDEN.sub(lambda match: escaped(ord(match[0])), text)


def escaped(code: int) -> str:
    """The escape of a code point, as Python writes it."""
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class Screen(Console):
    """A console that shows hidden characters in all that it is given, whether plain text, markup or a table's cells."""

    def render_str(self, text: str, **options: Any) -> Text:
        """As in `Console`, of the visible text: so that the widths of a table's columns are those of what is shown."""
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As in `Console`; also text that was laid out elsewhere is made visible."""
        for segment in super().render(renderable, options):
            if segment.control or HIDDEN.search(segment.text) is None:
                yield segment
            else:
                yield Segment(visible(segment.text), segment.style)


class Commands(TyperGroup):
    """The commands; how each ends where a file cannot be read or written, a reader went away or a package is not installed."""

    def invoke(self, context: Any) -> Any:
        """Runs the command that was asked for."""
        try:
            result = super().invoke(context)
            sys.stdout.flush()
        except OSError as error:
            if isinstance(error, BrokenPipeError) and output_is_closed():
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
                raise typer.Exit(CLOSED_OUTPUT) from None
            if error.filename is None and is_nowhere():
                say("the working directory is no longer there; change to one that is, and run the command again")
                raise typer.Exit(UNREADABLE) from None
            if error.filename is None or os.environ.get(DEBUG):
                raise
            say(f"{os.fsdecode(error.filename)}: {error.strerror}")
            raise typer.Exit(UNREADABLE) from None
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith(OWN) or os.environ.get(DEBUG):
                raise
            say(f"this needs {error.name}, which is not installed; pip install 'gameday-notebook[site]' brings it")
            raise typer.Exit(UNREADABLE) from None
        except InputError as error:
            for diagnostic in error.diagnostics:
                say(str(diagnostic))
            raise typer.Exit(UNREADABLE) from None
        return result


def is_nowhere() -> bool:
    """Whether the working directory was deleted, so that no relative path leads anywhere."""
    try:
        os.getcwd()  # noqa: PTH109 (what fails is this call)
    except FileNotFoundError:
        return True
    return False


def output_is_closed() -> bool:
    """Whether nobody reads standard output or standard error any more."""
    poll = select.poll()
    for stream in (sys.stdout, sys.stderr):
        poll.register(stream.fileno(), select.POLLOUT)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def is_full(error: Exception) -> TypeGuard[OSError]:
    """Whether standard output takes no more; a file that does not is written whole or not at all, and named (`files.write`)."""
    return (
        isinstance(error, OSError) and error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO)
    )


def say(sentence: str) -> None:
    """A sentence on standard error."""
    sys.stderr.write(visible(f"gameday: {sentence}") + "\n")


def fault(error: Exception) -> int:
    """Says that gameday itself is at fault, and how to see more of it; the exit status."""
    text = str(error).splitlines()[0][:200] if str(error) else "no further words"
    command = shlex.join(["gameday", *sys.argv[1:]])
    say(
        f"this is a fault in gameday, not an answer about the input ({type(error).__name__}: {text}); "
        f"please report it with what this prints: {DEBUG}=1 {command}"
    )
    return UNREADABLE
