"""What CloudWatch makes of one window of datapoints.

Source: the CloudWatch user guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data"
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

State: TypeAlias = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
MissingData: TypeAlias = Literal["missing", "ignore", "breaching", "notBreaching"]

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
"""The comparisons with a constant threshold; those with an anomaly band are refused where alarms are read."""

EXTRA_PERIODS = 2
"""How many datapoints beyond N an evaluation looks at. AWS does not say; its examples show five for N = 3."""

WIDEST_EXTRA_PERIODS = 10
"""Up to how many extra datapoints a verdict is tried, to see whether it depends on them."""


class Rule(Protocol):
    """What an evaluation needs to know of an alarm."""

    @property
    def comparison(self) -> str:
        """A key of COMPARISONS."""

    @property
    def threshold(self) -> float:
        """What a datapoint is compared with, in the unit of the metric."""

    @property
    def evaluation_periods(self) -> int:
        """N: how many datapoints count."""

    @property
    def datapoints_to_alarm(self) -> int:
        """M: how many of them must breach."""

    @property
    def missing_data(self) -> MissingData:
        """What stands in for a datapoint that is not there."""


def evaluate(points: Sequence[float | None], alarm: Rule, previous: State) -> State:
    """The state after one evaluation over `points`, the evaluation range: oldest first, None where a datapoint is missing.

    With N real datapoints or more the N newest real ones decide, and missing data is not looked at. With fewer, the missing ones
    are filled, as few as possible. With `missing` or `ignore` there is nothing to fill with: M breaching datapoints raise the
    alarm; a datapoint that does not breach keeps it OK; where all that is left breaches, the oldest must be at least M old, and
    then `missing` goes to ALARM ahead of time while `ignore` keeps the previous state.
    """
    breaches = COMPARISONS[alarm.comparison]
    n, m = alarm.evaluation_periods, alarm.datapoints_to_alarm
    real = [
        (len(points) - index, breaches(point, alarm.threshold))
        for index, point in enumerate(points)
        if point is not None
    ]
    used = real[-n:]
    breaching = sum(breach for _, breach in used)
    if len(used) < n and alarm.missing_data == "breaching":
        breaching += n - len(used)
    if breaching >= m:
        return "ALARM"
    if len(used) == n or alarm.missing_data in ("breaching", "notBreaching") or breaching < len(used):
        return "OK"
    if alarm.missing_data == "ignore":
        return previous
    return "ALARM" if used and used[0][0] >= m else "INSUFFICIENT_DATA"
