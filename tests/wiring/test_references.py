"""What refers to what is read once, and the better of the old answers holds for every reader."""

import pytest

from analysis import terraform
from analysis.architecture import Architecture, Location, Reference, Resource, Unknown
from analysis.cost import estimate
from analysis.facts import Enters, Stack, prices
from analysis.proofs import start
from analysis.proofs.view import View
from analysis.wiring import request_path
from analysis.wiring.network import Network, zones
from analysis.wiring.references import References, without_index
from analysis.wiring.tasks import definition_of, task_of

WHERE = Location("main.tf")


def resource(address, *references, **values):
    steps = without_index(address).split(".")
    return Resource(address, steps[-2], steps[-1], values, WHERE, tuple(references))


def stack(*resources):
    return References(Architecture("drawn", resources))


def addresses(resources):
    return [r.address for r in resources]


def test_an_address_loses_its_indexes_and_nothing_else():
    assert without_index('module.a["x.y[0]"].aws_lb.b[3]') == "module.a.aws_lb.b"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ('module.m["a"].aws_eip.e[1]', ['module.m["a"].aws_eip.e[1]']),
        ('module.m["a"].aws_eip.e', ['module.m["a"].aws_eip.e[0]', 'module.m["a"].aws_eip.e[1]']),
        ("module.m.aws_eip.e[1]", ['module.m["a"].aws_eip.e[1]', 'module.m["b.c"].aws_eip.e[1]']),
        ("module.m.aws_eip.e", [f'module.m["{key}"].aws_eip.e[{n}]' for key in ("a", "b.c") for n in (0, 1)]),
        ('module.m["a"].aws_eip.e[7]', []),
        ("aws_eip.e", []),
    ],
)
def test_an_address_that_leaves_an_index_out_means_every_instance_that_differs_in_it(asked, answer):
    eips = [resource(f'module.m["{key}"].aws_eip.e[{n}]') for key in ("a", "b.c") for n in (0, 1)]
    assert addresses(stack(*eips).instances_of(asked)) == answer


def test_a_reference_names_the_longest_part_that_is_an_address():
    zone = resource('module.m["b.c"].aws_route53_zone.z')
    assert stack(zone).named('module.m["b.c"].aws_route53_zone.z.name_servers[0]') == (zone,)
    assert stack(zone).named("module.other.aws_route53_zone.z.zone_id") == ()


def test_what_a_value_stands_for_comes_before_what_only_decided_it():
    first, second = resource("aws_lb.first"), resource("aws_lb.second")
    listener = resource(
        "aws_lb_listener.l",
        Reference("load_balancer_arn", "aws_lb.first"),  # of a condition, say
        Reference("load_balancer_arn", "aws_lb.second", "arn"),
        load_balancer_arn=Unknown("aws_lb.second.arn"),
    )
    assert stack(first, second, listener).linked(listener, "load_balancer_arn", "aws_lb") == [second, first]


def test_a_literal_name_links_where_no_reference_does():
    group = resource("aws_db_parameter_group.g", name="tuned")
    literal = resource("aws_db_instance.d", parameter_group_name="tuned")
    other = resource("aws_db_instance.e", parameter_group_name="default.mysql8.0")
    seen = stack(group, literal, other)
    assert seen.linked(literal, "parameter_group_name", "aws_db_parameter_group") == [group]
    assert seen.linked(other, "parameter_group_name", "aws_db_parameter_group") == []
    assert list(seen.about(group, "parameter_group_name", "aws_db_instance")) == [literal]


def test_nothing_is_linked_to_itself():
    planned = resource(  # a plan read from JSON gives an argument that nobody set as unknown, as itself
        "aws_db_instance.d", replicate_source_db=Unknown("aws_db_instance.d.replicate_source_db")
    )
    assert stack(planned).linked(planned, "replicate_source_db", "aws_db_instance") == []


SERVICE = """
resource "aws_ecs_cluster" "c" {
  name = "c"
}

resource "aws_ecs_task_definition" "t" {
  family                   = "web"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "1 vCPU"
  memory                   = "2 GB"
  container_definitions    = jsonencode([{ name = "web", image = "web", environment = [{ name = "A", value = "1" }] }])
}

resource "aws_ecs_service" "s" {
  name            = "s"
  cluster         = aws_ecs_cluster.c.id
  launch_type     = "FARGATE"
  desired_count   = 2
  task_definition = "%s"
}
"""


@pytest.mark.parametrize(
    "named",
    ["web", "web:3", "arn:aws:ecs:us-east-1:123456789012:task-definition/web:3"],
    ids=["family", "revision", "arn"],
)
def test_every_reader_finds_the_definition_that_a_service_names_and_the_size_it_is_written_in(tmp_path, named):
    (tmp_path / "main.tf").write_text(SERVICE % named)
    model = terraform.load(tmp_path)
    service = request_path(
        model, Stack(tmp_path, "Web", "Its tasks.", enters=Enters(service="aws_ecs_service.s"))
    ).service
    assert (service.task_definition, service.vcpu.value, service.memory_mib.value) == (
        "aws_ecs_task_definition.t",
        1.0,
        2048,
    )
    (verdict,) = start.sizes(View(model))
    assert (verdict.state, "1024" in verdict.because) == ("holds", True)
    bill = estimate(model, prices())
    hours = {item.component: item.quantity for item in bill.line_items if item.address == "aws_ecs_service.s"}
    assert not [u for u in bill.unpriced if u.address == "aws_ecs_service.s"]
    assert sorted(hours.values()) == [2 * 730 * 1, 2 * 730 * 2]


def test_a_definition_of_another_family_is_not_taken(tmp_path):
    (tmp_path / "main.tf").write_text(SERVICE % "worker:3")
    model = terraform.load(tmp_path)
    (service,) = model.of_type("aws_ecs_service")
    assert definition_of(References(model), service) is None
    assert task_of(References(model), service).containers is None


def test_the_container_is_the_one_behind_the_balancer():
    definition = resource(
        "aws_ecs_task_definition.t",
        family="web",
        container_definitions='[{"name": "proxy"}, {"name": "app", "cpu": 10}]',
    )
    balanced = resource("aws_ecs_service.s", task_definition="web", load_balancer=({"container_name": "app"},))
    alone = resource("aws_ecs_service.a", task_definition="web")
    seen = stack(definition, balanced, alone)
    assert task_of(seen, balanced).container == {"name": "app", "cpu": 10}
    assert task_of(seen, alone).container == {"name": "proxy"}


def routed(*routes, **subnet):
    """A network of one subnet whose table holds the routes."""
    return Network(
        stack(
            resource("aws_internet_gateway.i"),
            resource("aws_nat_gateway.n"),
            resource("aws_subnet.s", **subnet),
            resource("aws_route_table.t", route=routes),
            resource(
                "aws_route_table_association.a",
                subnet_id=Unknown("aws_subnet.s.id"),
                route_table_id=Unknown("aws_route_table.t.id"),
            ),
        )
    )


GATEWAY = {"cidr_block": "0.0.0.0/0", "gateway_id": Unknown("aws_internet_gateway.i.id")}
NAT = {"cidr_block": "0.0.0.0/0", "nat_gateway_id": Unknown("aws_nat_gateway.n.id")}


@pytest.mark.parametrize(
    ("routes", "subnet", "exposure"),
    [
        ([GATEWAY], {}, "public"),
        ([NAT], {}, "private"),
        ([], {}, "isolated"),
        ([{**GATEWAY, "cidr_block": "10.9.0.0/16"}], {}, "isolated"),
        ([{**NAT, "nat_gateway_id": "nat-0123"}], {}, "private"),
        ([{**GATEWAY, "gateway_id": "igw-0123"}], {}, "public"),
        # An address without a route to the Internet reaches nobody:
        # https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
        ([NAT], {"map_public_ip_on_launch": True}, "private"),
    ],
)
def test_a_subnet_is_as_open_as_its_default_route(routes, subnet, exposure):
    network = routed(*routes, **subnet)
    assert network.exposure(network.references.architecture.by_address["aws_subnet.s"]) == exposure


def test_without_a_route_table_of_the_stack_public_addresses_tell():
    network = Network(stack(resource("aws_subnet.s", map_public_ip_on_launch=True), resource("aws_subnet.t")))
    assert [network.exposure(r) for r in network.references.architecture.resources] == ["public", "isolated"]


def test_zones_are_counted_by_name_and_unnamed_subnets_as_one():
    def named(name):
        return resource("aws_subnet.s", availability_zone=name)

    assert len(zones([named("us-east-1a"), named("us-east-1b"), named("us-east-1a")])) == 2
    assert len(zones([named(Unknown("data.z.names[0]")), named(Unknown("data.z.names[1]"))])) == 2
    assert len(zones([named(None), named(None)])) == 1
