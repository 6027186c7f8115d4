"""CloudWatch alarms: their semantics, what a stack's alarms are, and how they do on an incident."""

from analysis.alarms.backtest import Episode, Report, Row, backtest, score, to_json
from analysis.alarms.dashboards import Dashboard, Filled, dashboards, fill
from analysis.alarms.definitions import Alarm, Alarms, Composite, Metric, read
from analysis.alarms.exercise import ExerciseError, exercise, survival
from analysis.alarms.expressions import ExpressionError
from analysis.alarms.faults import Fault, faults
from analysis.alarms.harm import Harm, first_harm, harm_in, harms
from analysis.alarms.mutations import Mutant, MutationRun, Part, mutants, mutation_run
from analysis.alarms.packs import Identity, MetricKey, Pack, PackError, Series, addressed, load, moment, simulated
from analysis.alarms.packs import to_json as pack_to_json
from analysis.alarms.replay import PUBLICATION_DELAY_S, replay, watched
from analysis.alarms.rules import RuleError
from analysis.alarms.seasons import Season, SeasonRow, season
from analysis.alarms.semantics import State, evaluate

__all__ = [
    "PUBLICATION_DELAY_S",
    "Alarm",
    "Alarms",
    "Composite",
    "Dashboard",
    "Episode",
    "ExerciseError",
    "ExpressionError",
    "Fault",
    "Filled",
    "Harm",
    "Identity",
    "Metric",
    "MetricKey",
    "Mutant",
    "MutationRun",
    "Pack",
    "PackError",
    "Part",
    "Report",
    "Row",
    "RuleError",
    "Season",
    "SeasonRow",
    "Series",
    "State",
    "addressed",
    "backtest",
    "dashboards",
    "evaluate",
    "exercise",
    "faults",
    "fill",
    "first_harm",
    "harm_in",
    "harms",
    "load",
    "moment",
    "mutants",
    "mutation_run",
    "pack_to_json",
    "read",
    "replay",
    "score",
    "season",
    "simulated",
    "survival",
    "to_json",
    "watched",
]
