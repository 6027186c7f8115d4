"""What would go wrong, before it does: a scenario's hours through every station of a stack: `gameday premortem`."""

from analysis.premortem.fluid import Backlog, Course, Premortem, Strain, premortem
from analysis.premortem.scaling import Program
from analysis.premortem.story import at, story, to_json

__all__ = ["Backlog", "Course", "Premortem", "Program", "Strain", "at", "premortem", "story", "to_json"]
