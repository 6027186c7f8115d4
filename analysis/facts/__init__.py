"""Facts as data: prices, instances, limits, runtimes, assumptions, scenarios. Every row has a source, or a reason and a range."""

from analysis.facts.assumptions import Assumption, FactError, assumptions
from analysis.facts.scenarios import Scenario, scenario
from analysis.facts.stacks import Stack, stack

__all__ = ["Assumption", "FactError", "Scenario", "Stack", "assumptions", "scenario", "stack"]
