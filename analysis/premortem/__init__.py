"""What would go wrong, before it does: a scenario's hours through every station of a stack: `gameday premortem`."""

from analysis.premortem.delays import Ages, Answers, Delay, Stage
from analysis.premortem.faults import KINDS, PremortemError
from analysis.premortem.fluid import Backlog, Course, Premortem, Strain, premortem
from analysis.premortem.report import TABLES, Report
from analysis.premortem.scaling import Program
from analysis.premortem.story import after_faults, at, story, to_json

__all__ = [
    "KINDS",
    "TABLES",
    "Ages",
    "Answers",
    "Backlog",
    "Course",
    "Delay",
    "Premortem",
    "PremortemError",
    "Program",
    "Report",
    "Stage",
    "Strain",
    "after_faults",
    "at",
    "premortem",
    "story",
    "to_json",
]
