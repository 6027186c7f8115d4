"""A stack under given values, judged by its scenario, and what can be measured of it by name."""

from analysis.studies.figures import shown
from analysis.studies.measures import MEASURES, Measured, MeasureError, measure
from analysis.studies.nights import StudiedNight, studied_night
from analysis.studies.study import Studies, Study, StudyError, study

__all__ = [
    "MEASURES",
    "MeasureError",
    "Measured",
    "StudiedNight",
    "Studies",
    "Study",
    "StudyError",
    "measure",
    "shown",
    "studied_night",
    "study",
]
