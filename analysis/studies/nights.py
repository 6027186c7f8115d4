"""A simulated night with its alarms: the pack that CloudWatch would hold, when the first user is hurt, who is told when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis import alarms
from analysis.alarms import Harm, Pack, Report
from analysis.architecture import Architecture, Unknown
from analysis.facts import Runtime, Scenario, Stack

if TYPE_CHECKING:
    from analysis.capacity.night import Fault, Night

KICK_OFF = dt.datetime(2026, 3, 7, 20, 0, tzinfo=dt.UTC)
"""When the match of a simulated night begins, unless told otherwise: a Saturday evening."""

PAGE = "page"
"""The severity, a tag of the alarm, that wakes a human."""


@dataclass(frozen=True)
class StudiedNight:
    """One simulated night of a stack, with what its alarms make of it."""

    architecture: Architecture
    night: Night
    kick_off: dt.datetime = KICK_OFF

    @property
    def start(self) -> dt.datetime:
        """The first minute of the night."""
        return self.kick_off + dt.timedelta(minutes=self.night.setup.start_minute)

    @cached_property
    def harms(self) -> tuple[Harm, ...]:
        """Every minute in which users are hurt, as `facts/harm.toml` defines it."""
        series = self.night.series
        return alarms.harms(
            _filled(series["user", "Requests"].values["sum"]),
            _filled(series["user", "Errors"].values["sum"]),
            [None if np.isnan(age) else float(age) for age in series["user", "Age"].values["p95"]],
            self.night.setup.freshness_target_s,
        )

    @property
    def harm(self) -> Harm | None:
        """The first of them; None on a night that hurts nobody."""
        return self.harms[0] if self.harms else None

    @property
    def harm_at(self) -> dt.datetime | None:
        """When it begins."""
        return None if self.harm is None else self.start + dt.timedelta(minutes=self.harm.minute)

    @cached_property
    def pack(self) -> Pack:
        """What CloudWatch would hold of the metrics that the stack's alarms watch. Raises ValueError where it is none of them."""
        told = alarms.read(self.architecture)
        metrics = [metric for alarm in told.metric for _, metric in alarm.queries]
        setup = self.night.setup
        origin = f"simulated: {setup.stack}, {setup.scenario}, seed {self.night.seed}"
        stations = {
            key: {name: column.tolist() for name, column in series.values.items()}
            for key, series in self.night.series.items()
        }
        return alarms.simulated(metrics, stations, self.start, origin, where=self._where())

    def _where(self) -> dict[str, str]:
        database = self.night.setup.path.database
        if database is None:
            return {}
        name = self.architecture.by_address[database.address].values.get("identifier")
        if isinstance(name, Unknown):
            return {"database": name.reference}
        return {"database": str(name) if name else f"{database.address}.identifier"}

    @cached_property
    def report(self) -> Report | None:
        """The back-test of the stack's alarms on this night; None where the night publishes nothing that an alarm watches."""
        try:
            pack = self.pack
        except ValueError:
            return None
        return alarms.backtest(self.architecture, pack, self.harm_at)

    @property
    def lead_s(self) -> float | None:
        """Seconds from the first page to the first harm, negative where it came later; None without a harm or a page."""
        rows = self.report.rows if self.report else ()
        return max((row.lead_s for row in rows if row.severity == PAGE and row.lead_s is not None), default=None)


def _filled(column: NDArray[np.float64]) -> list[float]:
    return [float(figure) for figure in np.nan_to_num(column)]


def studied_night(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack | None = None,
    seed: int = 1,
    faults: Sequence[Fault] = (),
    peak_users: int | None = None,
    *,
    profile: Runtime | None = None,
    kick_off: dt.datetime = KICK_OFF,
) -> StudiedNight:
    """The night of `scenario` on `architecture` with a seed and faults, beginning so that the match starts at `kick_off`.

    Raises as `analysis.capacity.night.setup` does.
    """
    from analysis.capacity.night import replay  # noqa: PLC0415 (pulls in the compiler)

    night = replay(architecture, scenario, stack, seed, faults, profile=profile, peak_users=peak_users)
    return StudiedNight(architecture, night, kick_off)
