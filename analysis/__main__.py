"""Runs the command line: `python -m analysis`, or `gameday`."""

from analysis.commands import app


def main() -> None:
    """Runs the command line."""
    app(prog_name="gameday")


if __name__ == "__main__":
    main()
