"""Incidents: impact in user terms, the course with its evidence, what would have been, and whether it would happen again."""

from analysis.incidents.begin import begin
from analysis.incidents.counterfactuals import Bench, Outcome, Weighed, outcome, weigh
from analysis.incidents.headrooms import ROOM_SEEDS, Headrooms, Room, headrooms, room
from analysis.incidents.impact import DEFINITIONS, Impact, IncidentError, Moment, Observed
from analysis.incidents.opened import Opened, Row, foreseen, opened, simulated
from analysis.incidents.postmortem import SCHEMA, TABLES, Postmortem, duration, postmortem, to_json
from analysis.incidents.record import KIND, Record
from analysis.incidents.record import basis as record_basis
from analysis.incidents.record import content as record_content
from analysis.incidents.record import load as recorded
from analysis.incidents.record import made as weighed_anew
from analysis.incidents.record import path_of as record_path
from analysis.incidents.relapse import Trial, trials
from analysis.incidents.review import ACTION_STATUSES, GROUPS, OPEN, UNDER_WAY, WRITTEN, Action, Flaw, Review
from analysis.incidents.timeline import Change, Entry, Harm, Incident, change, read

__all__ = [
    "ACTION_STATUSES",
    "DEFINITIONS",
    "GROUPS",
    "KIND",
    "OPEN",
    "ROOM_SEEDS",
    "SCHEMA",
    "TABLES",
    "UNDER_WAY",
    "WRITTEN",
    "Action",
    "Bench",
    "Change",
    "Entry",
    "Flaw",
    "Harm",
    "Headrooms",
    "Impact",
    "Incident",
    "IncidentError",
    "Moment",
    "Observed",
    "Opened",
    "Outcome",
    "Postmortem",
    "Record",
    "Review",
    "Room",
    "Row",
    "Trial",
    "Weighed",
    "begin",
    "change",
    "duration",
    "foreseen",
    "headrooms",
    "opened",
    "outcome",
    "postmortem",
    "read",
    "record_basis",
    "record_content",
    "record_path",
    "recorded",
    "room",
    "simulated",
    "to_json",
    "trials",
    "weigh",
    "weighed_anew",
]
