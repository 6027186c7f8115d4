import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.architecture import Location
from analysis.terraform import tree
from analysis.terraform.syntax import parse, parse_json

HCL = """
variable "names" {
  type    = list(string)
  default = ["a"]
}

locals {
  settings = { port = 80, hosts = ["x", var.names[0]] }
}

resource "aws_security_group" "web" {
  count       = length(var.names)
  name        = "web-${count.index}"
  tags        = { Name = "web" }
  provider    = aws.east
  depends_on  = [aws_vpc.main]
  ingress {
    from_port = 80
  }
  ingress {
    from_port = 443
  }
  lifecycle {
    ignore_changes = [tags]
  }
  dynamic "egress" {
    for_each = var.names
    content {
      description = egress.value
    }
  }
}

module "net" {
  source  = "./net"
  subnets = [{ cidr = "10.0.0.0/24" }]
}
"""

JSON = {
    "//": "a comment",
    "variable": {"names": {"type": "list(string)", "default": ["a"]}},
    "locals": {"settings": {"port": 80, "hosts": ["x", "${var.names[0]}"]}},
    "resource": {
        "aws_security_group": {
            "web": {
                "//": "another",
                "count": "${length(var.names)}",
                "name": "web-${count.index}",
                "tags": {"Name": "web"},
                "provider": "aws.east",
                "depends_on": ["aws_vpc.main"],
                "ingress": [{"from_port": 80}, {"from_port": 443}],
                "lifecycle": {"ignore_changes": ["tags"]},
                "dynamic": {"egress": {"for_each": "${var.names}", "content": {"description": "${egress.value}"}}},
            }
        }
    },
    "module": {"net": {"source": "./net", "subnets": [{"cidr": "10.0.0.0/24"}]}},
}


def without_places(node):
    """The node as nested tuples without places; a template of one interpolation is what it holds."""
    if isinstance(node, tree.Template) and len(node.parts) == 1:
        return without_places(node.parts[0])
    if isinstance(node, tuple):
        fields = getattr(node, "_fields", None)
        if fields is None:
            return tuple(map(without_places, node))
        return (
            type(node).__name__,
            *(without_places(getattr(node, name)) for name in fields if name not in ("line", "column", "end_line")),
        )
    return node


def test_json_yields_the_tree_of_the_same_configuration_in_hcl():
    native, problems = parse(HCL, "main.tf")
    assert not problems
    other, problems = parse_json(json.dumps(JSON, indent=2), "main.tf.json")
    assert not problems
    assert sorted(map(repr, without_places(other.blocks))) == sorted(map(repr, without_places(native.blocks)))


def test_a_key_and_a_value_know_their_places():
    body, _ = parse_json(
        '{\n  "resource": {\n    "a": {\n      "b": {\n        "c": "${d}"\n      }\n    }\n  }\n}', "m.tf.json"
    )
    (block,) = body.blocks
    assert (block.type, block.labels, block.line, block.column) == ("resource", ("a", "b"), 4, 7)
    (argument,) = block.body.arguments
    assert (argument.line, argument.column, argument.expression.line) == (5, 9, 5)


def test_several_resources_of_one_name_and_lists_of_bodies_are_read():
    body, problems = parse_json(
        '[{"output": {"a": {"value": 1}}}, {"output": [{"b": {"value": 2}}, {"c": {"value": 3}}]}]', "m.tf.json"
    )
    assert not problems
    assert [block.labels for block in body.blocks] == [("a",), ("b",), ("c",)]


def test_values_of_variables_are_taken_as_they_are():
    body, problems = parse_json('{"a": "${b}", "c": {"d": [1, 2.50, null]}}', "terraform.tfvars.json")
    assert not problems
    assert body.arguments[0].expression.value == "${b}"
    assert without_places(body.arguments[1].expression.items[0][1].items[1]) == ("Literal", 2.5)


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("", 1, 1, "ends in the middle"),
        ("{", 1, 2, "double quotes"),
        ('{"locals": {"a": 1,}}', 1, 20, "double quotes"),
        ('{"locals": {"a" 1}}', 1, 17, "colon"),
        ('{"locals": {"a": 1 "b": 2}}', 1, 20, "comma"),
        ('{"locals": {"a": tru}}', 1, 18, "value is missing"),
        ('{"locals": {"a": "x\ny"}}', 1, 18, "not valid JSON"),
        ('{"locals": {"a": 1e99999}}', 1, 25, "too large"),
        ('{"locals":\n {"a": "${"}}', 2, 9, "not closed"),
        ('{"locals": {"a": 1, "a": 2}}', 1, 21, "already set on line 1"),
        ('{"locals": 3}', 1, 12, "must be an object"),
        ('{"resource": {"a": {"b": 1}}}', 1, 26, "must be an object"),
        ('{"nonsense": {}}', 1, 2, "no block"),
        ("{} x", 1, 4, "nothing may follow"),
        ("3", 1, 1, "object is required"),
        ("[" * 1000, 1, 102, "nested deeper"),
    ],
)
def test_a_mistake_is_named_at_its_place(text, line, column, part):
    body, (diagnostic,) = parse_json(text, "m.tf.json")
    assert body == tree.Body((), ())
    assert part in diagnostic.message
    assert diagnostic.location == Location("m.tf.json", line, column)


@settings(deadline=None)
@given(
    st.text(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "${", "${a}", "%{ if b }", "x"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["resource", "locals", "a", "dynamic", "//", "type", "${"]), inner, max_size=3
            )
        ),
        max_leaves=15,
    ).map(json.dumps)
)
def test_no_text_raises(text):
    parse_json(text, "m.tf.json")
    parse_json(text, "m.tfvars.json")
