"""Operations that moto does not know, answered in its place."""

from analysis.validation.emulator.rows import Absent

ROWS: tuple[Absent, ...] = ()
