"""A stack under given values, judged by its scenario, and what can be measured of it by name."""

from analysis.studies.figures import shown
from analysis.studies.measures import MEASURES, Measured, MeasureError, measure
from analysis.studies.study import Study, StudyError, study

__all__ = [
    "MEASURES",
    "MeasureError",
    "Measured",
    "Study",
    "StudyError",
    "measure",
    "shown",
    "study",
]
