"""A stack under given values, judged by its scenario, and what can be measured of it by name."""

from analysis.studies.brokers import BROKERS, rests_on
from analysis.studies.figures import shown
from analysis.studies.inputs import inputs
from analysis.studies.measures import AGREEMENTS, GLOBAL, MEASURES, Measured, MeasureError, measure
from analysis.studies.nights import StudiedNight, studied_night
from analysis.studies.recorded import calibration, calibration_basis, nights_basis, nights_record
from analysis.studies.study import Studies, Study, StudyError, study

__all__ = [
    "AGREEMENTS",
    "BROKERS",
    "GLOBAL",
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
    "rests_on",
    "shown",
    "studied_night",
    "study",
]
