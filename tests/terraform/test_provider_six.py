"""A stack that asks for provider 6 is read with what is known of it, and told that no plan has judged that."""

import pytest

from analysis import terraform
from analysis.terraform import provider

ASKS = 'terraform {\n  required_providers {\n    aws = {\n      source  = "hashicorp/aws"\n      version = "%s"\n    }\n  }\n}\n'
STACK = """\
provider "aws" {
  region = "us-east-1"
}
resource "aws_vpc" "v" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_sqs_queue" "there" {
  name   = "q"
  region = "eu-west-1"
}
output "regions" {
  value = [aws_vpc.v.region, aws_sqs_queue.there.region]
}
"""


@pytest.fixture
def asking(tmp_path):
    def load(version):
        (tmp_path / "versions.tf").write_text(ASKS % version)
        (tmp_path / "main.tf").write_text(STACK)
        return terraform.load(tmp_path)

    return load


@pytest.mark.parametrize("version", [">= 6.0", "~> 6.2", "6.25.0", ">= 6.40"])
def test_every_regional_resource_has_a_region_of_its_own(asking, version):
    found = asking(version)
    assert not found.errors
    assert found.outputs["regions"].value == ("us-east-1", "eu-west-1")
    assert found.by_address["aws_sqs_queue.there"].region == "eu-west-1"
    assert [d.message for d in found.diagnostics if "no plan of that version has judged it" in d.message]


@pytest.mark.parametrize("version", ["~> 5.0", "5.100.0"])
def test_provider_5_has_none(asking, version):
    assert any('no attribute "region"' in error.message for error in asking(version).errors)


def test_a_module_that_asks_for_6_decides_for_the_stack(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf").write_text(ASKS % ">= 6.0" + STACK)
    (tmp_path / "main.tf").write_text(ASKS % ">= 5.0" + 'module "m" {\n  source = "./m"\n}\n')
    found = terraform.load(tmp_path)
    assert not found.errors
    assert [d.location.file for d in found.diagnostics if "no plan" in d.message] == ["m/main.tf"]


def test_what_version_6_dropped_is_gone_and_what_it_brought_is_there():
    assert provider.schema_for("aws_opsworks_stack", following=True) is None
    assert provider.schema_for("aws_opsworks_stack", following=False) is not None
    eip = provider.schema_for("aws_eip", following=True)
    assert "vpc" not in eip.attributes
    assert "region" in eip.attributes
    assert "region" not in provider.schema_for("aws_iam_role", following=True).attributes
    assert "channel_namespace_arn" in provider.schema_for("aws_appsync_channel_namespace", following=True).attributes


def test_the_differences_are_read_from_the_bindings():
    script = """
class VpcList extends cdktf.ComplexList {}
class Vpc extends cdktf.TerraformResource {
    // arn - computed: true, optional: false, required: false
    get arn() { return this.getStringAttribute('arn'); }
    // shape - computed: false, optional: true, required: false
    get newCidrs() { return cdktf.Fn.tolist(this.getListAttribute('new_cidrs')); }
    get region() { return this.getStringAttribute('region'); }
}
Vpc.tfResourceType = "aws_vpc";
"""
    text = provider.next_differences([script])
    assert '"new":{"new_cidrs":"set(string)?","shape":"dynamic"}' in text
    assert '"cidr_block"' in text
