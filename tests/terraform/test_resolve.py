"""Modules, resources and variables resolve as Terraform resolves them, and every value knows what it rests on."""

import json

import pytest

from analysis import terraform
from analysis.architecture import Location, Unknown


@pytest.fixture
def load(tmp_path):
    def loaded(main="", files=None, **options):
        for name, text in {"main.tf": main, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return terraform.load(tmp_path, **options)

    return loaded


def edges(resource):
    return {(edge.via, edge.address, edge.attribute) for edge in resource.references}


VARIABLE = 'variable "x" {\n  default = "default"\n}\noutput "x" {\n  value = var.x\n}\n'
SOURCES = [  # in Terraform's precedence: each wins over those before it
    ("environment", {}, {"environ": {"TF_VAR_x": "environment"}}),
    ("tfvars", {"terraform.tfvars": 'x = "tfvars"\n'}, {}),
    ("tfvars.json", {"terraform.tfvars.json": '{"x": "tfvars.json"}'}, {}),
    ("a.auto", {"a.auto.tfvars": 'x = "a.auto"\n'}, {}),
    ("b.auto.json", {"b.auto.tfvars.json": '{"x": "b.auto.json"}'}, {}),
    ("c.auto", {"c.auto.tfvars": 'x = "c.auto"\n'}, {}),
    ("file", {"given.tfvars": 'x = "file"\n'}, {"var_files": ("given.tfvars",)}),
    ("given", {}, {"variables": {"x": "given"}}),
]


@pytest.mark.parametrize("last", range(len(SOURCES)))
def test_values_of_variables_are_taken_in_terraforms_precedence(load, tmp_path, last):
    files, options = {}, {}
    for _, more_files, more_options in SOURCES[: last + 1]:
        files |= more_files
        options |= more_options
    options["var_files"] = tuple(tmp_path / name for name in options.get("var_files", ()))
    assert load(VARIABLE, files, **options).outputs["x"].value == SOURCES[last][0]


def test_a_text_from_outside_is_read_by_the_variables_type(load):
    main = 'variable "l" {\n  type = list(number)\n}\nvariable "s" {\n  type = string\n}\nvariable "n" {\n  type = number\n}\n'
    architecture = load(main, variables={"l": "[1, 2]", "n": "3"}, environ={"TF_VAR_s": "[1]"})
    assert {name: variable.value for name, variable in architecture.variables.items()} == {
        "l": (1, 2),
        "s": "[1]",
        "n": 3,
    }
    assert [variable.type for variable in architecture.variables.values()] == ["list(number)", "string", "number"]


def test_python_values_are_taken_as_they_are(load):
    main = 'variable "o" {\n  type = map(object({ n = number, l = optional(list(string), ["d"]) }))\n}\n'
    assert load(main, variables={"o": {"a": {"n": 1}}}).variables["o"].value == {"a": {"n": 1, "l": ("d",)}}


def test_a_validation_that_fails_says_what_the_module_says(load):
    main = (
        'variable "n" {\n  type = number\n  validation {\n    condition     = var.n < 10\n'
        '    error_message = "n is ${var.n}, it must be below 10."\n  }\n}\n'
    )
    assert not load(main, variables={"n": 9}).diagnostics
    (error,) = load(main, variables={"n": 11}).errors
    assert str(error) == 'main.tf:1:1: error: invalid value for variable "n": n is 11, it must be below 10'


PRECONDITION = """
variable "size" {}
resource "aws_sqs_queue" "q" {
  count = var.size > 0 ? 1 : 0
  name  = "q"
  lifecycle {
    precondition {
      condition     = contains([1, 2], var.size)
      error_message = "There is no size ${var.size}."
    }
    precondition {
      condition     = aws_vpc.main.id != ""
      error_message = "Not known before it exists."
    }
  }
}
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
"""


@pytest.mark.parametrize(("size", "said"), [(2, []), (3, ["aws_sqs_queue.q[0]: There is no size 3"]), (0, [])])
def test_a_precondition_of_a_resource_that_is_false_is_an_error_and_one_not_known_yet_is_none(load, size, said):
    found = load(PRECONDITION, variables={"size": size})
    assert [diagnostic.message for diagnostic in found.errors] == said
    assert [diagnostic.location.line for diagnostic in found.errors] == [8] * len(said)


def test_a_precondition_of_an_output_that_is_false_is_an_error_in_any_module(load):
    output = """
variable "tasks" {}
output "connections" {
  value = var.tasks * 10
  precondition {
    condition     = var.tasks * 10 <= 80
    error_message = "${var.tasks} tasks are too many."
  }
  precondition {
    condition     = timestamp() != ""
    error_message = "Not known before it is applied."
  }
}
"""
    main = output + 'module "m" {\n  source = "./m"\n  tasks  = var.tasks + 1\n}\n'
    assert not load(main, {"m/main.tf": output}, variables={"tasks": 7}).errors
    said = [str(error) for error in load(main, {"m/main.tf": output}, variables={"tasks": 8}).errors]
    assert said == ['m/main.tf:6:5: error: output "connections": 9 tasks are too many']
    assert len(load(main, {"m/main.tf": output}, variables={"tasks": 9}).errors) == 2


def test_a_validation_inside_a_module_blames_the_argument(load):
    architecture = load(
        'module "m" {\n  source = "./m"\n  n      = 11\n}\n',
        {
            "m/main.tf": 'variable "n" {\n  validation {\n    condition = var.n < 10\n    error_message = "Too large."\n  }\n}\n'
        },
    )
    (error,) = architecture.errors
    assert (str(error.location), error.message) == ("main.tf:3:3", 'invalid value for variable "n": Too large')


def test_null_takes_the_default_only_where_null_is_not_allowed(load):
    main = 'variable "a" {\n  default = 1\n}\nvariable "b" {\n  default = 1\n  nullable = false\n}\n'
    variables = load(main, variables={"a": None, "b": None}).variables
    assert (variables["a"].value, variables["b"].value) == (None, 1)


def test_a_value_that_does_not_fit_its_type_is_said_and_unknown(load):
    architecture = load(
        'variable "n" {\n  type = number\n}\noutput "o" {\n  value = var.n + 1\n}\n', variables={"n": "x"}
    )
    assert [error.message for error in architecture.errors] == [
        'the value of variable "n" does not fit its type: a number is required, not the string "x"'
    ]
    assert architecture.outputs["o"].value == Unknown("var.n")


def test_addresses_of_instances_are_terraforms(load):
    architecture = load(
        'module "m" {\n  source = "./m"\n  for_each = toset(["a", "b\\"c"])\n}\n'
        'resource "aws_eip" "x" {\n  count = 11\n}\n',
        {"m/main.tf": 'resource "aws_eip" "y" {\n  for_each = { k = 1 }\n}\n'},
    )
    addresses = [resource.address for resource in architecture.resources]
    assert addresses == [f"aws_eip.x[{i}]" for i in range(11)] + [
        'module.m["a"].aws_eip.y["k"]',
        'module.m["b\\"c"].aws_eip.y["k"]',
    ]
    last = architecture.resources[-1]
    assert (last.module, last.index, last.name) == ('module.m["b\\"c"]', "k", "y")


def test_a_configured_attribute_is_its_value_and_a_computed_one_names_its_absolute_address(load):
    architecture = load(
        'module "m" {\n  source = "./m"\n}\noutput "name" {\n  value = module.m.name\n}\n'
        'output "arn" {\n  value = module.m.arn\n}\n'
        'output "default" {\n  value = module.m.wait\n}\noutput "unset" {\n  value = module.m.unset\n}\n',
        {
            "m/main.tf": 'resource "aws_sqs_queue" "q" {\n  name = "n"\n}\noutput "name" {\n  value = aws_sqs_queue.q.name\n}\n'
            'output "arn" {\n  value = aws_sqs_queue.q.arn\n}\n'
            'output "wait" {\n  value = aws_sqs_queue.q.receive_wait_time_seconds\n}\n'
            'output "unset" {\n  value = aws_sqs_queue.q.content_based_deduplication == null\n}\n'
        },
    )
    values = {name: output.value for name, output in architecture.outputs.items()}
    assert values["name"] == "n"
    assert values["arn"] == Unknown("module.m.aws_sqs_queue.q.arn")
    assert values["default"] == 0


def test_an_attribute_that_the_type_does_not_have_is_an_error_with_the_nearest_name(load):
    (error,) = load('resource "aws_vpc" "v" {}\noutput "o" {\n  value = aws_vpc.v.cidr_blok\n}\n').errors
    assert 'aws_vpc has no attribute "cidr_blok"; did you mean "cidr_block"?' in error.message


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [
        ("sqs_managed_sse_enabled = true", 0),
        ("kms_data_key_reuse_period_seconds = 60", 60),
        ("", Unknown("aws_sqs_queue.q.kms_data_key_reuse_period_seconds")),
    ],
)
def test_a_queue_under_the_keys_of_sqs_uses_no_data_key_again(load, arguments, seconds):
    architecture = load(f'resource "aws_sqs_queue" "q" {{\n  name = "q"\n  {arguments}\n}}\n')
    assert architecture.by_address["aws_sqs_queue.q"].values["kms_data_key_reuse_period_seconds"] == seconds


CLUSTER = """
resource "aws_eks_cluster" "main" {
  name     = "main"
  role_arn = "arn:aws:iam::123456789012:role/eks"

  vpc_config {
    subnet_ids = ["subnet-1", "subnet-2"]
  }
}
resource "aws_ec2_tag" "group" {
  resource_id = aws_eks_cluster.main.vpc_config[0].cluster_security_group_id
  key         = "team"
  value       = join(" ", aws_eks_cluster.main.vpc_config[0].subnet_ids)
}
"""


def test_what_the_provider_adds_to_a_nested_block_is_unknown_where_it_is_read_and_absent_where_it_stands(load):
    architecture = load(CLUSTER)
    assert not architecture.errors
    tag = architecture.by_address["aws_ec2_tag.group"].values
    assert tag["resource_id"] == Unknown("aws_eks_cluster.main.vpc_config[0].cluster_security_group_id")
    assert tag["value"] == "subnet-1 subnet-2"
    (config,) = architecture.by_address["aws_eks_cluster.main"].values["vpc_config"]
    assert "cluster_security_group_id" not in config
    assert config["subnet_ids"] == ("subnet-1", "subnet-2")


def test_what_a_nested_block_does_not_have_is_still_an_error(load):
    (error,) = load(CLUSTER.replace("cluster_security_group_id", "cluster_group")).errors
    assert "cluster_group" in error.message


def test_references_are_absolute_and_pass_through_variables_locals_and_outputs(load):
    architecture = load(
        'resource "aws_vpc" "v" {\n  cidr_block = "10.0.0.0/16"\n}\n'
        'module "a" {\n  source = "./a"\n  vpc = { id = aws_vpc.v.id, cidr = aws_vpc.v.cidr_block }\n}\n'
        'resource "aws_eip" "e" {\n  domain = module.a.group\n  tags = { known = module.a.name, none = "x" }\n}\n',
        {
            "a/main.tf": 'variable "vpc" {}\nlocals {\n  id = var.vpc.id\n}\n'
            'resource "aws_security_group" "g" {\n  name = "g"\n  vpc_id = local.id\n}\n'
            'output "group" {\n  value = aws_security_group.g.id\n}\n'
            'output "name" {\n  value = aws_security_group.g.name\n}\n'
        },
    )
    group = architecture.by_address["module.a.aws_security_group.g"]
    assert ("vpc_id", "aws_vpc.v", "id") in edges(group)
    assert edges(architecture.by_address["aws_eip.e"]) == {
        ("domain", "module.a.aws_security_group.g", "id"),
        ("tags", "module.a.aws_security_group.g", "name"),
    }
    assert [resource.address for resource in architecture.referring_to("aws_vpc.v")] == [
        "module.a.aws_security_group.g"
    ]


def test_a_memoised_local_hands_its_trace_to_every_user(load):
    architecture = load(
        'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n'
        'locals {\n  n = "${aws_sqs_queue.q.name}-x"\n  o = { a = aws_sqs_queue.q.arn, b = 1 }\n}\n'
        + "".join(f'resource "aws_eip" "e{i}" {{\n  tags = {{ n = local.n }}\n}}\n' for i in range(3))
        + 'resource "aws_eip" "whole" {\n  tags = local.o\n}\n'
        'resource "aws_eip" "other" {\n  tags = { b = local.o.b }\n}\n'
        + 'resource "aws_eip" "again" {\n  tags = local.o\n}\n'
    )
    by_address = architecture.by_address
    assert all(edges(by_address[f"aws_eip.e{i}"]) == {("tags", "aws_sqs_queue.q", "name")} for i in range(3))
    assert (
        edges(by_address["aws_eip.whole"]) == edges(by_address["aws_eip.again"]) == {("tags", "aws_sqs_queue.q", "arn")}
    )
    assert not edges(by_address["aws_eip.other"])


def test_each_value_carries_only_what_its_own_element_rests_on(load):
    architecture = load(
        'resource "aws_sqs_queue" "a" {\n  name = "a"\n}\nresource "aws_sqs_queue" "b" {\n  name = "b"\n}\n'
        'resource "aws_eip" "e" {\n  for_each = { a = aws_sqs_queue.a.name, b = aws_sqs_queue.b.arn }\n'
        "  tags = { n = each.value }\n"
        "}\n"
    )
    tags = {
        resource.index: {edge for edge in edges(resource) if edge[0] == "tags"}
        for resource in architecture.of_type("aws_eip")
    }
    assert tags == {"a": {("tags", "aws_sqs_queue.a", "name")}, "b": {("tags", "aws_sqs_queue.b", "arn")}}


def test_a_resource_does_not_refer_to_what_its_neighbour_rests_on(load):
    architecture = load(
        'resource "aws_vpc" "v" {}\n'
        'resource "aws_subnet" "s" {\n  vpc_id = aws_vpc.v.id\n  availability_zone = "a"\n}\n'
        'resource "aws_eip" "e" {\n  tags = { z = aws_subnet.s.availability_zone, v = aws_subnet.s.vpc_id }\n}\n'
    )
    assert edges(architecture.by_address["aws_eip.e"]) == {
        ("tags", "aws_subnet.s", "availability_zone"),
        ("tags", "aws_subnet.s", "vpc_id"),
    }


def test_every_argument_knows_its_place(load):
    architecture = load(
        'resource "aws_security_group" "g" {\n  name = "g"\n'
        '\n  dynamic "ingress" {\n    for_each = [80]\n    content {\n'
        "      from_port = ingress.value\n    }\n  }\n}\n",
        {"x_override.tf": 'resource "aws_security_group" "g" {\n  name = "h"\n}\n'},
    )
    (group,) = architecture.resources
    assert group.values["name"] == "h"
    assert group.location("name") == Location("x_override.tf", 2, 3)
    assert group.location("ingress") == Location("main.tf", 4, 3)
    assert group.location("revoke_rules_on_delete") == group.defined_at == Location("main.tf", 1, 1)


SECRET = (
    'variable "password" {\n  sensitive = true\n  default   = "hunter2"\n}\n'
    'locals {\n  url = "x:${var.password}"\n  pair = { user = "u", word = var.password }\n}\n'
    'resource "aws_db_instance" "d" {\n  password = "literal"\n  username = local.pair.user\n  db_name = local.url\n}\n'
    'resource "aws_eip" "e" {\n  tags = { p = module.m.out }\n  domain = nonsensitive("${local.url}!")\n}\n'
    'module "m" {\n  source = "./m"\n  in = local.pair.word\n}\n'
    'output "o" {\n  value = local.url\n  sensitive = true\n}\n'
    'output "clear" {\n  value = local.pair.user\n}\n'
)


def test_what_rests_on_a_sensitive_variable_is_masked_wherever_it_goes(load):
    architecture = load(SECRET, {"m/main.tf": 'variable "in" {}\noutput "out" {\n  value = "${var.in}"\n}\n'})
    by_address = architecture.by_address
    assert by_address["aws_db_instance.d"].sensitive == {"password", "db_name"}
    assert by_address["aws_eip.e"].sensitive == {"tags", "tags_all"}
    printed = json.loads(json.dumps(terraform.to_json(architecture)))
    assert printed["outputs"] == {"o": "(sensitive value)", "clear": "u"}
    values = {row["address"]: row["values"] for row in printed["resources"]}
    assert values["aws_db_instance.d"]["password"] == "(sensitive value)"
    assert values["aws_db_instance.d"]["username"] == "u"
    assert values["aws_eip.e"]["tags"] == "(sensitive value)"
    assert values["aws_eip.e"]["domain"] == "x:hunter2!"


def test_the_printed_model_has_the_agreed_shape(load):
    architecture = load(
        'resource "aws_subnet" "s" {\n  vpc_id = aws_vpc.v.id\n}\nresource "aws_vpc" "v" {}\n'
        'output "o" {\n  value = aws_vpc.v.id\n}\n'
    )
    printed = terraform.to_json(architecture)
    assert set(printed) == {"stack", "resources", "outputs", "diagnostics"}
    subnet = printed["resources"][0]
    assert set(subnet) == {"address", "type", "values", "references", "defined_at"}
    assert subnet["values"]["vpc_id"] == printed["outputs"]["o"] == {"unknown": "aws_vpc.v.id"}
    assert subnet["references"] == ["aws_vpc.v"]
    assert subnet["defined_at"] == {"file": "main.tf", "line": 1}
    (warning,) = printed["diagnostics"]
    assert set(warning) == {"severity", "message", "file", "line", "column"}
    assert "us-east-1 is assumed;" in warning["message"]


@pytest.mark.parametrize(
    ("zones", "region"), [(("eu-west-1a", "eu-west-1b"), "eu-west-1"), (("eu-west-1a", "eu-north-1a"), "us-east-1")]
)
def test_a_region_that_nothing_sets_is_that_of_the_only_zones_that_are_named(load, zones, region):
    subnets = (f'resource "aws_subnet" "s{n}" {{\n  availability_zone = "{zone}"\n}}\n' for n, zone in enumerate(zones))
    architecture = load("".join(subnets))
    assert architecture.region == region
    assert any(f"so {region} is assumed" in diagnostic.message for diagnostic in architecture.diagnostics)


PROVIDERS = (
    'provider "aws" {\n  region = "eu-west-1"\n  default_tags {\n    tags = { team = "t", who = "p" }\n  }\n}\n'
    'provider "aws" {\n  alias = "w"\n  region = "us-west-2"\n}\n'
)


def test_regions_and_default_tags_come_from_the_provider_a_resource_uses(load):
    architecture = load(
        PROVIDERS
        + 'resource "aws_eip" "a" {\n  tags = { who = "r" }\n}\nresource "aws_eip" "b" {\n  provider = aws.w\n}\n'
        'module "m" {\n  source = "./m"\n  providers = { aws = aws.w }\n}\nmodule "n" {\n  source = "./m"\n}\n',
        {
            "m/main.tf": 'resource "aws_eip" "c" {}\ndata "aws_region" "r" {}\n'
            'output "r" {\n  value = data.aws_region.r.name\n}\n'
        },
    )
    by_address = architecture.by_address
    assert architecture.region == "eu-west-1"
    assert {address: resource.region for address, resource in by_address.items() if resource.mode == "managed"} == {
        "aws_eip.a": "eu-west-1",
        "aws_eip.b": "us-west-2",
        "module.m.aws_eip.c": "us-west-2",
        "module.n.aws_eip.c": "eu-west-1",
    }
    assert by_address["aws_eip.a"].values["tags"] == {"who": "r"}
    assert by_address["aws_eip.a"].values["tags_all"] == {"team": "t", "who": "r"}
    assert "tags_all" not in by_address["aws_eip.b"].values
    assert by_address["module.m.data.aws_region.r"].values["name"] == "us-west-2"


def test_data_sources_that_only_an_account_can_answer_answer_from_the_facts(load):
    architecture = load(
        'provider "aws" {\n  region = "eu-central-1"\n}\ndata "aws_caller_identity" "me" {}\n'
        'data "aws_availability_zones" "z" {\n  state = "available"\n}\ndata "aws_ami" "a" {}\n'
        'output "o" {\n'
        "  value = [data.aws_caller_identity.me.account_id,"
        " slice(data.aws_availability_zones.z.names, 0, 2), data.aws_ami.a.id]\n"
        "}\n"
    )
    assert not architecture.diagnostics
    assert architecture.outputs["o"].value == (
        "123456789012",
        ("eu-central-1a", "eu-central-1b"),
        Unknown("data.aws_ami.a.id"),
    )


def test_a_policy_document_with_something_unknown_keeps_what_is_known(load):
    architecture = load(
        'resource "aws_s3_bucket" "b" {}\n'
        'data "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["s3:Get*"]\n'
        "    resources = [aws_s3_bucket.b.arn]\n  }\n}\n"
        'output "o" {\n  value = data.aws_iam_policy_document.d.json\n}\n'
    )
    value = architecture.outputs["o"].value
    assert value.reference == "data.aws_iam_policy_document.d.json"
    assert value.partial["Statement"] == (
        {"Effect": "Allow", "Action": "s3:Get*", "Resource": Unknown("aws_s3_bucket.b.arn")},
    )


def test_an_unknown_count_is_said_and_one_instance_assumed(load):
    architecture = load(
        'resource "aws_vpc" "v" {}\nresource "aws_eip" "e" {\n  count = aws_vpc.v.id == "x" ? 1 : 2\n}\n'
    )
    assert [resource.address for resource in architecture.of_type("aws_eip")] == ["aws_eip.e[0]"]
    (error,) = architecture.errors
    assert "count depends on aws_vpc.v.id" in error.message


def test_certificates_know_which_names_they_must_prove(load):
    architecture = load(
        'resource "aws_acm_certificate" "c" {\n  domain_name = "a.example"\n'
        '  validation_method = "DNS"\n  subject_alternative_names = ["b.example"]\n'
        "}\n"
        'resource "aws_route53_record" "r" {\n'
        "  for_each = { for o in aws_acm_certificate.c.domain_validation_options : o.domain_name => o.resource_record_name }\n"
        "  name = each.value\n}\n"
    )
    assert not architecture.errors
    assert [resource.index for resource in architecture.of_type("aws_route53_record")] == ["a.example", "b.example"]


def test_vendored_modules_are_read_where_terraform_init_put_them(load):
    architecture = load(
        'module "q" {\n  source = "registry/q/aws"\n}\n',
        {
            ".terraform/modules/modules.json": json.dumps(
                {"Modules": [{"Key": "", "Dir": "."}, {"Key": "q", "Dir": ".terraform/modules/q"}]}
            ),
            ".terraform/modules/q/main.tf": 'resource "aws_eip" "e" {}\n',
        },
    )
    assert not architecture.errors
    assert [resource.address for resource in architecture.resources] == ["module.q.aws_eip.e"]


def test_in_json_the_providers_schema_tells_a_map_from_a_block(load):
    body = {"name": "g", "parameters": {"a": "${1 + 1}"}, "timeouts": {"create": "5m"}}
    architecture = load(files={"m.tf.json": json.dumps({"resource": {"aws_glue_catalog_database": {"d": body}}})})
    (database,) = architecture.resources
    assert database.values["parameters"] == {"a": "2"}


def test_the_same_stack_gives_the_same_model_twice(load):
    first = load(SECRET, {"m/main.tf": 'variable "in" {}\noutput "out" {\n  value = var.in\n}\n'})
    assert terraform.to_json(first) == terraform.to_json(load(SECRET))
    assert first.resources == load(SECRET).resources


PLAN = {
    "format_version": "1.2",
    "variables": {"p": {"value": "hunter2"}, "region": {"value": "eu-west-1"}},
    "planned_values": {
        "outputs": {"o": {"sensitive": True, "value": "hunter2"}, "u": {"sensitive": False}},
        "root_module": {
            "resources": [
                {
                    "address": "aws_vpc.v",
                    "mode": "managed",
                    "type": "aws_vpc",
                    "name": "v",
                    "values": {"cidr_block": "10.0.0.0/16"},
                }
            ],
            "child_modules": [
                {
                    "address": "module.m",
                    "resources": [
                        {
                            "address": "module.m.aws_db_instance.d[0]",
                            "mode": "managed",
                            "type": "aws_db_instance",
                            "name": "d",
                            "index": 0,
                            "values": {"password": "hunter2", "port": None, "tags": {"a": "b"}},
                            "sensitive_values": {"password": True},
                        }
                    ],
                }
            ],
        },
    },
    "resource_changes": [
        {"address": "aws_vpc.v", "change": {"after_unknown": {"id": True}, "after_sensitive": {}}},
        {
            "address": "module.m.aws_db_instance.d[0]",
            "change": {"after_unknown": {"arn": True}, "after_sensitive": {"password": True}},
        },
    ],
    "configuration": {
        "provider_config": {"aws": {"expressions": {"region": {"references": ["var.region"]}}}},
        "root_module": {"variables": {"p": {"sensitive": True}}},
    },
}


def test_a_plan_is_read_with_its_unknowns_and_without_its_secrets(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(PLAN))
    architecture = terraform.from_plan(path)
    assert architecture.region == "eu-west-1"
    vpc, database = architecture.resources
    assert vpc.values == {"cidr_block": "10.0.0.0/16", "id": Unknown("aws_vpc.v.id")}
    assert (database.module, database.index) == ("module.m", 0)
    assert database.values["arn"] == Unknown("module.m.aws_db_instance.d[0].arn")
    assert "hunter2" not in repr(architecture)


def test_a_condition_of_a_policy_whose_key_is_unknown_is_unknown_and_not_left_out(load):
    architecture = load(
        'data "aws_ssm_parameter" "p" {\n  name = "p"\n}\n'
        'data "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["sts:AssumeRoleWithWebIdentity"]\n'
        '    condition {\n      test = "StringEquals"\n      variable = "${data.aws_ssm_parameter.p.value}:sub"\n'
        '      values = ["a"]\n    }\n  }\n}\n'
        'output "o" {\n  value = data.aws_iam_policy_document.d.json\n}\n'
    )
    (statement,) = architecture.outputs["o"].value.partial["Statement"]
    assert isinstance(statement["Condition"], Unknown)
    assert statement["Condition"].reference == "data.aws_ssm_parameter.p.value"
