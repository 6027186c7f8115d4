"""Incidents: impact in user terms, the course with its evidence, what would have been, and whether it would happen again."""

from analysis.incidents.counterfactuals import Bench, Outcome, Weighed, weigh
from analysis.incidents.headrooms import ROOM_SEEDS, Headrooms, Room, headrooms
from analysis.incidents.impact import DEFINITIONS, Impact, IncidentError, Moment, Observed
from analysis.incidents.opened import Opened, Row, foreseen, opened, simulated
from analysis.incidents.postmortem import begin
from analysis.incidents.record import Record
from analysis.incidents.record import digest as record_digest
from analysis.incidents.record import load as recorded
from analysis.incidents.record import made as weighed_anew
from analysis.incidents.record import path_of as record_path
from analysis.incidents.record import text as record_text
from analysis.incidents.relapse import Trial, trials
from analysis.incidents.report import duration, sentences, to_json
from analysis.incidents.timeline import Change, Entry, Harm, Incident, read

__all__ = [
    "DEFINITIONS",
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
    "record_digest",
    "record_path",
    "record_text",
    "recorded",
    "sentences",
    "simulated",
    "to_json",
    "trials",
    "weigh",
    "weighed_anew",
]
