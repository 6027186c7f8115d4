"""The facts about the provider are what the provider itself says."""

import json

import pytest

from analysis.terraform import provider
from analysis.terraform.values import NUMBER, STRING, Collection
from analysis.validation import TerraformError, find
from analysis.validation.terraform_cli import Workspace


def test_types_and_flags_are_read_from_the_facts():
    schema = provider.schema("aws_ecs_task_definition")
    assert schema.attributes["cpu"].type == STRING
    assert schema.attributes["family"].required
    assert schema.attributes["arn"].computed
    assert not schema.attributes["arn"].optional
    assert schema.attributes["requires_compatibilities"].type == Collection("set", STRING)
    group = provider.schema("aws_lb_target_group")
    assert group.blocks["health_check"].limit == 1
    assert group.blocks["health_check"].body.attributes["interval"].type == NUMBER
    assert provider.schema("aws_no_such_thing") is None
    assert provider.schema("aws_db_instance").attributes["password"].sensitive


def test_every_type_in_the_facts_can_be_read():
    names = [name for name in provider._lines() if name]
    assert len(names) > 1_400
    for name in names:
        assert provider.schema(name).attributes


def test_every_default_is_of_an_argument_that_exists_and_has_its_type():
    def check(values, schema, path):
        for name, value in values.items():
            if isinstance(value, dict):
                check(value, schema.blocks[name].body, f"{path}.{name}")
            else:
                attribute = schema.attributes[name]
                assert not attribute.required, f"{path}.{name}"
                kind = {"string": str, "number": (int, float), "bool": bool}[str(attribute.type)]
                assert isinstance(value, kind), f"{path}.{name}"

    for name, values in provider.defaults().items():
        check(values, provider.schema(name), name)


def test_the_account_of_the_facts_is_an_example():
    facts = provider.account()
    assert facts["account_id"] == "123456789012"
    assert set(facts["zones"]) == set(facts["regions"])


@pytest.mark.terraform
@pytest.mark.slow
def test_the_schema_facts_are_what_the_provider_prints_today(tmp_path):
    (tmp_path / "main.tf").write_text(
        'terraform {\n  required_providers {\n    aws = {\n      source  = "hashicorp/aws"\n'
        f'      version = "{provider.VERSION}"\n    }}\n  }}\n}}\n'
    )
    found = find(directory=tmp_path)
    if found is None:
        pytest.skip("terraform is not on PATH")
    with Workspace(tmp_path, found) as workspace:
        if workspace.init(120).status:
            pytest.skip("the AWS provider is not to be had here")
        try:
            shown = workspace.run("providers", "schema", "-json", timeout_s=120)
        except TerraformError as error:
            pytest.skip(str(error))
    assert provider.compact(json.loads(shown.stdout)) == provider.facts_text(f"provider_schema_{provider.VERSION}.json")
