"""Claims are computed, held to their bands, and refused with a sentence where they cannot be."""

from decimal import Decimal
from pathlib import Path

import pytest

from analysis.claims import ClaimError, citations, load
from analysis.studies import MEASURES, Measured, MeasureError, measure, shown, study

ROOT = Path(__file__).parents[2]
STACKS = ROOT / "terraform" / "stacks"


@pytest.fixture(scope="module")
def crashed():
    return study(STACKS / "buzzer_baseline")


def register(tmp_path, text):
    path = tmp_path / "claims.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, STACKS)


MONTH = """
[month]
says = "A month."
stack = "buzzer_baseline"
measure = "cost.month"
band = [{band}]
"""


def test_a_claim_inside_its_band_holds_and_one_outside_is_named(tmp_path):
    assert register(tmp_path, MONTH.format(band="1, 100_000")).broken == ()
    (broken,) = register(tmp_path, MONTH.format(band="1, 2")).broken
    assert broken.claim.name == "month"
    assert broken.bound == "1 to 2"


def test_an_expected_text_must_come_out(tmp_path):
    text = '[b]\nsays = "x"\nstack = "buzzer_baseline"\nmeasure = "capacity.bottleneck"\nexpect = "{}"\n'
    assert register(tmp_path, text.format("service")).broken == ()
    assert [result.claim.name for result in register(tmp_path, text.format("database")).broken] == ["b"]


def test_another_value_of_a_terraform_variable_makes_another_figure(tmp_path):
    text = '[{}]\nsays = "x"\nstack = "buzzer"\nmeasure = "cost.service"\nwith = {{ service = "Fargate" }}\nband = [1, 9_000]\n'
    larger = text.format("large") + "variables = { task_size = { cpu = 4096, memory = 8192 } }\n"
    made = register(tmp_path, text.format("own") + larger)
    assert made.result("large").measured.value > made.result("own").measured.value


def test_claims_combine_and_the_result_equals_the_arithmetic(tmp_path):
    made = register(
        tmp_path,
        MONTH.format(band="1, 1000")
        + '[idle]\nsays = "Idle."\nstack = "buzzer_baseline"\nmeasure = "cost.idle_month"\nband = [1, 1000]\n'
        + '[games]\nsays = "Games."\nmeasure = "difference"\nof = ["month", "idle"]\nband = [0, 1000]\n'
        + '[factor]\nsays = "Factor."\nmeasure = "ratio"\nof = ["month", "idle"]\nband = [1, 10]\n',
    )
    month, idle = (made.result(name).measured.value for name in ("month", "idle"))
    assert made.result("games").measured.value == month - idle
    assert made.result("games").measured.unit == "USD"
    assert made.result("factor").measured.value == month / idle
    assert not made.broken


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[a]\nmeasure = 'cost.month'\nstack = 's'\nband = [1, 2]", "needs 'says'"),
        ("[a]\nsays = 'x'\nmeasure = 'cost.month'\nstack = 's'", "either a band or an expected text"),
        ("[a]\nsays = 'x'\nmeasure = 'cost.month'\nstack = 's'\nband = [2, 1]", "the lower one first"),
        ("[a]\nsays = 'x'\nmeasure = 'cost.month'\nband = [1, 2]", "names either the stack"),
        ("[a]\nsays = 'x'\nmeasure = 'cost.month'\nstack = 's'\nband = [1, 2]\nvalue = 3", "'value' is not known"),
        ("[a]\nsays = 'x'\nmeasure = 'ratio'\nof = ['b', 'c']\nband = [1, 2]", "b is no claim"),
        ("[a\n", "claims.toml"),
    ],
)
def test_a_malformed_register_is_refused_with_a_sentence(tmp_path, text, sentence):
    with pytest.raises(ClaimError, match=sentence):
        register(tmp_path, text)


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("cost.weekly", {}, "no measure 'cost.weekly'"),
        ("cost.service", {}, "needs 'service'"),
        ("cost.month", {"service": "RDS"}, "takes no 'service'"),
        ("cost.service", {"service": "Snowball"}, "no line for Snowball"),
        ("capacity.capacity", {"station": "queue"}, "no station 'queue'"),
        ("terraform.attribute", {"address": "aws_x.y", "attribute": "id"}, "no resource aws_x.y"),
        ("terraform.variable", {"variable": "nope"}, "no variable nope"),
        ("fact.limit", {"limit": "nope"}, "nope is not in"),
        ("fact.price", {"sku": "nope"}, "has no nope"),
        ("scenario.assumption", {"assumption": "nope"}, "no assumption 'nope'"),
    ],
)
def test_a_measure_that_cannot_be_taken_says_why(crashed, name, arguments, sentence):
    with pytest.raises(MeasureError, match=sentence):
        measure(name, crashed, arguments)


def test_an_unknown_value_is_refused_rather_than_printed(crashed):
    with pytest.raises(MeasureError, match=r"only after apply|no arn|not set"):
        measure("terraform.attribute", crashed, {"address": "aws_db_instance.main", "attribute": "arn"})


def test_an_attribute_says_where_it_stands(crashed):
    task = next(crashed.architecture.of_type("aws_ecs_task_definition"))
    found = measure("terraform.attribute", crashed, {"address": task.address, "attribute": "cpu"})
    assert str(found.value) == str(task.values["cpu"])
    assert found.inputs[0].origin == f"main.tf:{task.location('cpu').line}"


EXAMPLES = {
    "cost.service": {"service": "RDS"},
    "cost.address": {"address": "aws_db_instance.*"},
    "cost.lacking": {"region": "us-west-2"},
    **{
        f"broker.{name}": {"broker": "iot_core", "replaces": "module.live*"}
        for name in ("delivered", "fullest", "month", "game")
    },
    "cost.listed": {"quantities": {"alb.hour": 730}},
    "cost.break_even": {
        "quantities": {"cloudfront.out.us_mx_ca.gb": 1000},
        "plan": "cloudflare.business.month_monthly_billing",
    },
    "cost.reserved_saving": {"term": "1y"},
    "cost.commitment": {"term": "1y"},
    "availability.allowed": {"target": 0.999},
    "capacity.input": {"station": "service", "input": "task vCPU"},
    "capacity.offered": {"station": "service"},
    "capacity.capacity": {"station": "service"},
    "capacity.utilisation": {"station": "service"},
    "terraform.attribute": {"address": "aws_ecs_service.api", "attribute": "desired_count"},
    "fact.limit": {"limit": "alb.lcu.new_connections"},
    "fact.price": {"sku": "alb.hour"},
    "push.age.p95": {"feed": "sportradar"},
    "scenario.assumption": {"assumption": "poll_interval_s"},
}


OF_ANOTHER = {
    "premortem.delivered": "scoreboard",
    **dict.fromkeys(
        (
            *("push.p50", "push.p95", "push.p99", "push.age.p95", "availability.promised"),
            *("broker.delivered", "broker.fullest", "broker.month", "broker.game"),
        ),
        "engine",
    ),
    **dict.fromkeys(
        (
            *("cost.event", "cost.break_even", "cost.reserved_saving", "cost.commitment"),
            *("response.mean", "response.p95", "response.p99", "availability.event", "availability.allowed"),
        ),
        "olympics",
    ),
}
"""Measures that the crashed stack has not: it was polled, ran no group of instances, and its scenario has no event of days."""


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_can_be_taken_of_a_real_stack(crashed, name):
    arguments = dict(EXAMPLES.get(name, {}))
    if name == "terraform.attribute":
        arguments["address"] = next(crashed.architecture.of_type("aws_ecs_service")).address
    if name == "terraform.variable":
        arguments["variable"] = next(
            n for n, v in crashed.architecture.variables.items() if isinstance(v.value, str | int) and not v.sensitive
        )
    if name == "fact.limit":
        from analysis.facts import limits

        arguments["limit"] = next(iter(limits()))
    if name == "scenario.assumption":
        arguments["assumption"] = crashed.scenario.assumptions[0].name
    other = OF_ANOTHER.get(name)
    found = measure(name, study(STACKS / other) if other else crashed, arguments)
    assert found.formula
    assert shown(found)


@pytest.mark.parametrize(
    ("measured", "text"),
    [
        (Measured(Decimal("12.345"), "USD", "f"), "$12.35"),
        (Measured(0.4321, "share", "f"), "43 %"),
        (Measured(0.9966, "share", "f"), "99.7 %"),
        (Measured(0.99, "share", "f"), "99 %"),
        (Measured(0.9997, "share", "f"), "99.97 %"),
        (Measured(0.9999982, "share", "f"), "99.9998 %"),
        (Measured(0.99999999999, "share", "f"), "more than 99.999999 %"),
        (Measured(1.0, "share", "f"), "100 %"),
        (Measured(0.0123, "share", "f"), "1.2 %"),
        (Measured(2.97, "ratio", "f"), "2.97"),
        (Measured(1077.08, "user", "f"), "1,077"),
        (Measured(9.84, "s", "f"), "9.8 s"),
        (Measured(0.00116, "s", "f"), "1.16 ms"),
        (Measured(None, "user", "f"), "no limit"),
        (Measured(1234, "", "f"), "1,234"),
        (Measured("service", "", "f"), "service"),
    ],
)
def test_a_figure_is_written_as_a_sentence_has_it(measured, text):
    assert shown(measured) == text


def test_citations_name_page_and_line():
    pages = {"b.md": "x\n{{ claim('one') }} and {{ claim(\"two\") }}", "a.md": "{{ claim('one') }}"}
    assert citations(pages) == {"one": ("a.md:1", "b.md:2"), "two": ("b.md:2",)}


def test_the_projects_claims_hold_and_each_is_cited():
    made = load(ROOT / "docs" / "claims.toml", STACKS)
    assert [f"{r.claim.name}: {r.text}, not {r.bound}" for r in made.broken] == []
    cited = citations({str(p): p.read_text(encoding="utf-8") for p in (ROOT / "docs").rglob("*.md")})
    combined = {name for claim in made.claims.values() for name in claim.of}
    assert sorted(set(made.claims) - set(cited) - combined) == [], "claims that no page cites"
    assert sorted(set(cited) - set(made.claims)) == [], "citations of claims that do not exist"


def test_busy_tasks_are_killed_at_the_crowd_whose_queue_lasts_as_long_as_the_health_checks_timeout(crashed):
    found = measure("health.users_until_killed", crashed, {})
    capacity = measure("capacity.capacity", crashed, {"station": "service"}).value
    timeout_s = crashed.capacity.polling.path.balancer.health_check.timeout_s
    poll_s = float(crashed.capacity.poll_interval.value)
    assert found.value == pytest.approx(capacity * (poll_s + timeout_s), rel=1e-3)  # the publisher writes as well


def test_the_verdict_falls_with_the_last_failure_of_the_health_check(crashed):
    check = crashed.capacity.polling.path.balancer.health_check
    patience = measure("health.patience", crashed, {}).value
    assert patience == (check.unhealthy - 1) * check.interval_s + check.timeout_s


def test_listed_quantities_are_priced_and_an_unknown_one_is_refused(crashed):
    assert measure("cost.listed", crashed, {"quantities": {"alb.hour": 730}}).value == Decimal("16.425")
    with pytest.raises(MeasureError, match="has no nope"):
        measure("cost.listed", crashed, {"quantities": {"nope": 1}})
    with pytest.raises(MeasureError, match="quantities by SKU"):
        measure("cost.listed", crashed, {"quantities": {}})


def test_a_claim_may_rest_on_a_changed_model(tmp_path):
    text = '[{}]\nsays = "x"\nstack = "buzzer"\nmeasure = "cost.idle_month"\nband = [1, 9_000]\n{}'
    made = register(tmp_path, text.format("own", "") + text.format("less", 'without = ["module.cache.*"]\n'))
    assert made.result("less").measured.value < made.result("own").measured.value
