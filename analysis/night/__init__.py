"""The night simulated from the Terraform: what each station and the fan would have seen, minute by minute."""

from analysis.night.calibration import calibrated
from analysis.night.headroom import Headroom, headroom, steepest_rise_s
from analysis.night.headroom import to_json as headroom_to_json
from analysis.night.kernel import FAULTS, Setting
from analysis.night.parameters import Fault, Setup, fault, setup, stack_setup
from analysis.night.replay import replay, run
from analysis.night.series import NOT_MODELLED, Event, Night, Series, Stretch, summary, to_json
from analysis.night.sweep import Cell, Outcome, outcome, sweep
from analysis.night.sweep import to_json as sweep_to_json
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
    "summary",
    "sweep",
    "sweep_to_json",
    "to_json",
]
