"""LIFECYCLE: whether what runs is still supported, for how long, and what waiting costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from analysis.architecture import Resource
from analysis.cost import monthly
from analysis.cost.setting import NotPriced, Setting
from analysis.cost.support import VERSIONS, Version, version
from analysis.facts import PriceBook, prices
from analysis.facts.engines import Support
from analysis.proofs.rule import Rule, Verdict, judged
from analysis.proofs.view import View
from analysis.units import money

_ARGUMENT = {"aws_eks_cluster": "version", "aws_lambda_function": "runtime"}
"""Where the version stands; in `engine_version` for the others."""

MONTH_DAYS = Decimal("365.25") / 12


def _versioned(view: View) -> Iterator[tuple[Setting, Version | None, str]]:
    """Every resource whose version runs out one day, with its version or with why it is not known."""
    for resource in view.model.of_type(*VERSIONS):
        if resource.type == "aws_rds_cluster_instance":
            continue  # it runs what its cluster says
        setting = Setting(resource, view.references, _book(view, resource, view.day), {})
        try:
            found = version(setting)
        except NotPriced as reason:
            yield setting, None, str(reason)
            continue
        if found is not None and found.untold:
            yield setting, None, f"no fact says until when {found.engine} {found.version} is supported"
        elif found is not None and found.support is not None:
            yield setting, found, ""


def _book(view: View, resource: Resource, day: dt.date) -> PriceBook:
    return prices(resource.region or view.model.region, day.isoformat())


def supported(view: View) -> Iterator[Verdict]:
    """The version is in standard support."""
    for setting, found, reason in _versioned(view):
        ends = found.support.standard_ends if found and found.support else None
        if found is None or found.support is None:
            yield _verdict(setting, None, reason)
        elif ends is None:
            yield _verdict(setting, True, f"{_name(found)} is in standard support; no end of it is announced")
        elif ends >= view.day:
            yield _verdict(setting, True, f"{_name(found)} is in standard support until {ends}")
        else:
            yield _verdict(setting, False, f"{_name(found)} left it on {ends}; {_waiting(view, setting, found)}")


def lasting(view: View) -> Iterator[Verdict]:
    """Standard support lasts until an upgrade can be planned and done."""
    least = int(view.threshold("support_months_left"))
    for setting, found, _ in _versioned(view):
        ends = found.support.standard_ends if found and found.support else None
        if found is None or ends is None or ends < view.day:
            continue
        months = int((ends - view.day).days / MONTH_DAYS)
        said = f"standard support of {_name(found)} ends on {ends}, in {months} months"
        if months >= least:
            yield _verdict(setting, True, said)
        else:
            yield _verdict(setting, False, f"{said}; {_waiting(view, setting, found)}")


def _verdict(setting: Setting, holds: bool | None, because: str) -> Verdict:
    kind = setting.resource.type
    return judged(setting.resource, _ARGUMENT.get(kind, "engine_version"), holds, because)


def _name(found: Version) -> str:
    return f"{found.engine} {found.support.version if found.support else found.version}"


def _waiting(view: View, setting: Setting, found: Version) -> str:
    """What happens to a version past its standard support, and what that costs."""
    known = found.support
    assert known is not None  # noqa: S101 - the caller has it
    if found.engine == "lambda":
        return "AWS patches it no longer, and blocks creating and changing functions on it some weeks later"
    if not found.enrolled or known.year1_from is None:
        return "AWS then upgrades it by itself, in a maintenance window"
    parts = [
        f"{_added(view, setting, day)} from {day}" for day in (known.year1_from, known.year3_from) if day is not None
    ]
    ends = f", until AWS upgrades it after {known.extended_ends}" if known.extended_ends else ""
    return f"waiting costs {', '.join(parts)}{ends}"


def _added(view: View, setting: Setting, day: dt.date) -> str:
    """What extended support adds to a month's bill from `day` on."""
    first = setting.resource
    resources = [
        first,
        *(r for r in setting.referred_by("aws_rds_cluster_instance") if first.type == "aws_rds_cluster"),
    ]
    before, after = (
        sum((monthly(r, view.references, _book(view, r, when)).usd for r in resources), Decimal(0))
        for when in (_before(setting, day), day)
    )
    return f"{money(after - before)} a month" if after > before else "a price that is not known here"


def _before(setting: Setting, day: dt.date) -> dt.date:
    """The last day on which no extended support was charged: before its first year, also for the price of the third."""
    found = version(setting)
    known: Support | None = found.support if found else None
    return (known.year1_from if known and known.year1_from else day) - dt.timedelta(days=1)


RULES = (
    Rule(
        "LIFECYCLE-01",
        "error",
        "What runs is in standard support",
        "Upgrade to a version in standard support; AWS charges for waiting, or upgrades by itself.",
        supported,
    ),
    Rule(
        "LIFECYCLE-02",
        "warning",
        "Standard support lasts until an upgrade can be planned and done",
        "Plan the upgrade before the date: rehearse it on a copy, and keep the rollback.",
        lasting,
    ),
)
