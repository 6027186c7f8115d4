"""Confirmations that hold, that do not, and that name what cannot exist."""

import datetime as dt

import pytest
from decision_makers import ROOT, record

from analysis import decisions
from analysis.decisions import Checker, Edge, PlacedError, Weighing
from analysis.studies import Studies

STACKS = ROOT / "terraform" / "stacks"
STUDIES = Studies(STACKS)
BASELINE = Checker(
    Weighing(STUDIES, STACKS / "buzzer_baseline"), Edge(ROOT, dt.date(2026, 11, 21), decisions.no_claims)
)
PRIMARY = "module.database.aws_db_instance.primary"
SUITE = "terraform/stacks/buzzer/tests/buzzer.tftest.hcl"


def claim(name):
    known = {"good": None, "bad": "the claim bad no longer holds: it is 7, allowed is 1 to 2"}
    if name not in known:
        raise LookupError(f"claims.toml has no claim {name!r}")
    return known[name]


CHECKER = Checker(Weighing(STUDIES, STACKS / "buzzer"), Edge(ROOT, dt.date(2026, 11, 21), claim))


def confirmed(checker=CHECKER, **check):
    return checker.confirmed(record(confirmation=[check]).confirmation[0])


@pytest.mark.parametrize(
    ("check", "ok", "sentence"),
    [
        ({"alarm": "buzzer-db-cpu"}, True, "exists and can fire"),
        ({"alarm": "buzzer-about-to-crash"}, True, "exists"),
        ({"alarm": "buzzer-nope"}, False, "buzzer has no alarm buzzer-nope"),
        ({"rule": "EXPOSE-14"}, True, "the rule EXPOSE-14 holds (1 place)"),
        ({"rule": "EXPOSE-14", "address": "aws_x.*"}, False, "concerns nothing that is there"),
        ({"claim": "good"}, True, "the claim good holds"),
        ({"claim": "bad"}, False, "it is 7, allowed is 1 to 2"),
        ({"claim": "none"}, False, "no claim 'none'"),
        ({"resource": "module.cache.*"}, True, "resources are module.cache.*"),
        ({"resource": PRIMARY}, True, "exists"),
        ({"resource": "module.gone.*"}, False, "buzzer has no module.gone.*"),
        ({"argument": "multi_az", "address": PRIMARY, "is": True}, True, "multi_az is true"),
        ({"argument": "multi_az", "address": PRIMARY, "is": False}, False, "multi_az is true, not false"),
        ({"argument": "backup_retention_period", "address": PRIMARY, "at_least": 7}, True, "is 14"),
        ({"argument": "backup_retention_period", "address": PRIMARY, "at_least": 30}, False, "is 14, not at least 30"),
        ({"argument": "backup_retention_period", "address": PRIMARY, "at_most": 7}, False, "not at most 7"),
        ({"argument": "instance_class", "address": PRIMARY, "is": "db.t4g.medium"}, True, "is db.t4g.medium"),
        ({"argument": "instance_class", "address": PRIMARY, "at_most": 3}, False, "not at most 3"),
        ({"argument": "snow", "address": PRIMARY, "is": 1}, False, "has no snow"),
        ({"argument": "x", "address": "aws_x.y", "is": 1}, False, "aws_x.y"),
        ({"test": SUITE, "run": "what_the_stack_promises"}, True, "tests what_the_stack_promises"),
        ({"test": SUITE, "run": "snow_is_refused"}, False, "has no test snow_is_refused"),
        ({"test": "tests/decisions/test_checks.py", "run": "test_of_a_python_file"}, True, "tests"),
        ({"test": SUITE}, True, "exists"),
        ({"test": "tests/test_snow.py"}, False, "there is no test"),
    ],
)
def test_a_check_says_what_it_found(check, ok, sentence):
    found = confirmed(**check)
    assert found.ok is ok
    assert sentence in found.says


def test_of_a_python_file():
    """Named by the check above."""


def test_a_rule_that_fails_is_named_with_the_place():
    found = confirmed(BASELINE, rule="RESTORE-01")
    assert not found.ok
    assert found.says.startswith("the rule RESTORE-01 fails at aws_db_instance.")


def test_a_rule_is_tried_on_a_stack_whose_load_is_not_modelled():
    engine = Checker(Weighing(STUDIES, STACKS / "engine"), Edge(ROOT, dt.date(2026, 11, 21), decisions.no_claims))
    assert confirmed(engine, rule="EXPOSE-14").ok
    undecided = confirmed(engine, rule="FRESH-01")
    assert not undecided.ok
    assert undecided.says.startswith("the rule FRESH-01 cannot be decided at ")
    assert "the crowd would be served by" in undecided.says


def test_without_a_register_no_claim_holds():
    found = confirmed(BASELINE, claim="buzzer-month")
    assert not found.ok
    assert "no register of claims" in found.says


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        ({"rule": "SNOW-01"}, "'SNOW-01' is no rule"),
        ({"test": "../../etc/passwd"}, "leads out of"),
    ],
)
def test_a_check_of_what_cannot_exist_is_refused_with_its_line(check, sentence):
    with pytest.raises(PlacedError, match=rf"^0001-x\.md:\d+:\d+: .*{sentence}"):
        confirmed(**check)
