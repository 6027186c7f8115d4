"""Runs the command line: `python -m analysis`, or `gameday`."""

import os
import sys


def main() -> None:
    """Runs the command line; whatever happens, no traceback reaches the user unless asked for."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal of another encoding
    try:
        from analysis.commands import app  # noqa: PLC0415 - takes a second or two, in which Ctrl-C may come

        app(prog_name="gameday")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from analysis.commands import screen  # noqa: PLC0415 - as above

        if os.environ.get(screen.DEBUG):
            raise
        if screen.is_full(error):
            screen.say(f"standard output cannot be written ({error.strerror}); nothing else went wrong")
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still held back must not fail once more at the end
            sys.exit(screen.UNREADABLE)
        sys.exit(screen.fault(error))


if __name__ == "__main__":
    main()
