"""A drawing says what the model says, holds everything that is paid for, and is the same to the byte."""

import re
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from analysis.architecture import Architecture, Location, Reference, Resource, Unknown
from analysis.drawing import diagrams
from analysis.drawing.diagrams import DrawingTooLarge, IncompleteDrawing, draw, monthly_usd
from analysis.studies import study
from analysis.wiring.references import without_index

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title><script>alert(1)</script>&\"'"


def resource(address, references="", line=1, mode="managed", **values):
    """`references` lists `via>address` pairs, separated by blanks."""
    bare = without_index(address).removeprefix("data.")
    kind, name = bare.split(".")[-2:]
    edges = tuple(Reference(via, to, "id") for via, _, to in (pair.partition(">") for pair in references.split()))
    return Resource(address, kind, name, values, Location("main.tf", line), edges, mode=mode)


def stack():
    """A small stack with one of everything that the drawing has to think about."""
    subnets = [
        resource(f"aws_subnet.{kind}[{n}]", "vpc_id>aws_vpc.main", availability_zone=f"us-east-1{'ab'[n]}")
        for kind in ("public", "private")
        for n in (0, 1)
    ]
    associations = [
        resource(
            f"aws_route_table_association.{kind}[{n}]",
            f"subnet_id>aws_subnet.{kind}[{n}] route_table_id>aws_route_table.{kind}",
        )
        for kind in ("public", "private")
        for n in (0, 1)
    ]
    return Architecture(
        "small",
        (
            resource("aws_vpc.main", cidr_block="10.20.0.0/16"),
            resource("aws_internet_gateway.main", "vpc_id>aws_vpc.main"),
            *subnets,
            resource(
                "aws_route_table.public",
                "route>aws_internet_gateway.main",
                route=({"cidr_block": "0.0.0.0/0", "gateway_id": Unknown("aws_internet_gateway.main.id")},),
            ),
            resource("aws_route_table.private"),
            resource(
                "aws_route.private",
                "route_table_id>aws_route_table.private nat_gateway_id>aws_nat_gateway.main[0]",
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=Unknown("aws_nat_gateway.main[0].id"),
            ),
            *associations,
            resource("aws_eip.nat[0]"),
            resource("aws_nat_gateway.main[0]", "subnet_id>aws_subnet.public[0] allocation_id>aws_eip.nat[0]"),
            resource("aws_route53_zone.main", name="buzzer.example"),
            resource("aws_route53_record.www", "zone_id>aws_route53_zone.main alias>aws_cloudfront_distribution.main"),
            resource("aws_wafv2_web_acl.main"),
            resource("aws_cloudfront_cache_policy.api", default_ttl=1),
            resource(
                "aws_cloudfront_distribution.main",
                "origin>aws_lb.main origin>aws_s3_bucket.assets web_acl_id>aws_wafv2_web_acl.main "
                "ordered_cache_behavior>aws_cloudfront_cache_policy.api logging_config>aws_s3_bucket.logs",
                ordered_cache_behavior=(
                    {"path_pattern": "/api/*", "cache_policy_id": Unknown("aws_cloudfront_cache_policy.api.id")},
                ),
                default_cache_behavior=({"cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"},),
            ),
            resource("aws_s3_bucket.assets"),
            resource("aws_s3_bucket.logs"),
            resource("aws_s3_bucket_lifecycle_configuration.logs", "bucket>aws_s3_bucket.logs"),
            resource("aws_lb.main", "subnets>aws_subnet.public access_logs>aws_s3_bucket.logs"),
            resource(
                "aws_lb_target_group.api",
                "vpc_id>aws_vpc.main",
                health_check=({"interval": 15, "unhealthy_threshold": 4},),
            ),
            resource(
                "aws_lb_listener.https",
                "load_balancer_arn>aws_lb.main default_action>aws_lb_target_group.api",
                port=443,
                protocol="HTTPS",
            ),
            resource("aws_ecs_cluster.main"),
            resource("aws_ecr_repository.api"),
            resource(
                "aws_ecs_task_definition.api",
                "container_definitions>aws_ecr_repository.api container_definitions>aws_db_instance.main "
                "container_definitions>aws_secretsmanager_secret.db "
                "container_definitions>aws_elasticache_replication_group.main",
                cpu=512,
                memory=1024,
            ),
            resource(
                "aws_ecs_service.api",
                "cluster>aws_ecs_cluster.main task_definition>aws_ecs_task_definition.api "
                "load_balancer>aws_lb_target_group.api network_configuration>aws_subnet.private",
                desired_count=3,
            ),
            resource(
                "aws_appautoscaling_target.api", "resource_id>aws_ecs_service.api", min_capacity=3, max_capacity=36
            ),
            resource("aws_db_subnet_group.main", "subnet_ids>aws_subnet.private"),
            resource(
                "aws_db_instance.main",
                "db_subnet_group_name>aws_db_subnet_group.main",
                instance_class="db.t4g.large",
                multi_az=True,
                engine="mysql",
                engine_version="8.0",
                allocated_storage=50,
                storage_type="gp3",
            ),
            resource(
                "aws_db_instance.replica", "replicate_source_db>aws_db_instance.main", instance_class="db.t4g.medium"
            ),
            resource("aws_elasticache_subnet_group.main", "subnet_ids>aws_subnet.private"),
            resource(
                "aws_elasticache_replication_group.main",
                "subnet_group_name>aws_elasticache_subnet_group.main",
                node_type="cache.t4g.small",
                num_cache_clusters=2,
                engine="valkey",
                engine_version="8.0",
            ),
            resource("aws_secretsmanager_secret.db"),
            resource("aws_secretsmanager_secret_version.db", "secret_id>aws_secretsmanager_secret.db"),
            resource("aws_sns_topic.pages"),
            *(
                resource(f"aws_cloudwatch_metric_alarm.high[{n}]", "alarm_actions>aws_sns_topic.pages")
                for n in range(14)
            ),
            resource("aws_cloudwatch_log_group.api"),
            resource("aws_iam_role.task"),
        ),
    )


COSTS = {
    "aws_lb.main": Decimal("16.425"),
    "aws_ecs_service.api": Decimal("54.06"),
    "aws_db_instance.main": Decimal("203.67"),
    "aws_db_instance.replica": Decimal("47.45"),
    "aws_cloudfront_distribution.main": None,
    "aws_nat_gateway.main[0]": Decimal("32.85"),
    "aws_eip.nat[0]": Decimal("3.65"),
    "aws_cloudwatch_metric_alarm.high[0]": Decimal("0.10"),
    "aws_s3_bucket.assets": None,
}


def drawing(architecture=None, **options):
    return draw(architecture or stack(), **{"title": "The small stack", "monthly_usd": COSTS, **options})


def node(drawn, title):
    return next(node for node in drawn.nodes if node.title == title)


def linked(drawn):
    titles = {node.key: node.title for node in drawn.nodes}
    return {(titles[edge.tail], titles[edge.head], edge.label) for edge in drawn.edges if not edge.request}


def path(drawn):
    titles = {node.key: node.title for node in drawn.nodes}
    return {(titles[edge.tail], titles[edge.head]) for edge in drawn.edges if edge.request}


def test_labels_say_what_the_terraform_says():
    drawn = drawing()
    assert node(drawn, "ECS service").lines == ("3 × 0.5 vCPU, 1 GB", "scales 3 to 36 tasks", "$54.06 a month")
    assert node(drawn, "RDS · main").lines[:2] == ("db.t4g.large, Multi-AZ", "mysql 8.0, 50 GB gp3")
    assert node(drawn, "ElastiCache").lines == ("2 × cache.t4g.small", "valkey 8.0")
    assert node(drawn, "CloudFront").lines == ("/api/*: kept 1 s", "else: not cached", "billed by use")
    assert node(drawn, "CloudWatch").lines == ("14 alarms", "1 log group", "$0.10 a month")


@pytest.mark.parametrize(
    ("address", "attribute", "value", "said"),
    [
        ("aws_ecs_service.api", "desired_count", 7, "7 × 0.5 vCPU, 1 GB"),
        ("aws_ecs_task_definition.api", "cpu", 2048, "3 × 2 vCPU, 1 GB"),
        ("aws_appautoscaling_target.api", "max_capacity", 12, "scales 3 to 12 tasks"),
        ("aws_db_instance.main", "instance_class", "db.r7g.large", "db.r7g.large, Multi-AZ"),
        ("aws_db_instance.main", "multi_az", False, "db.t4g.large, one zone"),
        ("aws_cloudfront_cache_policy.api", "default_ttl", 60, "/api/*: kept 1 min"),
        ("aws_lb_listener.https", "port", 8443, "listens on HTTPS 8443"),
    ],
)
def test_a_changed_argument_changes_its_label(address, attribute, value, said):
    assert said not in drawing().svg
    before = stack()
    changed = tuple(
        replace(r, values={**r.values, attribute: value}) if r.address == address else r for r in before.resources
    )
    assert said in drawing(replace(before, resources=changed)).svg


def test_what_is_known_only_after_apply_is_not_guessed():
    before = stack()
    values = {
        "aws_ecs_service.api": {"desired_count": Unknown("var.count")},
        "aws_db_instance.main": {"instance_class": Unknown("x")},
    }
    changed = tuple(replace(r, values={**r.values, **values.get(r.address, {})}) for r in before.resources)
    drawn = drawing(replace(before, resources=changed))
    assert node(drawn, "ECS service").lines[0] == "0.5 vCPU, 1 GB"
    assert "class known after apply, Multi-AZ" in node(drawn, "RDS · main").lines


def test_requests_flow_from_the_users_to_the_stores_whichever_way_the_references_point():
    assert path(drawing()) == {
        ("Users", "Route 53"),
        ("Route 53", "CloudFront"),
        ("CloudFront", "Load balancer"),
        ("CloudFront", "S3"),
        ("Load balancer", "ECS service"),
        ("ECS service", "RDS · main"),
        ("ECS service", "ElastiCache"),
    }


def test_links_beside_the_requests_carry_a_word():
    assert {
        ("WAF", "CloudFront", "filters"),
        ("RDS · main", "RDS · replica", "replicates"),
        ("CloudWatch", "Notices", "notifies"),
        ("ECS service", "Secrets and keys", "reads"),
        ("ECS service", "Container images", "pulls"),
        ("Load balancer", "S3 buckets", "logs"),
        ("CloudFront", "S3 buckets", "logs"),
    } == linked(drawing())


def test_a_database_that_is_named_only_in_a_secret_is_still_on_the_path():
    before = stack()

    def through_secret(r):
        if r.type == "aws_ecs_task_definition":
            return replace(r, references=tuple(e for e in r.references if e.address != "aws_db_instance.main"))
        if r.type == "aws_secretsmanager_secret_version":
            return replace(r, references=(*r.references, Reference("secret_string", "aws_db_instance.main", "address")))
        return r

    drawn = drawing(replace(before, resources=tuple(map(through_secret, before.resources))))
    assert ("ECS service", "RDS · main") in path(drawn)


def test_frames_follow_the_routes_and_not_the_names():
    drawn = drawing()
    assert node(drawn, "Load balancer").zone == ("VPC 10.20.0.0/16", "Public subnets, 2 zones")
    assert node(drawn, "ECS service").zone == ("VPC 10.20.0.0/16", "Private subnets, 2 zones")
    assert node(drawn, "RDS · replica").zone == node(drawn, "RDS · main").zone
    without_nat = tuple(r for r in stack().resources if r.type != "aws_route")
    assert node(drawing(replace(stack(), resources=without_nat)), "ECS service").zone[1].startswith("Isolated")


def test_everything_that_is_paid_for_is_drawn():
    drawn = drawing()
    assert set(COSTS) <= set(drawn.drawn)
    assert drawn.missing == ()
    assert "nothing that is paid for is missing" in drawn.statement


def test_leaving_out_something_that_is_paid_for_is_refused(monkeypatch):
    monkeypatch.setattr(diagrams, "WIRING", (*diagrams.WIRING, "aws_nat_gateway"))
    monkeypatch.setattr(diagrams, "KINDS", {k: v for k, v in diagrams.KINDS.items() if k != "aws_nat_gateway"})
    diagrams._is_wiring.cache_clear()
    try:
        with pytest.raises(IncompleteDrawing, match=r"nor waived: aws_nat_gateway\.main\[0\];"):
            drawing()
        assert drawing(strict=False).missing == ("aws_nat_gateway.main[0]",)
        for pattern in ("aws_nat_gateway", "aws_nat_gateway.*", "aws_nat_gateway.main[0]"):
            assert drawing(waivers={pattern: "shared"}).waived == {"aws_nat_gateway.main[0]": "shared"}
    finally:
        diagrams._is_wiring.cache_clear()


def test_an_address_that_is_paid_for_but_not_in_the_model_is_missing():
    with pytest.raises(IncompleteDrawing, match=r"aws_lb\.gone"):
        drawing(monthly_usd={"aws_lb.gone": Decimal(1)})


def test_characters_that_xml_cannot_hold_are_drawn_as_a_replacement():
    text = "a \x1b[31m\x00\uffff name"
    drawn = draw(stack(), title=text, strict=False)
    assert ET.fromstring(drawn.svg).find(f"{SVG}title").text == "a \ufffd[31m\ufffd\ufffd name"


def test_a_picture_of_too_much_is_refused_with_its_size(monkeypatch):
    many = Architecture("many", tuple(resource(f"aws_sqs_queue.q{n}") for n in range(30)), (), "us-east-1")
    assert draw(many, title="Many").nodes
    monkeypatch.setattr(diagrams, "MAX_PARTS", 20)
    with pytest.raises(DrawingTooLarge, match="30 boxes and 0 arrows, and at most 20 of both"):
        draw(many, title="Many")


def test_costs_of_a_node_are_the_sum_over_its_addresses():
    assert node(drawing(), "NAT gateway").usd == Decimal("36.50")
    assert sum(n.usd for n in drawing().nodes if n.usd) == sum(v for v in COSTS.values() if v)


def test_a_type_that_nobody_foresaw_gets_a_plain_box():
    extra = (
        resource("aws_quantum_toaster.a[0]"),
        resource("aws_quantum_toaster.a[1]"),
        resource("google_thing.b", "x>aws_quantum_toaster.a[0]"),
    )
    drawn = draw(Architecture("odd", extra), title="Odd", monthly_usd={"google_thing.b": None})
    assert {(n.title, n.lines) for n in drawn.nodes} == {
        ("aws_quantum_toaster", ("2 resources",)),
        ("google_thing", ("b", "billed by use")),
    }
    assert linked(drawn) == {("google_thing", "aws_quantum_toaster", "")}


def test_an_empty_stack_has_a_picture_too():
    ET.fromstring(draw(Architecture("empty", ()), title="Empty").svg)


def test_a_node_links_to_its_page():
    pages = {"aws_db_instance.main": "../runbooks/database.html", "aws_lb.main": "a b.html?x=1&y=<2>"}
    tree = ET.fromstring(drawing(page=pages.get).svg)
    links = {link.attrib["href"]: link.attrib["aria-label"] for link in tree.iter(f"{SVG}a")}
    assert set(links) == set(pages.values())
    assert links["../runbooks/database.html"].startswith("RDS · main: db.t4g.large")


def test_the_svg_is_well_formed_named_and_loads_nothing():
    drawn = drawing()
    tree = ET.fromstring(drawn.svg)
    title, description = tree.find(f"{SVG}title"), tree.find(f"{SVG}desc")
    assert tree.attrib["role"] == "group"
    assert tree.attrib["aria-labelledby"].split() == [title.attrib["id"], description.attrib["id"]]
    assert title.text == "The small stack"
    assert "Load balancer to ECS service" in description.text
    targets = [value for element in tree.iter() for name, value in element.attrib.items() if name.endswith("href")]
    assert targets
    assert all(target.startswith(("#", "data:image/png;base64,")) for target in targets)
    assert not re.search(r"url\(|@import|/site-packages", drawn.svg)
    assert str(Path.home()) not in drawn.svg
    ids = [element.attrib["id"] for element in tree.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    uses = [use.attrib["href"][1:] for use in tree.iter(f"{SVG}use")]
    symbols = [symbol.attrib["id"] for symbol in tree.iter(f"{SVG}symbol")]
    assert set(uses) == set(symbols)
    assert len(symbols) == len(set(symbols)) < len(uses), "an icon that is used twice is embedded once"


def test_two_drawings_on_one_page_share_no_id():
    first, second = drawing(title="Before"), drawing(title="After")
    found = [set(re.findall(r'\bid="([^"]+)"', drawn.svg)) for drawn in (first, second)]
    assert not found[0] & found[1]


def test_text_from_terraform_is_text():
    hostile = (
        resource("aws_route53_zone.main", name=HOSTILE),
        resource("aws_db_instance.main", instance_class=f"<B>{HOSTILE}</B>", engine="\\N\\l", engine_version="%s"),
        resource("aws_vpc.main", cidr_block=HOSTILE),
        resource("aws_subnet.a", "vpc_id>aws_vpc.main"),
        resource("aws_lb.main", "subnets>aws_subnet.a"),
    )
    drawn = draw(Architecture("bad", hostile), title=HOSTILE, page=lambda _: 'x" onclick="y', users=HOSTILE)
    tree = ET.fromstring(drawn.svg)
    assert not list(tree.iter(f"{SVG}script"))
    assert "<script" not in drawn.html()
    assert not any(name.startswith("on") for element in tree.iter() for name in element.attrib)
    shown = [text.text for text in tree.iter(f"{SVG}text")]
    assert HOSTILE in shown
    assert "\\N\\l %s" in shown


def test_a_javascript_address_is_no_link():
    with pytest.raises(ValueError, match="not the address of a page"):
        drawing(page=lambda _: "javascript:alert(1)")


@pytest.mark.slow
def test_the_same_model_gives_the_same_bytes_under_every_hash_seed(tmp_path):
    script = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_diagrams as t; print(t.drawing().svg)"

    def svg(seed):
        environment = {"PYTHONHASHSEED": seed, "PATH": "", "FONTCONFIG_FILE": "/nowhere"}
        run = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, env=environment, cwd=ROOT, check=True
        )
        assert run.stderr == ""
        return run.stdout

    assert svg("1") == svg("2") == drawing().svg + "\n"


def test_the_order_of_the_resources_does_not_matter():
    turned = replace(stack(), resources=tuple(reversed(stack().resources)))
    assert drawing(turned).svg == drawing().svg


def test_the_folder_that_shares_the_librarys_name_does_not_hide_it():
    assert not (ROOT / "diagrams" / "__init__.py").exists()
    assert "site-packages" in diagrams._library().__file__


def test_every_icon_exists():
    icons = {kind.icon for kind in diagrams.KINDS.values()} | {icon for _, icon in diagrams.GROUPS.values()}
    assert all(diagrams._icon_class(icon)._icon for icon in icons)
    assert {kind.group for kind in diagrams.KINDS.values()} - {""} == set(diagrams.GROUPS)


def test_an_origin_that_is_named_by_a_record_leads_to_what_the_record_stands_for():
    def by_name(r):
        if r.address == "aws_cloudfront_distribution.main":
            references = tuple(e for e in r.references if e.address != "aws_lb.main")
            return replace(
                r, references=references, values={**r.values, "origin": ({"domain_name": "origin.example"},)}
            )
        return r

    record = resource(
        "aws_route53_record.origin", "zone_id>aws_route53_zone.main alias>aws_lb.main", name="origin.example"
    )
    drawn = drawing(replace(stack(), resources=(*map(by_name, stack().resources), record)))
    assert path(drawn) == path(drawing()), "and the record is no way of its own past the edge"


def test_watching_something_is_not_sending_it_requests():
    def watched(r):
        extra = (Reference("alarms", "aws_cloudfront_distribution.main", "id"),)
        return replace(r, references=(*r.references, *extra)) if r.type == "aws_ecs_service" else r

    assert path(drawing(replace(stack(), resources=tuple(map(watched, stack().resources))))) == path(drawing())


def test_users_lead_to_what_computes_only_where_nothing_stands_before_it():
    worker = (
        resource("aws_lambda_function.worker", "environment>aws_dynamodb_table.events"),
        resource("aws_dynamodb_table.events"),
    )
    alone = draw(Architecture("alone", worker), title="Alone")
    assert path(alone) == {("Users", "Lambda"), ("Lambda", "DynamoDB")}
    beside = drawing(replace(stack(), resources=(*stack().resources, *worker)))
    assert ("Lambda", "DynamoDB") in path(beside)
    assert ("Users", "Lambda") not in path(beside)


def test_a_stream_leads_to_the_function_that_it_starts():
    fed = (
        resource("aws_kinesis_stream.in"),
        resource("aws_lambda_function.worker", "environment>aws_dynamodb_table.events"),
        resource("aws_dynamodb_table.events"),
        resource(
            "aws_lambda_event_source_mapping.in",
            "for_each>aws_kinesis_stream.in function_name>aws_lambda_function.worker",
            event_source_arn=Unknown("aws_kinesis_stream.in.arn"),
        ),
    )
    assert path(draw(Architecture("fed", fed), title="Fed")) == {("Kinesis stream", "Lambda"), ("Lambda", "DynamoDB")}


def test_settings_that_databases_share_make_none_of_them_a_copy():
    shared = resource("aws_db_parameter_group.shared")
    uses = Reference("parameter_group_name", shared.address, "name")
    resources = tuple(
        replace(r, references=(*r.references, uses)) if r.type == "aws_db_instance" else r for r in stack().resources
    )
    copies = {
        link for link in linked(drawing(replace(stack(), resources=(shared, *resources)))) if "replicates" in link
    }
    assert copies == {("RDS · main", "RDS · replica", "replicates")}
    backwards = drawing(replace(stack(), resources=(shared, *reversed(resources))))
    assert {link for link in linked(backwards) if "replicates" in link} == copies


def test_a_resource_called_this_goes_by_the_name_of_its_module():
    bucket = replace(resource("module.archive.aws_s3_bucket.this"), module="module.archive")
    drawn = draw(Architecture("one", (bucket,)), title="One")
    assert node(drawn, "S3 buckets").lines == ("1 bucket: archive",)


STACKS = sorted(path.parent for path in (ROOT / "terraform" / "stacks").glob("*/gameday.toml"))


@pytest.mark.parametrize("directory", STACKS, ids=lambda directory: directory.name)
def test_every_stack_is_drawn_with_all_that_it_is_billed_for(directory):
    one = study(directory)
    drawn = draw(one.architecture, title=one.title, monthly_usd=monthly_usd(one.bill))
    plans = {item.address for item in one.bill.line_items if item.type == "plan"}  # no resources, so nothing to draw
    billed = {item.address for item in one.bill.line_items} | {unpriced.address for unpriced in one.bill.unpriced}
    assert billed - plans <= {*drawn.drawn, *drawn.waived}
    assert sum(n.usd for n in drawn.nodes if n.usd) + sum(
        one.bill.of(address).usd for address in (*drawn.waived, *plans)
    ) == pytest.approx(one.bill.total.usd)


@pytest.mark.parametrize("directory", STACKS, ids=lambda directory: directory.name)
def test_the_labels_of_the_services_are_the_arguments_that_the_model_resolves(directory):
    one = study(directory)
    said = {
        line
        for n in draw(one.architecture, title=one.title).nodes
        if n.title.startswith("ECS service")
        for line in n.lines
    }
    for service in one.architecture.of_type("aws_ecs_service"):
        reference = next(r for r in service.references if "aws_ecs_task_definition" in r.address)
        task = one.architecture.by_address[reference.address]
        cpu, memory = (float(task.values[name]) / 1024 for name in ("cpu", "memory"))
        assert f"{service.values['desired_count']} × {cpu:g} vCPU, {memory:g} GB" in said


def test_the_file_carries_its_fonts_and_leaves_nothing_behind(tmp_path):
    path = diagrams.write(drawing(), tmp_path / "out" / "small.svg")
    text = path.read_text()
    ET.fromstring(text)
    assert text.count("@font-face") == 2
    assert not re.search(r"https?:", text.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    assert not list((ROOT / "analysis").rglob(".uuid"))
