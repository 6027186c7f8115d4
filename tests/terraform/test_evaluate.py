"""Expressions are worth what Terraform says they are worth."""

import json
import os
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import terraform
from analysis.architecture import Unknown
from analysis.terraform.evaluate import Budget, EvaluationError, Scope, value_of
from analysis.terraform.functions import Context
from analysis.terraform.syntax import parse_expression

U = Unknown("aws_vpc.main.id")


def worth(text, **names):
    node, diagnostics = parse_expression(text, "test")
    assert node is not None, diagnostics

    def unknown_name(name, at):
        raise EvaluationError(f"there is nothing called {name}", at)

    return value_of(node, Scope(Budget(), names, unknown_name, Context(None, ())))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("-7 % 3", -1),
        ('"5" > 3', True),
        ('1 == "1"', False),
        ('true ? 1 : "a"', "1"),
        ("false ? 1 / 0 : 2", 2),
        ('true ? [1] : ["a"]', ("1",)),
        ("[for x in [3, 1] : x * 2]", (6, 2)),
        ("[for i, x in [3, 1] : i]", (0, 1)),
        ('[for k, v in { b = 1, a = 2 } : "${k}${v}"]', ("a2", "b1")),
        ("{ for x in [1, 2] : x => x * 10 if x > 1 }", {"2": 20}),
        ('{ for x in ["a", "b", "a"] : x => 1... }', {"a": (1, 1), "b": (1,)}),
        ("[for x in toset([2, 1, 2]) : x]", (1, 2)),
        ("[{ a = 1 }, { a = 2 }][*].a", (1, 2)),
        ("null[*]", ()),
        ("[{ a = [{ b = 1 }, { b = 2 }] }, { a = [{ b = 3 }] }][*].a[*].b", ((1, 2), (3,))),
        ("{ (true) = 1, 2 = 3 }", {"true": 1, "2": 3}),
        ('"${1}${true}"', "1true"),
        ('"${[1, 2]}"', (1, 2)),
        ('"%{ if 1 > 0 }yes%{ else }no%{ endif }"', "yes"),
        ('"%{ for x in [1, 2] ~}  ${x}  %{ endfor ~}"', "1  2  "),
        ("try(null.a, {}.b, 3)", 3),
        ("can(1 / 0)", False),
        ("max([1, 5, 3]...)", 5),
        ("true || 1 / 0 > 1", True),
        ("!false", True),
        ('{ a = { b = ["x"] } }.a["b"][0]', "x"),
        ("[1, 2, 3].1", 2),
    ],
)
def test_known_values(text, value):
    assert worth(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[u, 1]", (U, 1)),
        ("{ a = u, b = 1 }.b", 1),
        ("length([u, u])", 2),
        ("u.name", Unknown("aws_vpc.main.id.name")),
        ("u[0]", Unknown("aws_vpc.main.id[0]")),
        ('"pre-${u}-post"', Unknown("aws_vpc.main.id", prefix="pre-")),
        ('"pre-${u}" != ""', True),
        ("u ? 1 : 1", 1),
        ("u ? 1 : 2", U),
        ("u == 1", U),
        ("false && u", False),
        ("u && false", False),
        ("u || true", True),
        ("u + 1", U),
        ("[for x in u : x]", U),
        ("[for x in [1, u] : x]", (1, U)),
        ("u[*].id", U),
        ("keys({ a = u })", ("a",)),
        ("merge({ a = u }, { b = 1 })", {"a": U, "b": 1}),
        ("concat([u], [1])", (U, 1)),
        ("jsonencode({ a = u, b = 1 })", Unknown("aws_vpc.main.id", partial={"a": U, "b": 1}, prefix="{")),
    ],
)
def test_unknown_values_spread_no_further_than_they_must(text, value):
    assert worth(text, u=U) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "division by zero"),
        ("[1][3]", "index 3 lies outside a list of 1"),
        ("{ count = 1 }.coun", 'no attribute "coun"; did you mean "count"?'),
        ("null + 1", "an operand of + is null"),
        ('"${null}x"', "the value is null and cannot be written into a string"),
        ("[for x in null : x]", "the collection is null"),
        ('{ for x in ["a", "a"] : x => 1 }', 'two elements give the key "a"'),
        ("lenght([])", 'there is no function "lenght"; did you mean "length"?'),
        ('"a".b', 'a string has no attributes, so not "b" either'),
        ("toset([1])[0]", "elements of a set have no index"),
        ("[] ? 1 : 2", "a bool is required, not a list"),
        ("max(1...)", "only a list can be expanded with ..., not a number"),
        ("try(1 / 0, [][0])", "no argument of try() succeeds: division by zero; index 0 lies outside a list of 0"),
        ('"x" < "y"', 'a number is required, not the string "x"'),
    ],
)
def test_what_is_wrong_is_said(text, message):
    with pytest.raises(EvaluationError) as caught:
        worth(text)
    assert message in caught.value.message
    assert caught.value.node.line == 1


@pytest.mark.parametrize(
    ("text", "shown"),  # as `terraform console` 1.11.4 prints them
    [
        ("0.1 + 0.2", "0.3"),
        ("0.8 * 1000", "800"),
        ("-(1 / 3)", f"-0.{'3' * 153}5"),
        ("1 - 0.9", f"0.1{'0' * 152}3"),
        ("2 / 3", f"0.{'6' * 152}67"),
    ],
)
def test_numbers_have_terraforms_digits(text, shown):
    ours = worth(f'"${{{text}}}x"').removesuffix("x")
    assert ours.startswith(shown[:150])
    assert len(ours) <= 160


@pytest.mark.terraform
@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not on PATH")
def test_numbers_are_printed_as_the_real_console_prints_them(tmp_path):
    texts = [
        "1 / 3",
        "0.1 + 0.2",
        "-(2 / 3)",
        "1 - 0.9",
        "0.29 * 100",
        "1 / 7000000",
        "5.5 % 2",
        "10 / 4 * 0.3",
        "0.8 * 1000 / 3",
    ]
    asked = "jsonencode([" + ", ".join(f'"${{{text}}}x"' for text in texts) + "])"
    environ = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        ["terraform", "console"],
        input=asked,
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    answers = json.loads(json.loads(done.stdout))
    assert [worth(f'"${{{text}}}x"') for text in texts] == answers


INTEGERS = st.recursive(
    st.integers(-50, 50).map(lambda n: (f"({n})", n)),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(
            lambda p: (
                f"({p[0][0]} {p[1]} {p[2][0]})",
                {"+": p[0][1] + p[2][1], "-": p[0][1] - p[2][1], "*": p[0][1] * p[2][1]}[p[1]],
            )
        ),
        st.tuples(inner, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner, inner, inner).map(
            lambda p: (
                f"({p[0][0]} {p[1]} {p[2][0]} ? {p[3][0]} : {p[4][0]})",
                p[3][1]
                if {
                    "<": p[0][1] < p[2][1],
                    "<=": p[0][1] <= p[2][1],
                    ">": p[0][1] > p[2][1],
                    ">=": p[0][1] >= p[2][1],
                    "==": p[0][1] == p[2][1],
                    "!=": p[0][1] != p[2][1],
                }[p[1]]
                else p[4][1],
            )
        ),
    ),
    max_leaves=10,
)


@given(INTEGERS)
@settings(deadline=None, max_examples=60)
def test_expressions_of_whole_numbers_agree_with_python(pair):
    text, value = pair
    assert worth(text) == value


@given(
    st.sampled_from(["a && b", "a || b", "a ? b : b", "a == b", "[a, b] == [b, 1]", 'a == "" || b']),
    st.booleans(),
    st.booleans(),
)
def test_an_unknown_never_changes_a_known_outcome(text, a, b):
    for names in ({"a": U, "b": b}, {"a": a, "b": U}, {"a": U, "b": U}):
        try:
            early = worth(text, **names)
            late = worth(text, a=a, b=b)
        except EvaluationError:
            continue
        if not isinstance(early, Unknown):
            assert early == late


def test_a_template_sees_only_what_it_is_given(tmp_path):
    (tmp_path / "main.tf").write_text(
        'variable "x" {\n  default = 1\n}\noutput "a" {\n  value = templatefile("t", { nmae = 1 })\n}\n'
        'output "b" {\n  value = templatefile("t", { name = "n" })\n}\n'
    )
    (tmp_path / "t").write_text("hello ${name}")
    architecture = terraform.load(tmp_path)
    assert architecture.outputs["b"].value == "hello n"
    (error,) = architecture.errors
    assert 'uses "name", which templatefile() is not given; did you mean "nmae"?' in error.message


def test_a_module_is_given_providers_by_their_dotted_names(tmp_path):
    (tmp_path / "peer").mkdir()
    (tmp_path / "peer" / "main.tf").write_text(
        "terraform {\n  required_providers {\n    aws = { configuration_aliases = [aws.far] }\n  }\n}\n"
        'data "aws_region" "far" {\n  provider = aws.far\n}\noutput "far" {\n  value = data.aws_region.far.name\n}\n'
    )
    (tmp_path / "main.tf").write_text(
        'provider "aws" {\n  region = "us-east-1"\n}\nprovider "aws" {\n  alias  = "eu"\n  region = "eu-west-1"\n}\n'
        'module "peer" {\n  source    = "./peer"\n  providers = { aws.far = aws.eu }\n}\n'
        'output "far" {\n  value = module.peer.far\n}\n'
    )
    architecture = terraform.load(tmp_path)
    assert not architecture.errors
    assert architecture.outputs["far"].value == "eu-west-1"


def test_a_dotted_key_anywhere_else_is_refused_where_it_is_evaluated():
    with pytest.raises(EvaluationError, match="must stand in parentheses"):
        worth("{ a.b = 1 }", a={"b": "c"})
    assert worth("{ (a.b) = 1 }", a={"b": "c"}) == {"c": 1}


def test_a_text_from_elsewhere_is_rendered_as_a_template(tmp_path):
    (tmp_path / "main.tf").write_text(
        'locals {\n  text = "$${name}%%{ if big } is big%%{ endif }"\n}\n'
        'output "a" {\n  value = templatestring(local.text, { name = "x", big = true })\n}\n'
        'output "b" {\n  value = templatestring(local.text, { big = true })\n}\n'
    )
    architecture = terraform.load(tmp_path)
    assert architecture.outputs["a"].value == "x is big"
    (error,) = architecture.errors
    assert 'uses "name", which templatestring() is not given' in error.message


def test_what_a_write_only_argument_is_given_is_in_no_value_but_its_reference_stays(tmp_path):
    (tmp_path / "main.tf").write_text(
        'resource "aws_secretsmanager_secret" "s" {}\nresource "aws_ssm_parameter" "p" {\n  name = "p"\n  type = "SecureString"\n'
        "  value_wo = aws_secretsmanager_secret.s.arn\n  value_wo_version = 1\n}\n"
    )
    parameter = next(r for r in terraform.load(tmp_path).resources if r.type == "aws_ssm_parameter")
    assert "value_wo" not in parameter.values
    assert parameter.values["value_wo_version"] == 1
    assert {reference.address for reference in parameter.references} == {"aws_secretsmanager_secret.s"}
