"""What Terraform refuses before it plans is refused here: each small module below is one that Terraform 1.11.4 refuses."""

import pytest

from analysis import terraform
from analysis.terraform.rules import allows

DATA = 'resource "terraform_data" "b" {}\n'

REFUSED = {
    "a backend that rests on a variable": (
        'terraform {\n  backend "s3" {\n    bucket = var.x\n  }\n}\nvariable "x" {}\n',
        "constant values only",
    ),
    "a name that begins with a digit": ('resource "terraform_data" "1b" {}\n', '"1b" cannot be the name'),
    "a check of what is not declared": (
        'check "c" {\n  assert {\n    condition     = var.nope == 2\n    error_message = "no"\n  }\n}\n',
        'no variable "nope"',
    ),
    "count beside for_each": (
        'resource "terraform_data" "b" {\n  count    = 1\n  for_each = toset(["a"])\n}\n',
        "exclude each other",
    ),
    "a dependency on what is not declared": (
        'resource "terraform_data" "b" {\n  depends_on = [terraform_data.zz]\n}\n',
        "names terraform_data.zz",
    ),
    "an ephemeral output of the root module": (
        'variable "e" {\n  default   = "x"\n  ephemeral = true\n}\noutput "o" {\n  value     = var.e\n  ephemeral = true\n}\n',
        "no ephemeral output",
    ),
    "an output of an ephemeral value": (
        'variable "e" {\n  default   = "x"\n  ephemeral = true\n}\noutput "o" {\n  value = var.e\n}\n',
        "rests on an ephemeral value",
    ),
    "instances by sensitive keys": (
        (
            'variable "s" {\n  default   = ["a"]\n  sensitive = true\n}\n'
            'resource "terraform_data" "b" {\n  for_each = toset(var.s)\n}\n'
        ),
        "for_each rests on a sensitive",
    ),
    "a sensitive number of instances": (
        'variable "s" {\n  default   = 1\n  sensitive = true\n}\nresource "terraform_data" "b" {\n  count = var.s\n}\n',
        "count rests on a sensitive",
    ),
    "an import into what is not declared": (
        'import {\n  to = terraform_data.zz\n  id = "x"\n}\n' + DATA,
        "import is for",
    ),
    "a move from what is still declared": (
        "moved {\n  from = terraform_data.b\n  to   = terraform_data.c\n}\n" + DATA,
        "still declared",
    ),
    "a postcondition that does not hold": (
        (
            'resource "terraform_data" "b" {\n  input = 1\n  lifecycle {\n    postcondition {\n'
            '      condition     = self.input == 2\n      error_message = "not two"\n    }\n  }\n}\n'
        ),
        "not two",
    ),
    "a type in quotes": ('variable "a" {\n  type    = "list"\n  default = []\n}\n', "without quotes"),
    "a resource that needs itself": (
        'resource "terraform_data" "b" {\n  input = terraform_data.b.id\n}\n',
        "refers to itself",
    ),
    "two resources that need each other": (
        (
            'resource "terraform_data" "a" {\n  input = terraform_data.b.id\n}\n'
            'resource "terraform_data" "b" {\n  input = terraform_data.a.id\n}\n'
        ),
        "need one another",
    ),
    "an output that discloses a sensitive value": (
        'variable "s" {\n  default   = "x"\n  sensitive = true\n}\noutput "o" {\n  value = [var.s]\n}\n',
        "discloses a sensitive value",
    ),
    "a setting that terraform has not": ("terraform {\n  foo = 1\n}\n" + DATA, 'no argument "foo"'),
    "an argument that the resource has not": (
        'resource "terraform_data" "b" {\n  inputt = 1\n}\n',
        'did you mean "input"',
    ),
    "a validation of another variable": (
        (
            'variable "a" {\n  default = 1\n}\nvariable "b" {\n  default = 2\n  validation {\n'
            '    condition     = var.a == 1\n    error_message = "x"\n  }\n}\n'
        ),
        "must refer to its own variable, var.b",
    ),
    "a variable whose name is taken": ('variable "count" {\n  default = 1\n}\n', "may not be called"),
    "an output without a value": ('output "o" {}\n', 'needs the argument "value"'),
    "a name that is not declared, inside try": ('output "o" {\n  value = try(var.nope, 1)\n}\n', 'no variable "nope"'),
    "an instance by its key as if it were an attribute": (
        (
            'resource "terraform_data" "b" {\n  for_each = toset(["x"])\n}\n'
            'output "o" {\n  value = try(terraform_data.b.x.id, 1)\n}\n'
        ),
        "name one of them",
    ),
    "an index of what is there once": (
        DATA + 'output "o" {\n  value = try(terraform_data.b[0].id, 1)\n}\n',
        "neither count nor for_each",
    ),
    "a version that is none": ('terraform {\n  required_version = "latest"\n}\n' + DATA, "no constraint on versions"),
}


def errors(tmp_path, text, name="main.tf"):
    (tmp_path / name).write_text(text)
    return [diagnostic.message for diagnostic in terraform.load(tmp_path).errors]


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_terraform_refuses_is_refused(tmp_path, text, message):
    assert any(message in error for error in errors(tmp_path, text))


def test_an_override_needs_something_to_override(tmp_path):
    (tmp_path / "main.tf").write_text(DATA)
    assert any("no such local value" in error for error in errors(tmp_path, "locals {\n  q = 1\n}\n", "override.tf"))


def test_a_module_in_a_directory_has_no_version(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf").write_text(DATA)
    assert any(
        "no version" in error for error in errors(tmp_path, 'module "a" {\n  source  = "./m"\n  version = "1.0"\n}\n')
    )


def test_an_ephemeral_resource_gives_values_that_are_known_only_when_it_is_opened(tmp_path):
    text = (
        'ephemeral "aws_secretsmanager_random_password" "e" {\n  password_length = 8\n}\n'
        'resource "aws_ssm_parameter" "p" {\n  name             = "p"\n  type             = "SecureString"\n'
        "  value_wo         = ephemeral.aws_secretsmanager_random_password.e.random_password\n  value_wo_version = 1\n}\n"
    )
    assert errors(tmp_path, text) == []
    assert errors(tmp_path, text.replace("password.e.", "password.f.")) == [
        "there is no ephemeral resource aws_secretsmanager_random_password.f in this module"
    ]


@pytest.mark.parametrize(
    ("constraint", "version", "fits"),
    [
        ("~> 1.5", (1, 11, 4), True),
        ("~> 1.5.0", (1, 11, 4), False),
        (">= 1.3, < 2.0", (1, 11, 4), True),
        (">= 1.3, != 1.11.4", (1, 11, 4), False),
        ("1.11.4", (1, 11, 4), True),
        ("~> 5", (5, 100, 0), True),
        ("~> 5.0", (6, 0, 0), False),
        ("newest", (1, 11, 4), None),
    ],
)
def test_constraints_on_versions_are_those_of_terraform(constraint, version, fits):
    assert allows(constraint, version) is fits


@pytest.mark.parametrize(
    ("declared", "value"),
    [("type = any", (1,)), ("", "[1]"), ("type = string", "[1]"), ("type = list(string)", ("1",))],
)
def test_a_text_for_a_variable_is_an_expression_unless_it_has_no_type_or_a_primitive_one(tmp_path, declared, value):
    (tmp_path / "main.tf").write_text(f'variable "b" {{\n  {declared}\n}}\noutput "o" {{\n  value = var.b\n}}\n')
    for given in ({"environ": {"TF_VAR_b": "[1]"}}, {"variables": {"b": "[1]"}}):
        assert terraform.load(tmp_path, **given).outputs["o"].value == value
