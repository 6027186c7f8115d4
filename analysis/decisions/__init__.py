"""Decision records, weighed: what each costs and buys by the same model, where it would turn, and whether it still holds."""

from analysis.decisions.checks import Checker, Confirmed, Edge, no_claims
from analysis.decisions.expressions import Expression, Figure
from analysis.decisions.judging import STATES, Bench, Judgement, State, matches, says, stack_directory, to_json, turning
from analysis.decisions.keeping import FILE_NAME, KIND, Kept, recording
from analysis.decisions.records import Change, Column, Option, Record, folder, is_record, parse, read
from analysis.decisions.weighing import Crossing, Effect, Weighed, Weighing, effect_columns
from analysis.frontmatter import PlacedError

__all__ = [
    "FILE_NAME",
    "KIND",
    "STATES",
    "Bench",
    "Change",
    "Checker",
    "Column",
    "Confirmed",
    "Crossing",
    "Edge",
    "Effect",
    "Expression",
    "Figure",
    "Judgement",
    "Kept",
    "Option",
    "PlacedError",
    "Record",
    "State",
    "Weighed",
    "Weighing",
    "effect_columns",
    "folder",
    "is_record",
    "matches",
    "no_claims",
    "parse",
    "read",
    "recording",
    "says",
    "stack_directory",
    "to_json",
    "turning",
]
