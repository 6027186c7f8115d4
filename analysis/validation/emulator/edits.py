"""Answers of moto that lose something, mended."""

from analysis.validation.emulator.rows import Edit

ROWS: tuple[Edit, ...] = ()
