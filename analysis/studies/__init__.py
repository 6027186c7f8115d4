"""A stack under given values, judged by its scenario, and what can be measured of it by name."""

from analysis.studies.figures import shown
from analysis.studies.inputs import inputs
from analysis.studies.measures import MEASURES, Measured, MeasureError, measure
from analysis.studies.nights import StudiedNight, studied_night
from analysis.studies.recorded import calibration, calibration_basis, nights_basis, nights_record
from analysis.studies.study import Studies, Study, StudyError, study

__all__ = [
    "MEASURES",
    "MeasureError",
    "Measured",
    "StudiedNight",
    "Studies",
    "Study",
    "StudyError",
    "calibration",
    "calibration_basis",
    "inputs",
    "measure",
    "nights_basis",
    "nights_record",
    "shown",
    "studied_night",
    "study",
]
