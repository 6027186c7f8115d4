"""What would go wrong, before it does: a scenario's hours through every station of a stack: `gameday premortem`."""

from analysis.premortem.delays import Ages, Answers, Delay, Stage
from analysis.premortem.faults import KINDS, PremortemError
from analysis.premortem.fluid import Backlog, Course, Premortem, Strain, premortem
from analysis.premortem.pushes import ASSUMED, Pushes
from analysis.premortem.report import TABLES, Report
from analysis.premortem.scaling import Program
from analysis.premortem.story import PERCENTILES, after_faults, at, story, to_json
from analysis.premortem.watched import PUBLISHED, Watched

__all__ = [
    "ASSUMED",
    "KINDS",
    "PERCENTILES",
    "PUBLISHED",
    "TABLES",
    "Ages",
    "Answers",
    "Backlog",
    "Course",
    "Delay",
    "Premortem",
    "PremortemError",
    "Program",
    "Pushes",
    "Report",
    "Stage",
    "Strain",
    "Watched",
    "after_faults",
    "at",
    "premortem",
    "story",
    "to_json",
]
