"""Classes of moto's that behave wrongly, mended when the emulator starts."""

from analysis.validation.emulator.rows import Patch

ROWS: tuple[Patch, ...] = ()


def apply() -> None:
    """Applies every row, once, in the emulator's process."""
    for row in ROWS:
        row.apply()
