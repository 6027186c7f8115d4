"""The night simulated from the Terraform: what each station and the fan would have seen, minute by minute.

The names below are imported when one of them is first asked for: the kernel brings a compiler, which takes a second to start, and
what only reads a plan of nights (`hard_plan`, `calibration_plan`) does without.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.night.calibration import calibrated
    from analysis.night.headrooms import Headroom, headroom, steepest_rise_s
    from analysis.night.headrooms import to_json as headroom_to_json
    from analysis.night.kernel import FAULTS, Setting
    from analysis.night.parameters import Fault, Setup, fault, setup, stack_setup
    from analysis.night.series import NOT_MODELLED, Event, Night, Series, Stretch, summary, to_json
    from analysis.night.simulation import replay, run
    from analysis.night.stories import story
    from analysis.night.sweeps import Cell, Outcome, outcome, sweep
    from analysis.night.sweeps import to_json as sweep_to_json
    from analysis.night.values import NightError, night_assumptions

__all__ = [
    "FAULTS",
    "NOT_MODELLED",
    "Cell",
    "Event",
    "Fault",
    "Headroom",
    "Night",
    "NightError",
    "Outcome",
    "Series",
    "Setting",
    "Setup",
    "Stretch",
    "calibrated",
    "fault",
    "headroom",
    "headroom_to_json",
    "night_assumptions",
    "outcome",
    "replay",
    "run",
    "setup",
    "stack_setup",
    "steepest_rise_s",
    "story",
    "summary",
    "sweep",
    "sweep_to_json",
    "to_json",
]

HOMES = {
    "Cell": ("sweeps", "Cell"),
    "Event": ("series", "Event"),
    "FAULTS": ("kernel", "FAULTS"),
    "Fault": ("parameters", "Fault"),
    "Headroom": ("headrooms", "Headroom"),
    "NOT_MODELLED": ("series", "NOT_MODELLED"),
    "Night": ("series", "Night"),
    "NightError": ("values", "NightError"),
    "Outcome": ("sweeps", "Outcome"),
    "Series": ("series", "Series"),
    "Setting": ("kernel", "Setting"),
    "Setup": ("parameters", "Setup"),
    "Stretch": ("series", "Stretch"),
    "calibrated": ("calibration", "calibrated"),
    "fault": ("parameters", "fault"),
    "headroom": ("headrooms", "headroom"),
    "headroom_to_json": ("headrooms", "to_json"),
    "night_assumptions": ("values", "night_assumptions"),
    "outcome": ("sweeps", "outcome"),
    "replay": ("simulation", "replay"),
    "run": ("simulation", "run"),
    "setup": ("parameters", "setup"),
    "stack_setup": ("parameters", "stack_setup"),
    "steepest_rise_s": ("headrooms", "steepest_rise_s"),
    "story": ("stories", "story"),
    "summary": ("series", "summary"),
    "sweep": ("sweeps", "sweep"),
    "sweep_to_json": ("sweeps", "to_json"),
    "to_json": ("series", "to_json"),
}
"""The module of each name, and what it is called there."""


def __getattr__(name: str) -> Any:
    """The name, out of its module."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, there = HOMES[name]
    return getattr(import_module(f"{__name__}.{module}"), there)
