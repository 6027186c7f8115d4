"""Incidents: impact in user terms, the course with its evidence, what would have been, and whether it would happen again."""

from analysis.incidents.counterfactuals import Bench, Outcome, Weighed, weigh
from analysis.incidents.headrooms import ROOM_SEEDS, Headrooms, Room, headrooms
from analysis.incidents.impact import DEFINITIONS, Impact, IncidentError, Moment, Observed
from analysis.incidents.opened import Opened, Row, foreseen, opened, simulated
from analysis.incidents.postmortem import begin
from analysis.incidents.record import KIND, Record
from analysis.incidents.record import basis as record_basis
from analysis.incidents.record import content as record_content
from analysis.incidents.record import load as recorded
from analysis.incidents.record import made as weighed_anew
from analysis.incidents.record import path_of as record_path
from analysis.incidents.relapse import Trial, trials
from analysis.incidents.report import duration, sentences, to_json
from analysis.incidents.timeline import Change, Entry, Harm, Incident, read

__all__ = [
    "DEFINITIONS",
    "KIND",
    "ROOM_SEEDS",
    "Bench",
    "Change",
    "Entry",
    "Harm",
    "Headrooms",
    "Impact",
    "Incident",
    "IncidentError",
    "Moment",
    "Observed",
    "Opened",
    "Outcome",
    "Record",
    "Room",
    "Row",
    "Trial",
    "Weighed",
    "begin",
    "duration",
    "foreseen",
    "headrooms",
    "opened",
    "read",
    "record_basis",
    "record_content",
    "record_path",
    "recorded",
    "sentences",
    "simulated",
    "to_json",
    "trials",
    "weigh",
    "weighed_anew",
]
