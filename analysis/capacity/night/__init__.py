"""The night simulated from the Terraform: what each station and the fan would have seen, minute by minute."""

from analysis.capacity.night.kernel import FAULTS, Setting
from analysis.capacity.night.parameters import Fault, Setup, fault, setup
from analysis.capacity.night.replay import replay, run
from analysis.capacity.night.series import Event, Night, Series, Stretch, summary, to_json
from analysis.capacity.night.values import NightError, night_assumptions

__all__ = [
    "FAULTS",
    "Event",
    "Fault",
    "Night",
    "NightError",
    "Series",
    "Setting",
    "Setup",
    "Stretch",
    "fault",
    "night_assumptions",
    "replay",
    "run",
    "setup",
    "summary",
    "to_json",
]
