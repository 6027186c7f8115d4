"""What data sources read can be given; where the number of instances rests on it and it is not, a stand-in is assumed aloud."""

import pytest

from analysis import facts, terraform

STACK = """\
provider "aws" {
  region = "us-east-1"
}
data "aws_subnets" "private" {}
data "aws_subnet" "each" {
  for_each = toset(data.aws_subnets.private.ids)
  id       = each.value
}
resource "aws_eip" "each" {
  count = length(data.aws_subnets.private.ids)
}
resource "aws_lb" "l" {
  internal = true
  subnets  = [for subnet in data.aws_subnet.each : subnet.id]
}
"""
GIVEN = '[data."aws_subnets.private"]\nids = ["subnet-1", "subnet-2", "subnet-3"]\n'


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "main.tf").write_text(STACK)
    return tmp_path


def subnets(architecture):
    return architecture.by_address["aws_lb.l"].values["subnets"]


def test_what_is_not_given_is_assumed_and_every_name_of_it_says_so(directory):
    found = terraform.load(directory)
    assert not found.errors
    assert subnets(found) == ("subnets-id-stand-in-1", "subnets-id-stand-in-2")
    assert [resource.address for resource in found.of_type("aws_eip")] == ["aws_eip.each[0]", "aws_eip.each[1]"]
    assert any(
        'is assumed; give it with --data FILE or in gameday.toml: [data."aws_subnets.private"]' in diagnostic.message
        for diagnostic in found.diagnostics
    )


def test_a_file_gives_the_values_and_nothing_is_assumed(directory):
    (directory / "data.toml").write_text(GIVEN)
    found = terraform.load(directory, data_files=[directory / "data.toml"])
    assert not found.diagnostics
    assert subnets(found) == ("subnet-1", "subnet-2", "subnet-3")
    assert len([*found.of_type("aws_eip")]) == 3


def test_gameday_toml_gives_them_beside_what_it_says_otherwise(directory):
    (directory / "gameday.toml").write_text('title = "T"\nsummary = "S"\n' + GIVEN)
    assert facts.stack(directory).title == "T"
    assert subnets(terraform.load(directory)) == ("subnet-1", "subnet-2", "subnet-3")


def test_values_for_what_is_not_read_are_named(directory):
    (directory / "data.toml").write_text(GIVEN.replace("private", "privat"))
    found = terraform.load(directory, data_files=[directory / "data.toml"])
    assert any('did you mean "aws_subnets.private"' in diagnostic.message for diagnostic in found.diagnostics)


@pytest.mark.parametrize("text", ["[data\n", "data = 1\n", '[data]\n"aws_subnets.private" = 3\n'])
def test_a_file_that_holds_no_such_tables_is_refused(directory, text):
    (directory / "data.toml").write_text(text)
    with pytest.raises(terraform.InputError, match=r"data\.toml"):
        terraform.load(directory, data_files=[directory / "data.toml"])


def test_the_name_of_an_endpoint_service_follows_from_the_region(tmp_path):
    (tmp_path / "main.tf").write_text(
        'provider "aws" {\n  region = "eu-west-1"\n}\ndata "aws_vpc_endpoint_service" "s3" {\n  service = "s3"\n}\n'
        'output "name" {\n  value = data.aws_vpc_endpoint_service.s3.service_name\n}\n'
    )
    assert terraform.load(tmp_path).outputs["name"].value == "com.amazonaws.eu-west-1.s3"
