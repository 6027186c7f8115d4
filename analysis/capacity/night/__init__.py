"""The night simulated from the Terraform: what each station and the fan would have seen, minute by minute."""

from analysis.capacity.night.calibration import calibrated
from analysis.capacity.night.headroom import Headroom, headroom, steepest_rise_s
from analysis.capacity.night.headroom import to_json as headroom_to_json
from analysis.capacity.night.kernel import FAULTS, Setting
from analysis.capacity.night.parameters import Fault, Setup, fault, setup
from analysis.capacity.night.replay import replay, run
from analysis.capacity.night.series import NOT_MODELLED, Event, Night, Series, Stretch, summary, to_json
from analysis.capacity.night.sweep import Cell, Outcome, outcome, sweep
from analysis.capacity.night.sweep import to_json as sweep_to_json
from analysis.capacity.night.values import NightError, night_assumptions

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
    "steepest_rise_s",
    "summary",
    "sweep",
    "sweep_to_json",
    "to_json",
]
