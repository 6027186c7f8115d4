"""A plan's references are followed through the arguments and outputs of modules, down to the resources."""

import json

import pytest

from analysis import terraform
from analysis.architecture import Reference, Unknown

ADDRESSES = (
    'module.net.aws_subnet.public["b.1"]',
    'module.net.aws_subnet.public["a"]',
    'module.web["x"].aws_lb.this',
    'module.web["y"].aws_lb.this',
)


def plan(tmp_path, **loose):
    """A network module whose subnets' identifiers reach two instances of a balancer module."""

    def row(address, kind, **values):
        name = address.rpartition(f"{kind}.")[2].partition("[")[0]
        return {
            "address": address,
            "mode": "managed",
            "type": kind,
            "name": name,
            "values": values,
            "provider_name": "x/aws",
        }

    subnets = [row(address, "aws_subnet", cidr_block="10.0.0.0/24") for address in ADDRESSES[:2]]
    balancers = {address: row(address, "aws_lb", name="lb") for address in ADDRESSES[2:]}
    document = {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {
                "child_modules": [
                    {"address": "module.net", "resources": subnets},
                    *(
                        {"address": address.removesuffix(".aws_lb.this"), "resources": [balancer]}
                        for address, balancer in balancers.items()
                    ),
                ]
            }
        },
        "resource_changes": [
            {"address": address, "change": {"after_unknown": {"subnets": True, "arn": True}}} for address in balancers
        ],
        "configuration": {
            "root_module": {
                "module_calls": {
                    "net": {
                        "module": {
                            "outputs": {"ids": {"expression": {"references": ["aws_subnet.public"]}}},
                            "resources": [{"address": "aws_subnet.public", "expressions": {}}],
                        }
                    },
                    "web": {
                        "expressions": {"subnet_ids": {"references": ["module.net.ids", "module.net"]}},
                        "module": {
                            "resources": [
                                {
                                    "address": "aws_lb.this",
                                    "expressions": {"subnets": {"references": ["var.subnet_ids"]}},
                                }
                            ]
                        },
                    },
                },
                **loose,
            }
        },
    }
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("address", ADDRESSES[2:])
def test_references_lead_through_arguments_and_outputs_of_modules(tmp_path, address):
    balancer = terraform.from_plan(plan(tmp_path)).by_address[address]
    assert balancer.references == tuple(Reference("subnets", subnet, "") for subnet in sorted(ADDRESSES[:2]))


def test_an_unknown_list_holds_one_element_for_each_resource_it_names(tmp_path):
    balancer = terraform.from_plan(plan(tmp_path)).by_address[ADDRESSES[2]]
    assert balancer.values["subnets"] == tuple(map(Unknown, ADDRESSES[:2]))
    assert balancer.values["arn"] == Unknown(f"{ADDRESSES[2]}.arn")


def test_modules_that_refer_to_each_other_in_a_circle_end(tmp_path):
    circle = {
        "module_calls": {
            "net": {
                "module": {"outputs": {"ids": {"expression": {"references": ["var.x"]}}}},
                "expressions": {"x": {"references": ["module.net.ids"]}},
            },
            "web": {
                "expressions": {"subnet_ids": {"references": ["module.net.ids"]}},
                "module": {
                    "resources": [
                        {"address": "aws_lb.this", "expressions": {"subnets": {"references": ["var.subnet_ids"]}}}
                    ]
                },
            },
        }
    }
    balancer = terraform.from_plan(plan(tmp_path, **circle)).by_address[ADDRESSES[2]]
    assert not balancer.references
    assert isinstance(balancer.values["subnets"], Unknown)
