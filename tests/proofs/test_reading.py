"""How the rules read policies, networks and pools; and that nothing a stack can hold brings them down."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import facts, proofs, terraform
from analysis.architecture import Unknown
from analysis.proofs import fresh
from analysis.proofs.start import sizes
from analysis.proofs.view import View
from analysis.wiring.tasks import in_seconds
from analysis.wiring.values import at, number

TODAY = dt.date(2026, 11, 21)


def view(tmp_path, text):
    (tmp_path / "main.tf").write_text(text)
    return View(terraform.load(tmp_path))


def role(*statements):
    return (
        'resource "aws_iam_role" "r" {\n  name = "r"\n  assume_role_policy = "{}"\n}\n'
        'resource "aws_iam_role_policy" "p" {\n  name = "p"\n  role = aws_iam_role.r.id\n'
        f"  policy = jsonencode({{ Statement = [{', '.join(statements)}] }})\n}}\n"
        'resource "aws_secretsmanager_secret" "s" {\n  name = "s"\n}\n'
        'resource "aws_secretsmanager_secret" "other" {\n  name = "other"\n}\n'
    )


ALLOW = '{ Effect = "Allow", Action = "secretsmanager:Get*", Resource = %s }'
SECRET, OTHER = "aws_secretsmanager_secret.s.arn", "aws_secretsmanager_secret.other.arn"


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([ALLOW % SECRET], True),
        ([ALLOW % f"[{OTHER}, {SECRET}]"], True),
        ([ALLOW % '"*"'], True),
        ([ALLOW % f'"${{{SECRET}}}*"'], True),
        ([ALLOW % OTHER], False),
        ([ALLOW.replace("Get*", "List*") % SECRET], False),
        ([ALLOW % SECRET, '{ Effect = "Deny", Action = "*", Resource = "*" }'], False),
        (
            [ALLOW % SECRET, '{ Effect = "Deny", Action = "*", Resource = "*", Condition = { Bool = { a = "b" } } }'],
            None,
        ),
        (['{ Effect = "Allow", NotAction = "iam:*", Resource = "*" }'], True),
        ([f'{{ Effect = "Allow", Action = "*", NotResource = {OTHER} }}'], True),
        ([f'{{ Effect = "Allow", Action = "*", NotResource = {SECRET} }}'], False),
        ([], False),
    ],
)
def test_a_role_may_what_its_statements_say(tmp_path, statements, allowed):
    seen = view(tmp_path, role(*statements))
    secret = Unknown("aws_secretsmanager_secret.s.arn")
    assert (
        seen.policies.allows(seen.model.by_address["aws_iam_role.r"], "secretsmanager:GetSecretValue", secret)
        is allowed
    )


def test_a_policy_of_aws_that_is_not_known_here_leaves_it_open(tmp_path):
    attached = (
        'resource "aws_iam_role_policy_attachment" "a" {\n  role = aws_iam_role.r.name\n'
        '  policy_arn = "arn:aws:iam::aws:policy/SomethingNew"\n}\n'
    )
    seen = view(tmp_path, role(ALLOW % OTHER) + attached)
    secret = Unknown("aws_secretsmanager_secret.s.arn")
    assert (
        seen.policies.allows(seen.model.by_address["aws_iam_role.r"], "secretsmanager:GetSecretValue", secret) is None
    )


NETWORK = """
resource "aws_vpc" "v" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_internet_gateway" "i" {
  vpc_id = aws_vpc.v.id
}
resource "aws_subnet" "s" {
  vpc_id     = aws_vpc.v.id
  cidr_block = "10.0.1.0/24"
}
"""


ROUTE = 'route {\n    cidr_block = "%s"\n    gateway_id = aws_internet_gateway.i.id\n  }'
OWN = """
resource "aws_route_table" "t" {
  vpc_id = aws_vpc.v.id
  %s
}
resource "aws_route_table_association" "a" {
  subnet_id      = aws_subnet.s.id
  route_table_id = aws_route_table.t.id
}
"""
MAIN = """
resource "aws_default_route_table" "t" {
  default_route_table_id = aws_vpc.v.default_route_table_id
  %s
}
"""


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("", False),
        (OWN % (ROUTE % "0.0.0.0/0"), True),
        (OWN % (ROUTE % "10.1.0.0/16"), False),
        (MAIN % (ROUTE % "0.0.0.0/0"), True),
        (OWN % "" + MAIN % (ROUTE % "0.0.0.0/0"), False),
    ],
)
def test_a_subnet_is_public_where_its_default_route_leads_to_an_internet_gateway(tmp_path, text, public):
    seen = view(tmp_path, NETWORK + text)
    assert seen.network.is_public(seen.model.by_address["aws_subnet.s"]) is public


def test_a_proxy_takes_the_place_of_the_pools(workshop):
    """Forty connections a task are far too many, until a proxy stands between that takes half of what there is."""
    wide = ("default     = 4\n", "default     = 40\n")
    proxy = """
resource "aws_db_proxy" "p" {
  name           = "p"
  engine_family  = "MYSQL"
  role_arn       = "arn:aws:iam::123456789012:role/proxy"
  vpc_subnet_ids = module.network.private_subnet_ids
}
resource "aws_db_proxy_default_target_group" "p" {
  db_proxy_name = aws_db_proxy.p.name
  connection_pool_config {
    max_connections_percent = 50
  }
}
resource "aws_db_proxy_target" "p" {
  db_proxy_name          = aws_db_proxy.p.name
  target_group_name      = aws_db_proxy_default_target_group.p.name
  db_instance_identifier = module.database.identifier
}
"""
    with workshop.changed("stacks/buzzer/variables.tf", *wide):
        without = workshop.prove()
    assert any(f.rule.id == "FIT-01" for f in without.unwaived)
    extra = workshop.root / "stacks" / "buzzer" / "proxy.tf"
    main = workshop.root / "stacks" / "buzzer" / "main.tf"
    text = main.read_text()
    extra.write_text(proxy)
    main.write_text(
        text.replace("DB_HOST            = module.database.address", "DB_HOST            = aws_db_proxy.p.endpoint")
    )
    try:
        with workshop.changed("stacks/buzzer/variables.tf", *wide):
            behind = workshop.prove()
    finally:
        extra.unlink()
        main.write_text(text)
    sums = [f.because for f in behind.holding if f.rule.id == "FIT-01"]
    assert [s.partition(";")[0] for s in sums] == [
        "proxy takes 50 % of 300 = 150 <= 80 % of 300 = 240 (the tasks' pools end at the proxy)"
    ]


def test_an_environment_that_is_unknown_as_a_whole_is_not_taken_for_clean(tmp_path):
    (tmp_path / "main.tf").write_text(
        'resource "terraform_data" "d" {\n  input = uuid()\n}\n'
        'resource "aws_ecs_task_definition" "t" {\n  family = "t"\n'
        '  container_definitions = jsonencode([{ name = "a", image = "a@sha256:0", environment = terraform_data.d.output }])\n}\n'
        'resource "aws_ecs_service" "s" {\n  name = "s"\n  task_definition = aws_ecs_task_definition.t.arn\n}\n'
    )
    report = proofs.prove(terraform.load(tmp_path), today=TODAY)
    assert "EXPOSE-11" in {f.rule.id for f in report.undecided}
    assert "EXPOSE-11" not in {f.rule.id for f in report.holding}


@pytest.mark.parametrize(("path", "found"), [("a", 1), ("b.c", 2), ("b.d", None), ("x.y", None)])
def test_a_path_leads_through_blocks(path, found):
    assert at({"a": 1, "b": ({"c": 2},)}, path) == found


def test_an_unknown_on_the_way_is_what_is_found():
    assert at({"b": Unknown("aws_x.y.id")}, "b.c.d") == Unknown("aws_x.y.id")


def test_true_is_no_number():
    assert number(True) is None
    assert number("12.5") == 12.5
    assert number("12 GB") is None


JUNK = st.sampled_from(
    [
        None,
        "",
        0,
        -1,
        True,
        (),
        {},
        "x",
        Unknown("aws_x.y.id"),
        (Unknown("a.b"),),
        ({},),
        "10.0.0.0/33",
        {"a": 1},
        "{",
        ("a", None),
    ]
)


@pytest.fixture(scope="session")
def models(workshop):
    """Each small stack, resolved once, and the night."""
    stacks = [terraform.load(workshop.root / name) for name in ("good", "stacks/buzzer_baseline")]
    return stacks, workshop.night((workshop.root / "scenarios" / "buzzer_target.toml").resolve())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_value_is_the_rules_give_a_verdict(models, data):
    stacks, night = models
    model = data.draw(st.sampled_from(stacks))
    resources = list(model.resources)
    for _ in range(4):
        index = data.draw(st.integers(0, len(resources) - 1))
        values = dict(resources[index].values)
        if values:
            values[data.draw(st.sampled_from(sorted(values)))] = data.draw(JUNK)
            resources[index] = replace(resources[index], values=values)
    damaged = replace(model, resources=tuple(resources))
    report = proofs.prove(damaged, scenario=night, profile=facts.runtime("node_express"), today=TODAY)
    assert {f.state for f in report.verdicts} <= {"holds", "fails", "undecidable"}


@pytest.mark.parametrize(("memory", "state"), [("2 GB", "holds"), ("3 MB", "fails"), ("lots", "undecidable")])
def test_a_task_size_with_its_units_is_judged_as_aws_reads_it(tmp_path, memory, state):
    text = (
        'resource "aws_ecs_task_definition" "t" {\n  family = "t"\n  requires_compatibilities = ["FARGATE"]\n'
        f'  cpu = "1 vCPU"\n  memory = "{memory}"\n  container_definitions = "[]"\n}}\n'
        'resource "aws_ecs_service" "s" {\n  name = "s"\n  task_definition = aws_ecs_task_definition.t.arn\n}\n'
    )
    assert [verdict.state for verdict in sizes(view(tmp_path, text))] == [state]


@pytest.mark.parametrize(
    ("name", "value", "seconds"),
    [
        ("SSE_HEARTBEAT_INTERVAL", "15000", 15),  # as Node programs say it
        ("HEARTBEAT_MS", "150", 0.15),
        ("HEARTBEAT_S", "1500", 1500),
        ("HEARTBEAT", "15", 15),
        ("KEEP_ALIVE_TIMEOUT", 125_000, 125),
        ("REQUEST_TIMEOUT", "soon", None),
    ],
)
def test_a_timeout_of_a_container_has_the_unit_of_its_name_or_of_its_size(name, value, seconds):
    assert in_seconds(name, value) == seconds


def test_a_timeout_of_a_container_has_the_unit_that_the_stack_states():
    assert in_seconds("HEARTBEAT", "15", {"HEARTBEAT": "min"}) == 900
    assert in_seconds("KEEP_ALIVE_MINUTES", "2") == 120


NAMED_SECRET = """
resource "aws_secretsmanager_secret" "sentry" {
  name = "engine/sentry"
}
resource "aws_lambda_function" "ingest" {
  function_name = "ingest"
  role          = "arn:aws:iam::123456789012:role/ingest"
  environment {
    variables = { SENTRY_SECRET = NAMED }
  }
}
"""


@pytest.mark.parametrize(
    ("named", "holds"),
    [("aws_secretsmanager_secret.sentry.name", True), ('"engine/sentry"', True), ('"0123456789abcdef"', False)],
)
def test_the_name_of_a_secret_of_the_stack_is_no_credential(tmp_path, named, holds):
    (tmp_path / "main.tf").write_text(NAMED_SECRET.replace("NAMED", named))
    report = proofs.prove(terraform.load(tmp_path), today=TODAY)
    assert ("EXPOSE-11" in {f.rule.id for f in report.holding}) is holds
    assert ("EXPOSE-11" in {f.rule.id for f in report.findings}) is not holds


TICKER = Path(__file__).parents[1] / "demand" / "ticker"


@pytest.mark.parametrize(
    ("through", "part"), [(False, "2 s shared cache"), (True, "0 s shared cache, written through")]
)
def test_a_cache_that_is_written_through_adds_no_age_to_an_answer(through, part):
    described = replace(facts.stack(TICKER), written_through=through)
    night = facts.scenario(described.scenario)
    (verdict,) = fresh.ages(View(terraform.load(TICKER), scenario=night, stack=described))
    assert f" + {part} + " in verdict.because


RESTORED = """
resource "aws_db_instance" "archive" {
  identifier     = "archive"
  engine         = "postgres"
  instance_class = "db.t4g.small"
  %s
}
"""


@pytest.mark.parametrize(
    "origin",
    [
        'snapshot_identifier = "rds:archive-2026-11-01"',
        "restore_to_point_in_time { use_latest_restorable_time = true }",
    ],
)
@pytest.mark.parametrize("rule", ["RESTORE-01", "EXPOSE-04"])
def test_what_a_restored_database_takes_over_from_its_copy_is_not_decidable(tmp_path, origin, rule):
    (tmp_path / "main.tf").write_text(RESTORED % origin)
    report = proofs.prove(terraform.load(tmp_path), today=TODAY)
    assert rule in {f.rule.id for f in report.undecided}
    assert rule not in {f.rule.id for f in report.findings}
    (tmp_path / "main.tf").write_text(RESTORED % "allocated_storage = 20")
    assert rule in {f.rule.id for f in proofs.prove(terraform.load(tmp_path), today=TODAY).findings}


IMAGE = """
resource "aws_ecs_task_definition" "t" {
  family                = "t"
  container_definitions = jsonencode([{ name = "c", image = "%s" }])
}

resource "aws_ecs_service" "s" {
  name            = "s"
  task_definition = aws_ecs_task_definition.t.arn
}
"""


@pytest.mark.parametrize(
    ("image", "found"),
    [("123456789012.dkr.ecr.eu-west-1.amazonaws.com/crowd:v4", False), ("quay.io/crowd/web:v4", True)],
)
def test_whether_a_tag_of_a_private_registry_outside_the_stack_moves_is_not_decidable(tmp_path, image, found):
    (tmp_path / "main.tf").write_text(IMAGE % image)
    report = proofs.prove(terraform.load(tmp_path), today=TODAY)
    assert ("START-08" in {f.rule.id for f in report.findings}) is found
    assert ("START-08" in {f.rule.id for f in report.undecided}) is not found


CLEAR = """
resource "aws_alb" "front" {
  name            = "front"
  subnets         = ["subnet-0a1b2c3d"]
  security_groups = ["sg-0a1b2c3d"]
}

resource "aws_alb_listener" "web" {
  load_balancer_arn = aws_alb.front.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_alb_target_group.web.arn
  }
}

resource "aws_alb_target_group" "web" {
  name = "web"
}
"""


def test_a_balancer_by_its_older_name_is_judged_like_one_by_its_newer(tmp_path):
    """The provider knows each type of the balancer by two names."""
    seen = []
    for name in ("older", "newer"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(CLEAR if name == "older" else CLEAR.replace("aws_alb", "aws_lb"))
        report = proofs.prove(terraform.load(tmp_path / name), today=TODAY)
        seen.append({(f.rule.id, f.address.replace("aws_alb", "aws_lb")) for f in report.findings})
    assert seen[0] == seen[1]
    assert ("EXPOSE-05", "aws_lb_listener.web") in seen[0]
