"""The bill as a whole: sums, tiers, free allowances, what is unknown, and that nothing counts as zero unsaid."""

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from cost_makers import made, stack, used
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.architecture import Reference, Unknown
from analysis.cost import estimate, focus_csv, to_json
from analysis.cost.network import billable_rule_evaluations_per_s, capacity_unit_hours
from analysis.cost.rate_card import RATE_CARD
from analysis.demand.usage import LoadHours, Usage
from analysis.facts import Assumption, Plan, prices
from analysis.units import Amount, Window

BOOK = prices()
GATEWAY = made("aws_nat_gateway.n", connectivity_type="private")
SUBNETS = (Unknown("aws_subnet.a.id"), Unknown("aws_subnet.b.id"))
BALANCER = made("aws_lb.l", internal=True, subnets=SUBNETS)
QUEUES = tuple(made(f"aws_sqs_queue.q{n}") for n in range(3))
APP = (
    made(
        "aws_ecs_service.s",
        desired_count=2,
        launch_type="FARGATE",
        task_definition=Unknown("aws_ecs_task_definition.t.arn"),
    ),
    made("aws_ecs_task_definition.t", cpu="256", memory="512"),
)
SPOT_APP = (
    made(
        "aws_ecs_service.s",
        desired_count=4,
        capacity_provider_strategy=(
            {"capacity_provider": "FARGATE", "base": 1, "weight": 1},
            {"capacity_provider": "FARGATE_SPOT", "base": 0, "weight": 2},
        ),
        task_definition=Unknown("aws_ecs_task_definition.t.arn"),
    ),
    APP[1],
)
DATABASE = made(
    "aws_db_instance.d", engine="mysql", instance_class="db.t3.micro", allocated_storage=20, storage_type="gp2"
)
EVERYTHING = (GATEWAY, BALANCER, *QUEUES, *SPOT_APP, DATABASE, made("aws_firehose.x"), made("aws_iam_role.r"))


def quantities(cost, address):
    return {item.component: item.quantity for item in cost.line_items if item.address == address}


# --- sums ---


def test_the_lines_sum_to_the_total_and_so_does_every_split(bill):
    cost = bill(*EVERYTHING, usage=used("aws_nat_gateway.n", monthly_data_processed_gb=7))
    total = sum(item.cost for item in cost.line_items if item.cost is not None)
    assert cost.total == Amount(total, Window.MONTH)
    for split in (cost.by_confidence(), cost.by_service(), cost.by_address(), cost.by_type()):
        assert sum(amount.usd for amount in split.values()) == total
    for item in cost.line_items:
        assert item.cost is None or item.cost == item.quantity * item.unit_price


def test_the_total_is_split_by_how_sure_the_prices_are(bill):
    cost = bill(*SPOT_APP)
    split = cost.by_confidence()
    assert split["low"].usd > 0  # Spot prices come from an old article
    assert split["high"] == cost.total - split["low"]


def test_every_line_names_the_source_of_its_price(bill):
    assert all(item.source and item.sku in BOOK.prices for item in bill(*EVERYTHING).line_items)


# --- what is not known ---


def test_without_usage_a_line_that_depends_on_it_has_no_quantity_and_no_cost(bill):
    cost = bill(GATEWAY)
    (data,) = cost.without_quantity
    assert (data.component, data.quantity, data.cost, data.usage_based) == ("data processed", None, None, True)
    assert cost.total.usd == Decimal("32.85")


def test_usage_of_zero_is_a_cost_of_zero_not_an_unknown_one(bill):
    cost = bill(GATEWAY, usage=used("aws_nat_gateway.n", monthly_data_processed_gb=0))
    assert not cost.without_quantity
    assert cost.total.usd == Decimal("32.85")


def test_a_value_known_only_after_apply_is_unpriced_with_the_place_where_it_is_defined(bill):
    count = Unknown("random_integer.n.result")
    service = made("aws_ecs_service.s", **{**APP[0].values, "desired_count": count})
    cost = bill(service, APP[1], made("random_integer.n"))
    (problem,) = [u for u in cost.unpriced if u.address == "aws_ecs_service.s"]
    assert problem.component == "vCPU, memory"
    assert problem.reason.endswith(
        "desired_count is known only after apply: it is random_integer.n.result, defined at main.tf:10:1"
    )
    assert cost.total.usd == 0


def test_an_attribute_that_the_provider_fills_in_itself_counts_as_not_set(bill):
    values = {**DATABASE.values, "storage_type": "gp3"}
    computed = {name: Unknown(f"aws_db_instance.d.{name}") for name in ("iops", "storage_throughput", "multi_az")}
    cost = bill(made("aws_db_instance.d", **values, **computed))
    assert not cost.unpriced
    assert cost.total == bill(made("aws_db_instance.d", **values)).total


def test_a_set_that_a_plan_gives_as_unknown_counts_the_resources_it_refers_to(bill):
    subnets = tuple(Reference("subnets", f"aws_subnet.{zone}", "id") for zone in "abc")
    balancer = replace(made("aws_lb.l", subnets=Unknown("aws_lb.l.subnets")), references=subnets)
    assert quantities(bill(balancer), "aws_lb.l")["public IPv4 addresses, one per subnet"] == 3 * 730


def test_a_subnet_that_is_called_data_is_no_data_source(bill):
    subnets = tuple(
        Reference("subnets", address, "id") for address in ("aws_subnet.data", 'module.data["x"].aws_subnet.b')
    )
    balancer = replace(made("aws_lb.l", subnets=Unknown("aws_lb.l.subnets")), references=subnets)
    assert quantities(bill(balancer), "aws_lb.l")["public IPv4 addresses, one per subnet"] == 2 * 730


@pytest.mark.parametrize("module", ["", "module.network.", 'module.network["eu.west"].module.inner[0].'])
def test_a_list_that_a_data_source_answers_is_not_one_element_long(bill, module):
    source = Reference("subnets", f"{module}data.aws_subnets.default", "ids")
    balancer = replace(made("aws_lb.l", subnets=Unknown("data.aws_subnets.default.ids")), references=(source,))
    (problem,) = bill(balancer).unpriced
    assert problem.reason.endswith("how many subnets there are is known only after apply")


def test_a_set_of_which_nothing_is_known_is_not_taken_for_empty(bill):
    balancer = made("aws_lb.l", subnets=Unknown("aws_lb.l.subnets"))
    (problem,) = bill(balancer).unpriced
    assert problem.reason.endswith("how many subnets there are is known only after apply")
    assert (
        bill(made("aws_lb.l")).unpriced[0].reason.endswith("it names no subnets, and holds one public address in each")
    )


def test_a_number_of_tasks_that_a_plan_gives_as_unknown_is_not_taken_for_none(bill):
    unknown = made(
        "aws_ecs_service.s", **{**APP[0].values, "desired_count": Unknown("aws_ecs_service.s.desired_count")}
    )
    assert not bill(unknown, APP[1]).line_items
    assert "desired_count is known only after apply" in bill(unknown, APP[1]).unpriced[0].reason


def test_a_task_definition_of_another_stack_leaves_the_service_unpriced(bill):
    cost = bill(made("aws_ecs_service.s", desired_count=1, launch_type="FARGATE", task_definition="other:3"))
    assert not cost.line_items
    assert "task_definition names no aws_ecs_task_definition of this stack" in cost.unpriced[0].reason


def test_partly_unknown_container_definitions_do_not_matter_to_the_price(bill):
    task = made(
        "aws_ecs_task_definition.t",
        cpu="256",
        memory="512",
        container_definitions=Unknown("x", partial=[{"name": "a"}]),
    )
    assert bill(APP[0], task).total == bill(*APP).total


def test_a_type_in_no_table_is_reported_with_its_place(bill):
    (problem,) = bill(made("aws_quantum_ledger.q")).unpriced
    assert problem.reason == "main.tf:10:1: aws_quantum_ledger is neither in the rate card nor known to be free"


def test_an_instance_class_without_a_price_is_reported_with_the_sku_and_the_date(bill):
    cost = bill(
        made(
            "aws_db_instance.d", engine="mysql", instance_class="db.x99.huge", allocated_storage=20, storage_type="gp2"
        )
    )
    assert cost.unpriced[0].reason.startswith(
        f"instance: the price book of us-east-1 of {BOOK.as_of} has no price for rds.mysql.x99.huge.single_az.hour"
    )
    assert cost.total.usd == Decimal("2.3")  # the storage is priced all the same


def test_a_stack_in_another_region_is_priced_with_the_prices_of_that_region(bill):
    cost = bill(GATEWAY, made("aws_route53_zone.z"), region="eu-west-1")
    hour = next(item for item in cost.line_items if item.component == "gateway")
    assert hour.unit_price == prices("eu-west-1").prices["nat_gateway.hour"].tiers[0].usd
    assert hour.unit_price != BOOK.prices["nat_gateway.hour"].tiers[0].usd


def test_a_stack_in_a_region_without_prices_has_those_that_are_the_same_everywhere_and_says_what_is_missing(bill):
    cost = bill(GATEWAY, made("aws_route53_zone.z"), region="mars-north-1")
    assert {item.address for item in cost.line_items} == {"aws_route53_zone.z"}
    assert cost.unpriced[0].reason.endswith("the price book of mars-north-1 has no price for nat_gateway.hour")


def test_a_mistaken_reference_cycle_between_replicas_ends(bill):
    replica = made(
        "aws_db_instance.r", replicate_source_db=Unknown("aws_db_instance.r.identifier"), instance_class="db.t3.micro"
    )
    assert bill(replica).unpriced


def test_tasks_on_machines_outside_of_aws_are_not_free(bill):
    (problem,) = bill(made("aws_ecs_service.s", launch_type="EXTERNAL", desired_count=1)).unpriced
    assert "its tasks run on machines outside of AWS, each charged by the hour" in problem.reason


# --- free ---


def test_what_costs_nothing_is_listed_with_the_reason(bill):
    cost = bill(
        made("aws_vpc.v"),
        made("aws_vpc_endpoint.s3", vpc_endpoint_type="Gateway"),
        made("aws_ecs_service.s", launch_type="EC2", desired_count=1),
    )
    assert {item.address: item.reason for item in cost.free} == {
        "aws_vpc.v": "part of a network; traffic, gateways and endpoints are charged where they stand",
        "aws_vpc_endpoint.s3": "gateway endpoints are not charged",
        "aws_ecs_service.s": "its tasks run on instances, which are charged themselves",
    }
    assert not cost.line_items


@pytest.mark.parametrize(
    "elastic",
    [
        (made("aws_eip.e", instance=Unknown("aws_instance.i.id")),),
        (made("aws_eip.e"), made("aws_eip_association.a", instance_id=Unknown("aws_instance.i.id"))),
    ],
)
def test_an_elastic_ip_of_an_instance_takes_the_place_of_the_address_that_its_subnet_gave(bill, elastic):
    web = made("aws_instance.i", instance_type="t3.micro", associate_public_ip_address=True)
    cost = bill(web, *elastic)
    assert [item.address for item in cost.line_items if item.sku == "public_ipv4.in_use.hour"] == ["aws_eip.e"]


def test_an_elastic_ip_of_a_gateway_is_charged_once(bill):
    gateway = made("aws_nat_gateway.n", allocation_id=Unknown("aws_eip.e.id"))
    cost = bill(gateway, made("aws_eip.e"))
    assert [item.address for item in cost.line_items if item.sku == "public_ipv4.in_use.hour"] == ["aws_eip.e"]


# --- tiers and allowances belong to the account ---


def test_resources_that_share_a_sku_climb_its_tiers_together(bill):
    apis = [made(f"aws_api_gateway_rest_api.a{n}") for n in range(2)]
    usage = Usage("a test", {api.address: {"monthly_requests": Decimal(200_000_000)} for api in apis})
    cost = bill(*apis, usage=usage)
    # 333 M x 3.50 + 67 M x 2.80, not twice 200 M x 3.50
    assert cost.total.usd == Decimal("1353.1")
    assert [item.quantity for item in cost.line_items] == [200, 133, 67]


def test_the_free_allowance_is_off_unless_asked_for_and_is_given_once(bill):
    usage = Usage("a test", {queue.address: {"monthly_requests": Decimal(600_000)} for queue in QUEUES})
    assert bill(*QUEUES, usage=usage).total.usd == Decimal("0.72")  # 1.8 M x 0.40
    free = bill(*QUEUES, usage=usage, free_tier=True)
    assert free.total.usd == Decimal("0.32")  # 0.8 M x 0.40
    assert [(item.component, item.quantity) for item in free.line_items] == [
        ("requests, free allowance", Decimal("0.6")),
        ("requests, free allowance", Decimal("0.4")),
        ("requests", Decimal("0.2")),
        ("requests", Decimal("0.6")),
    ]


# --- load balancers ---


def load(hours, new=0.0, active=0.0, gb=0.0, rules=0.0):
    return LoadHours(Decimal(hours), new, active, gb, rules)


def test_capacity_units_follow_the_largest_dimension_hour_by_hour(bill):
    # 726 quiet hours of 0.1 GB = 0.1 unit; 4 hours of a game with 250 new connections/s = 10 units: 72.6 + 40
    hours = (load(726, gb=0.1, new=1), load(4, new=250, active=6000, gb=3))
    assert capacity_unit_hours(hours) == Decimal("112.6")
    cost = bill(BALANCER, usage=Usage("a test", {}, {"aws_lb.l": hours}))
    assert cost.of("aws_lb.l").usd == Decimal("16.425") + Decimal("112.6") * Decimal("0.008")


def test_a_mean_over_the_month_would_miss_the_evening_of_a_game():
    evening = (load(726, gb=1), load(4, new=250))
    mean = (load(730, gb=726 / 730, new=4 * 250 / 730),)
    assert capacity_unit_hours(evening) > capacity_unit_hours(mean) * Decimal("1.05")


def test_the_first_ten_rules_are_not_charged():
    assert billable_rule_evaluations_per_s(100, 10) == 0
    assert billable_rule_evaluations_per_s(100, 25) == 1500
    assert capacity_unit_hours((load(1, rules=1500),)) == Decimal("1.5")


def test_a_network_balancer_with_tls_counts_by_smaller_units(bill):
    balancer = made("aws_lb.n", load_balancer_type="network", internal=True)
    listener = made("aws_lb_listener.s", load_balancer_arn=Unknown("aws_lb.n.arn"), protocol="TLS")
    use = used("aws_lb.n", new_connections=800)
    plain, tls = bill(balancer, usage=use), bill(balancer, listener, usage=use)
    assert quantities(plain, "aws_lb.n")["capacity units, network"] == 730
    assert quantities(tls, "aws_lb.n")["capacity units, network"] == 730 * 16


# --- containers ---


def test_a_base_on_demand_and_weights_split_the_tasks_between_spot_and_not(bill):
    # 4 tasks: 1 as base on demand, of the other 3 one part in three on demand: 2 and 2
    found = quantities(bill(*SPOT_APP), "aws_ecs_service.s")
    assert found["vCPU"] == found["vCPU, Spot"] == 2 * 730 * Decimal("0.25")


def test_the_cluster_decides_where_the_service_does_not(bill):
    cluster = made("aws_ecs_cluster.c", name="c")
    defaults = made(
        "aws_ecs_cluster_capacity_providers.p",
        cluster_name=Unknown("aws_ecs_cluster.c.name"),
        default_capacity_provider_strategy=({"capacity_provider": "FARGATE", "weight": 1},),
    )
    service = made(
        "aws_ecs_service.s",
        cluster=Unknown("aws_ecs_cluster.c.id"),
        desired_count=1,
        task_definition=Unknown("aws_ecs_task_definition.t.arn"),
    )
    assert len(bill(service, cluster, defaults, APP[1]).line_items) == 2


def test_the_floor_of_the_scaling_target_counts_where_it_is_above_the_desired_count(bill):
    target = made(
        "aws_appautoscaling_target.t", resource_id=Unknown("aws_ecs_service.s.id"), min_capacity=5, max_capacity=9
    )
    assert quantities(bill(*APP, target), "aws_ecs_service.s")["vCPU"] == 5 * 730 * Decimal("0.25")


def test_arm_on_spot_has_no_price_and_is_not_priced_as_x86(bill):
    arm = made("aws_ecs_task_definition.t", cpu="256", memory="512", runtime_platform=({"cpu_architecture": "ARM64"},))
    cost = bill(SPOT_APP[0], arm)
    assert any("fargate_spot.linux.arm64.vcpu_hour" in problem.reason for problem in cost.unpriced)
    assert {item.sku for item in cost.line_items} == {"fargate.linux.arm64.vcpu_hour", "fargate.linux.arm64.gb_hour"}


# --- usage that nobody reads ---


def test_a_use_of_an_address_outside_the_stack_is_reported(bill):
    (problem,) = bill(usage=used("aws_nat_gateway.gone", monthly_data_processed_gb=1)).unpriced
    assert problem.reason == "a test gives a use for it, but the stack has no such resource"


def test_a_usage_key_that_no_price_reads_is_reported_with_the_nearest(bill):
    (problem,) = bill(GATEWAY, usage=used("aws_nat_gateway.n", monthly_data_procesed_gb=1)).unpriced
    assert problem.reason.endswith("did you mean monthly_data_processed_gb?")


# --- properties ---

KEYS = sorted((kind, key) for kind, key in {
    ("aws_nat_gateway", "monthly_data_processed_gb"), ("aws_nat_gateway", "monthly_outbound_internet_gb"),
    ("aws_sqs_queue", "monthly_requests"), ("aws_sqs_queue", "request_size_kb"), ("aws_lb", "new_connections"),
    ("aws_lb", "processed_bytes_gb"), ("aws_lb", "rule_evaluations"), ("aws_ecs_service", "task_hours"),
    ("aws_s3_bucket", "standard.storage_gb"), ("aws_lambda_function", "monthly_requests"),
    ("aws_cloudfront_distribution", "monthly_data_transfer_to_internet_gb.india"),
    ("aws_route53_record", "monthly_standard_queries"), ("aws_vpc_endpoint", "monthly_data_processed_gb"),
})  # fmt: skip
SUBJECTS = {
    "aws_nat_gateway": (GATEWAY,),
    "aws_sqs_queue": QUEUES[:1],
    "aws_lb": (BALANCER,),
    "aws_ecs_service": APP,
    "aws_vpc_endpoint": (made("aws_vpc_endpoint.e", vpc_endpoint_type="Interface", subnet_ids=SUBNETS),),
}
amounts = st.decimals(min_value=0, max_value=10**10, places=2)


def cost_of(kind, free_tier, **use):
    resources = SUBJECTS.get(kind) or (made(f"{kind}.x"),)
    # what the key multiplies must be there for it to count
    use = (
        {"monthly_requests": 10**6, "request_duration_ms": 100, **use}
        if kind in {"aws_sqs_queue", "aws_lambda_function"}
        else use
    )
    usage = Usage("a test", {resources[0].address: {k: Decimal(v) for k, v in use.items() if k in known(kind)}})
    return estimate(stack(*resources), BOOK, usage, free_tier=free_tier).total.usd


def known(kind):
    return {key for charge in RATE_CARD[kind] for key in charge.keys}


@settings(max_examples=300)
@given(st.sampled_from(KEYS), amounts, amounts, st.booleans())
def test_more_use_never_costs_less(entry, first, second, free_tier):
    kind, key = entry
    less, more = sorted((first, second))
    assert cost_of(kind, free_tier, **{key: less}) <= cost_of(kind, free_tier, **{key: more})


@given(st.sampled_from(KEYS), amounts)
def test_a_free_allowance_never_costs_more(entry, amount):
    kind, key = entry
    assert cost_of(kind, True, **{key: amount}) <= cost_of(kind, False, **{key: amount})


USED = Usage(
    "a test",
    {
        "aws_nat_gateway.n": {"monthly_data_processed_gb": Decimal(10)},
        "aws_sqs_queue.q0": {"monthly_requests": Decimal(10**9)},
    },
)


@given(st.sampled_from(sorted(BOOK.prices)), st.decimals(min_value=2, max_value=5, places=1))
def test_a_price_change_changes_exactly_the_lines_that_use_it(sku, factor):
    before = estimate(stack(*EVERYTHING), BOOK, USED)
    after = estimate(stack(*EVERYTHING), BOOK.repriced(sku, factor), USED)
    for old, new in zip(before.line_items, after.line_items, strict=True):
        if old.sku == sku:
            assert new.unit_price == old.unit_price * factor
            assert old.cost is None or new.cost == old.cost * factor
        else:
            assert new == old


def test_a_price_that_is_used_changes_the_total(bill):
    dearer = bill(GATEWAY, prices=BOOK.repriced("nat_gateway.hour", Decimal(2)))
    assert dearer.total.usd == 2 * bill(GATEWAY).total.usd


# --- the shape others read ---


def test_the_json_has_the_agreed_shape_with_decimals_as_strings(bill):
    found = json.loads(json.dumps(to_json(bill(GATEWAY, made("aws_vpc.v"), made("aws_odd.o")))))
    assert list(found) == ["currency", "window", "as_of", "total", "line_items", "free", "unpriced"]
    assert (found["currency"], found["window"], found["total"]) == ("USD", "month of 730 hours", "32.85")
    first, second = found["line_items"]
    assert first == {
        "address": "aws_nat_gateway.n",
        "component": "gateway",
        "sku": "nat_gateway.hour",
        "quantity": "730",
        "unit": "hour",
        "unit_price": "0.045",
        "cost": "32.85",
        "usage_based": False,
        "source": BOOK.prices["nat_gateway.hour"].tiers[0].source,
        "as_of": BOOK.prices["nat_gateway.hour"].tiers[0].as_of,
        "confidence": "high",
    }
    assert (second["quantity"], second["cost"], second["usage_based"]) == (None, None, True)
    assert found["free"] == [
        {
            "address": "aws_vpc.v",
            "type": "aws_vpc",
            "reason": "part of a network; traffic, gateways and endpoints are charged where they stand",
        }
    ]
    assert list(found["unpriced"][0]) == ["address", "type", "reason"]


def test_the_same_stack_gives_the_same_bill_whatever_the_order_of_its_resources(bill):
    assert bill(*EVERYTHING) == bill(*reversed(EVERYTHING))


@pytest.mark.parametrize("value", ["text", 7, ("text",)], ids=str)
def test_a_block_that_is_none_is_reported_and_does_not_end_the_estimate(bill, value):
    (problem,) = bill(made("aws_ecs_cluster.c", setting=value)).unpriced
    assert problem.reason.endswith("setting holds something that is not a block, at main.tf:10:1")


@pytest.mark.parametrize("kind", sorted(RATE_CARD))
def test_a_resource_without_any_argument_never_breaks_the_estimate(bill, kind):
    cost = bill(made(f"{kind}.x"))
    assert cost.line_items or cost.free or cost.unpriced


def test_a_plan_is_a_line_of_its_own_with_its_source_and_no_resource():
    month = Assumption("month", Decimal(29), Decimal(26), Decimal(80), "USD", "a contract")
    plans = (
        Plan("Errors", "Sentry", month=month, line=7),
        Plan("Edge", "Cloudflare", "cloudflare.pro.month_monthly_billing", Decimal(2)),
        Plan("Gone", "Cloudflare", "cloudflare.gone.month", line=9),
    )
    found = estimate(stack(), prices(), plans=plans)
    errors, edge = found.line_items
    assert (errors.service, errors.cost, errors.source, errors.confidence) == (
        "Sentry",
        29,
        "gameday.toml:7: a contract",
        "low",
    )
    assert (edge.service, edge.cost) == ("Cloudflare", 50)  # two domains at $25
    assert found.total.usd == 79
    assert found.unpriced[0].reason.startswith("gameday.toml:9: the price book has no row cloudflare.gone.month")
    assert {row["ProviderName"] for row in csv.DictReader(io.StringIO(focus_csv(found)))} == {"Sentry", "Cloudflare"}
