"""The second brief: the same system with a Node program, for which the same Terraform takes other values."""

import datetime as dt

import pytest

from analysis import facts, proofs, terraform
from analysis.capacity import analyse
from analysis.facts import runtime

NODE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/buzzer-api@sha256:" + "1" * 64
VALUES = {
    "container_image": NODE,
    "container_port": 3000,
    "container_health_command": ["CMD", "node", "-e", "fetch('http://127.0.0.1:3000/health').then(r => process.exit(+!r.ok))"],
    "workers": 1,
}  # fmt: skip
PROGRAM = runtime("node_express")


@pytest.fixture(scope="module")
def node(directory):
    return terraform.load(directory, variables=VALUES)


def test_four_values_make_it_the_stack_of_the_node_program(architecture, node):
    assert not node.errors
    assert {r.address for r in node.resources} == {r.address for r in architecture.resources}
    (target,) = (r for r in node.resources if r.type == "aws_lb_target_group")
    assert target.values["port"] == 3000


def test_with_the_node_program_it_holds_the_crowd_and_every_rule(directory, node, about):
    crowd = facts.scenario(about.scenario)
    known = analyse(node, crowd, about, profile=PROGRAM)
    assert known.at_start.users.low >= 5_000
    assert known.polling.freshness.percentile_s(0.95) <= 3
    report = proofs.prove(
        node, scenario=crowd, stack=about, profile=PROGRAM, waivers=proofs.waivers(directory, proofs.RULES.keys()),
        today=dt.date(2026, 11, 29),
    )  # fmt: skip
    assert report.unwaived == ()


def test_the_crashed_stack_with_the_node_program_holds_more_and_not_the_crowd(directory):
    crashed = directory.parent / "buzzer_baseline"
    about = facts.stack(crashed)
    model, crowd = terraform.load(crashed), facts.scenario(about.scenario)
    flask, node = analyse(model, crowd, about), analyse(model, crowd, about, profile=PROGRAM)
    assert node.at_start.bottleneck == flask.at_start.bottleneck == "service"
    assert flask.at_start.users.value < node.at_start.users.value < 5_000
