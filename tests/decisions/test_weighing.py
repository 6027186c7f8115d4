"""Options computed by the same model, figures with and without a decision, and the place where an input turns it."""

from decimal import Decimal

import pytest
from decision_makers import EDGE_OFF, ROOT, record, text_of

from analysis.decisions import PlacedError, Weighing
from analysis.decisions import weighing as w
from analysis.studies import Studies, shown

STACKS = ROOT / "terraform" / "stacks"
WORLD = Weighing(Studies(STACKS), STACKS / "buzzer")
KEPT = {"name": "As it is", "chosen": True}
MONTH = {"measure": "cost.month"}
IDLE = {"measure": "cost.idle_month"}


def options(*more, measures=(IDLE,), **matter):
    return w.options(WORLD, record(options=[KEPT, *more], measures=list(measures), **matter))


def figures(*more, measures=(IDLE,)):
    return [
        one if isinstance(one, str) else [f.value for f in one]
        for one in (o.figures for o in options(*more, measures=measures))
    ]


def test_an_option_is_computed_under_the_values_it_sets():
    larger = {"name": "Larger", "variables": {"task_size": {"cpu": 1024, "memory": 2048}}}
    own, other = figures(larger)
    assert own == [WORLD.study.idle_bill.total.usd]
    assert other == [WORLD.studies.study("buzzer", variables=larger["variables"]).idle_bill.total.usd]
    assert other > own


def test_an_option_may_take_resources_away_or_change_what_no_variable_reaches():
    offered = {"measure": "capacity.offered", "with": {"station": "service"}}
    own, without, uncached = figures(
        {"name": "No cache", "without": ["module.cache.*"]},
        {"name": "Edge off", "arguments": EDGE_OFF},
        measures=(offered, IDLE),
    )
    assert own[1] - without[1] == pytest.approx(
        Decimal("47.12"), abs=Decimal("0.5")
    )  # two nodes at 0.032 USD an hour, a secret
    assert uncached[0] == pytest.approx(5000 / 1.2, rel=0.01)  # every poll of 5,000 users, one each 1.2 s


def test_what_an_option_adds_is_priced_and_what_it_reprices_follows():
    own, added, dear = figures(
        {"name": "EKS", "adds": {"eks.control_plane.hour": 730}},
        {"name": "Dear endpoints", "repriced": {"vpc_endpoint.interface.hour": 2}},
        measures=(MONTH,),
    )
    assert added[0] - own[0] == Decimal("73.0")
    assert dear[0] - own[0] == Decimal("58.4")  # four endpoints in two zones, 730 hours at 0.01 USD


def test_an_option_may_assume_something_else():
    busy = {
        "measure": "capacity.utilisation",
        "with": {"station": "database"},
        "arguments": EDGE_OFF,
        "without": ["module.cache.*"],
    }
    own, slow = figures(
        {"name": "Slow queries", "assumed": {"flask_pooled_redis.database_s_per_request": 0.0007}}, measures=(busy,)
    )
    assert slow[0] == pytest.approx(2 * own[0], rel=0.02)


def test_a_measure_may_be_taken_on_a_worse_night():
    held = {"measure": "capacity.users_held"}
    (own,) = options(measures=(held, {**held, "arguments": EDGE_OFF}))
    assert own.figures[0].value > 10 * own.figures[1].value


def test_an_option_that_terraform_refuses_shows_terraforms_sentence():
    _, small = options({"name": "Tiny", "variables": {"task_size": {"cpu": 256}}, "refused": True})
    assert small.figures.startswith("Terraform refuses it: task_size.cpu must be at least 512")


def test_an_option_that_only_a_precondition_refuses_is_computed_and_says_so():
    own, five = options({"name": "Pools of five", "variables": {"pool_size": 5}})
    assert own.guards == ()
    assert "30 tasks twice over with pools of 5 hold 300 connections" in five.guards[0]
    assert not isinstance(five.figures, str)


def test_an_option_outside_the_model_says_why_it_has_no_figures():
    _, push = options({"name": "Push", "not_modelled": "the model knows polls only."})
    assert push.figures == "Not modelled: the model knows polls only."


ENGINE = Weighing(Studies(STACKS), STACKS / "engine")
TIER = {"broker": "iot_core", "replaces": ["module.live*", "module.channel*"]}


def on_engine(*more, measures):
    return [
        one if isinstance(one, str) else [figure.value for figure in one]
        for one in (
            o.figures
            for o in w.options(ENGINE, record(options=[KEPT, *more], measures=[{"measure": m} for m in measures]))
        )
    ]


def test_an_option_with_a_broker_is_computed_from_its_quotas_and_prices():
    tasks, broker = on_engine(
        {"name": "Broker", **TIER}, measures=("premortem.delivered", "premortem.fullest", "cost.month", "cost.game")
    )
    assert tasks[0] > 0.9999
    assert broker[0] < 0.1
    assert "IoT Core" in broker[1]
    assert broker[2] > 3 * tasks[2]
    assert broker[3] > 3 * tasks[3]


def test_a_second_stack_adds_its_bill_and_pays_no_plan_twice():
    elsewhere = {"variables": {"region": "us-west-2"}, "users": 0}
    one, both = on_engine({"name": "Two", "beside": elsewhere}, measures=("cost.month", "availability.promised"))
    alone = ENGINE.studies.study("engine", variables={"region": "us-west-2"}, users=0)
    plans = sum(line.cost for line in alone.bill.line_items if line.sku == "plan")
    assert plans > 0
    assert both[0] == one[0] + alone.bill.total.usd - plans
    assert both[1] == 1 - (1 - one[1]) ** 2


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (TIER, "capacity.users_held is not known of a broker; those are: premortem.delivered"),
        ({"beside": {"users": 0}}, "capacity.users_held is not known of two stacks; those are: cost.month"),
    ],
)
def test_a_figure_that_a_broker_or_two_stacks_do_not_have_is_refused(option, sentence):
    with pytest.raises(PlacedError, match=sentence):
        on_engine({"name": "B", **option}, measures=("capacity.users_held",))


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"variables": {"task_size": {"cpu": 256}}}, "must be at least 512"),
        ({"variables": {"nothing": 1}}, "nothing"),
        ({"without": ["aws_x.y"]}, "no resource aws_x.y that could be left out"),
        ({"arguments": {"aws_x.y": {}}}, "no resource aws_x.y whose arguments"),
        ({"arguments": {next(iter(EDGE_OFF)): {"ttl": 0}}}, "no argument 'ttl'"),
        ({"adds": {"snow.hour": 1}}, "has no snow.hour"),
        ({"repriced": {"snow.hour": 1}}, "has no snow.hour"),
        ({"assumed": {"snow": 1}}, "assumes no 'snow'"),
        ({"refused": True}, "is said to be refused, but its Terraform resolves"),
    ],
)
def test_an_option_that_cannot_be_computed_is_named_with_its_line(option, sentence):
    with pytest.raises(PlacedError, match=rf"^0001-x\.md:\d+:\d+: option 'B': .*{sentence}"):
        options({"name": "B", **option}, measures=(MONTH,))


# --- with and without


def effects(**matter):
    return {effect.name: effect for effect in w.effects(WORLD, record(**matter))}


def test_every_record_has_its_figures_with_and_without_the_decision():
    found = effects(undo={"without": ["module.cache.*"]})
    assert tuple(found) == w.EFFECTS
    assert found["month"].with_it.value - found["month"].without_it.value > 40
    assert found["month"].with_it.value == WORLD.study.bill.total.usd
    assert found["age"].without_it.value < found["age"].with_it.value  # the cache's lifetime is gone
    assert not found["lead"].differs


def test_of_a_proposal_the_change_is_what_it_proposes():
    found = effects(status="proposed", undo=None, do={"without": ["module.cache.*"]})
    assert found["month"].without_it.value == WORLD.study.bill.total.usd
    assert found["month"].with_it.value < found["month"].without_it.value


def test_the_night_of_a_record_changes_what_is_held_and_not_what_is_paid():
    plain = effects(undo={"arguments": EDGE_OFF})
    purged = effects(undo={"without": ["module.cache.*"]}, night={"name": "purged", "arguments": EDGE_OFF})
    assert purged["month"].with_it.value == plain["month"].with_it.value
    assert purged["users"].with_it.value == plain["users"].without_it.value


def test_a_fault_of_the_night_hurts_and_the_decision_shortens_it():
    primary = "module.database.aws_db_instance.primary"
    found = effects(
        undo={"arguments": {primary: {"multi_az": False}}}, night={"name": "lost", "faults": ["database-failover@104"]}
    )
    assert found["harm"].with_it.value < found["harm"].without_it.value
    assert shown(found["harm"].without_it).endswith(" min")


def test_a_figure_that_cannot_be_had_says_why():
    found = effects(undo={"without": ["module.service.aws_ecs_service.*"]})
    assert isinstance(found["users"].without_it, str)
    assert not isinstance(found["users"].with_it, str)


@pytest.mark.parametrize(
    ("undo", "there", "sentence"),
    [
        (
            {"without": ["module.cache.*", "module.cash.*"]},
            "module.cash",
            "no resource module.cash.* that could be left out",
        ),
        ({"arguments": {"aws_db_instance.none": {}}}, "aws_db_instance.none", "no resource aws_db_instance.none"),
        ({"variables": {"task_size": {"cpu": 256}}}, "cpu: 256", "must be at least 512"),
        ({"variables": {"nothing": 1}}, "nothing: 1", "nothing"),
    ],
)
def test_an_undoing_that_reaches_nothing_is_refused_with_its_line(undo, there, sentence):
    with pytest.raises(PlacedError) as caught:
        effects(undo=undo)
    assert sentence in str(caught.value)
    assert there in text_of(undo=undo).splitlines()[caught.value.location.line - 1]


# --- predicates


def true(predicate, **matter):
    found = record(reopen_when=predicate, **matter)
    return w.holds(WORLD, found, found.reopen_when)


def test_predicates_compute_compare_and_join():
    month = float(WORLD.study.bill.total.usd)
    assert true(f"month > {month - 1} and month < {month + 1}")
    assert true("month == cost.month and not (game > month)")
    assert true("undone(month) < month")
    assert true("2 * (month - undone(month)) / month < 1")
    assert true("-month < 0 or month < 0")
    assert true('capacity.bottleneck == "nothing" or capacity.bottleneck != ""')
    assert true('capacity.users_held(level = "low") <= capacity.users_held')
    assert not true("month < 0")


def test_a_figure_of_the_records_own_is_named_in_a_predicate():
    busy = {"measure": "capacity.utilisation", "with": {"station": "service"}, "arguments": EDGE_OFF, "name": "busy"}
    assert true('busy > 5 * capacity.utilisation(station = "service")', measures=[busy])


def test_what_is_simulated_is_taken_on_the_records_night():
    night = {"name": "lost", "faults": ["database-failover@104"]}
    assert true("night.harm == harm and harm > 0", night=night)
    assert true('harm > 0 and night.harm(seed = 1, faults = "zone-loss@3") != 1000', night=night)


@pytest.mark.parametrize(
    ("predicate", "sentence"),
    [
        ("month", "is a figure and no statement"),
        ("month > 1 > 0", "cannot stand here"),
        ("(month > 1) > 0", "is a statement, which cannot be compared"),
        ('month == "x"', "the number .* compared with the text 'x'"),
        ('capacity.bottleneck < "x"', "texts are compared with == and != only"),
        ("month and month > 1", "`and`, `or` and `not` join statements"),
        ("capacity.bottleneck + 1 > 2", "nothing can be computed"),
        ("month / (month - month) > 2", "is zero"),
        ('cost.service(service = "Snow") > 2', "no line for Snow"),
        ('capacity.utilisation(station = "snow") > 2', "snow"),
        ('alarms.lead(alarm = "snow") > 2', "no alarm 'snow'"),
        ('night.p99(faults = "snow@1") > 2', "'snow' is not known"),
    ],
)
def test_a_predicate_that_makes_no_sense_is_refused_with_its_place(predicate, sentence):
    with pytest.raises(PlacedError, match=rf"^0001-x\.md:\d+:\d+: .*{sentence}"):
        true(predicate)


# --- break-even


def crossing(given, span, when, **matter):
    found = record(break_even=[{"input": given, "range": span, "when": when, **matter}])
    return w.crossing(WORLD, found, found.break_even[0])


def test_the_break_even_of_a_price_is_where_arithmetic_puts_it():
    bill = WORLD.study.bill
    hours = sum(item.quantity for item in bill.line_items if item.sku == "vpc_endpoint.interface.hour")
    found = crossing({"price": "vpc_endpoint.interface.hour"}, [0.001, 1], "month <= 1000")
    exact = 0.01 + float((1000 - bill.total.usd) / hours)
    assert found.at == pytest.approx(exact, rel=0.01)
    assert (found.now, found.true_below, found.back) == (0.01, True, False)
    assert found.tried <= w.MAX_STEPS + 2


def test_the_break_even_of_a_count_is_the_first_that_turns():
    found = crossing(
        {"variable": "pool_size"}, [1, 20], "connections.deploying <= 0.8 * connections.accepted", whole=True
    )
    assert found.at == 5
    assert found.now == 4


def test_the_break_even_of_an_assumption_changes_what_rests_on_it():
    found = crossing({"assumption": "audience.peak_users"}, [100, 1_000_000], "scenario.peak < 5000")
    assert found.at == pytest.approx(5000, rel=0.01)
    assert found.margin == pytest.approx(1, rel=0.01)


def test_the_break_even_of_an_argument_replaces_it():
    address = "module.database.aws_db_instance.primary"
    when = f'terraform.attribute(address = "{address}", attribute = "allocated_storage") < 77'
    assert crossing({"argument": f"{address} allocated_storage"}, [50, 200], when, whole=True).at == 77


def test_without_a_break_even_in_the_range_it_says_so_plainly():
    from analysis.decisions import says

    found = crossing({"assumption": "audience.peak_users"}, [100, 200], "scenario.peak < 5000", title="users")
    assert found.at is None
    assert says(found) == "users: none between 100 user and 200 user; throughout it is true that scenario.peak < 5000"


def test_a_statement_that_turns_there_and_back_is_noticed():
    found = crossing({"assumption": "audience.peak_users"}, [0, 1000], "scenario.peak < 300 or scenario.peak > 700")
    assert found.at == pytest.approx(300, rel=0.02)
    assert found.back


@pytest.mark.parametrize(
    ("given", "span", "sentence"),
    [
        ({"assumption": "snow"}, [1, 2], "snow is no assumption"),
        ({"price": "snow.hour"}, [1, 2], "no snow.hour"),
        ({"variable": "snow"}, [1, 2], "no variable snow"),
        ({"argument": "aws_x.y z"}, [1, 2], "aws_x.y"),
        ({"variable": "edge_ttl_s"}, [1, 60], "range: with edge_ttl_s = 60, .* give a range that Terraform takes"),
    ],
)
def test_an_input_that_does_not_exist_or_that_terraform_refuses_is_named(given, span, sentence):
    with pytest.raises(PlacedError, match=rf"^0001-x\.md:\d+:\d+: .*{sentence}"):
        crossing(given, span, "month > 1")


def test_what_is_assumed_must_exist_and_is_shown_with_its_range():
    found = w.assumed(WORLD, record(assumes=["audience.peak_users", "fargate.start_s", "failover_multi_az_s"]))
    assert [a.name for a in found] == ["audience.peak_users", "fargate.start_s", "failover_multi_az_s"]
    assert all(a.low <= a.value <= a.high for a in found)
    with pytest.raises(PlacedError, match=r"^0001-x\.md:\d+:3: snow is no assumption"):
        w.assumed(WORLD, record(assumes=["snow"]))
