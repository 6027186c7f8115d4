# ruff: noqa: E501 (a configuration stands on one line)
"""Terraform starts nothing that a stranger's stack names: what would be started is found by reading, and a wall stands behind."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from analysis.sandbox import Confinement, landlock_version, namespaces
from analysis.validation import RefusedError, terraform_cli, validate
from analysis.validation.executed import executed
from analysis.validation.terraform_cli import Workspace

RUNS = 'provisioner "local-exec" {\n    command = "true"\n  }'
PLAN = 'run "a" {\n  command = plan\n}\n'

AT_APPLY = {
    "a provisioner": f'resource "terraform_data" "x" {{\n  {RUNS}\n}}',
    "of destruction": 'resource "null_resource" "x" {\n  provisioner "local-exec" {\n    when    = destroy\n    command = "true"\n  }\n}',
    "of another kind": 'resource "aws_instance" "x" {\n  provisioner "remote-exec" {\n    inline = ["true"]\n  }\n}',
    "after a removal": f"removed {{\n  from = aws_instance.x\n  {RUNS}\n}}",
    "an action": 'action "local_command" "x" {\n  config {\n    command = "true"\n  }\n}',
}
AT_PLAN = {
    "an external program": 'data "external" "x" {\n  program = ["true"]\n}',
    "in a check": 'check "x" {\n  data "external" "y" {\n    program = ["true"]\n  }\n}',
    "a local command": 'data "local_command" "x" {\n  command = "true"\n}',
    "an ephemeral one": 'ephemeral "external" "x" {\n  program = ["true"]\n}',
    "an unknown provider": 'data "shell_script" "x" {\n}',
    "a declared provider": 'terraform {\n  required_providers {\n    aws = {\n      source = "scottwinkler/shell"\n    }\n  }\n}',
    "another registry": 'terraform {\n  required_providers {\n    aws = {\n      source = "evil.example/hashicorp/aws"\n    }\n  }\n}',
    "a computed source": 'terraform {\n  required_providers {\n    aws = {\n      source = "${"hashicorp/external"}"\n    }\n  }\n}',
    "a provider's plugin": 'provider "kubernetes" {\n  exec {\n    command = "true"\n  }\n}',
    "a credential process": 'provider "aws" {\n  profile             = "x"\n  shared_config_files = ["./config"]\n}',
    "what cannot be read": 'resource "aws_instance" {',
}
AT_INIT = {
    "a module from a repository": 'module "x" {\n  source = "git::https://evil.example/x.git"\n}',
    "a module from the registry": 'module "x" {\n  source = "hashicorp/consul/aws"\n}',
    "a computed source": 'module "x" {\n  source = "${path.module}/x"\n}',
    "an absolute path": 'module "x" {\n  source = "/srv/x"\n}',
}


def write(directory, **files):
    for name, text in files.items():
        path = directory / name.replace("__", "/").replace("_tf", ".tf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if isinstance(text, str) else json.dumps(text))
    return directory


def moments(directory):
    return {item.moment for item in executed(directory).items}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (text, moment)
        for texts, moment in ((AT_APPLY, "apply"), (AT_PLAN, "plan"), (AT_INIT, "init"))
        for text in texts.values()
    ],
    ids=[*AT_APPLY, *AT_PLAN, *AT_INIT],
)
@pytest.mark.parametrize("place", ["main_tf", "override_tf", "x_override_tf"])
def test_what_terraform_would_start_is_found_with_its_moment_and_place(tmp_path, text, moment, place):
    (item,) = executed(write(tmp_path, **{place: text})).items
    assert item.moment == moment
    assert str(item).startswith(f"{place.replace('_tf', '.tf')}:")
    assert item.line <= text.count("\n") + 1


def test_it_is_found_in_modules_and_in_modules_of_tests_and_in_modules_of_these(tmp_path):
    write(
        tmp_path / "stack",
        main_tf='module "a" {\n  source = "../a"\n}',
        tests__x_tftest_hcl="",
    )
    (tmp_path / "stack" / "tests" / "x.tftest.hcl").write_text(
        'run "a" {\n  command = plan\n  module {\n    source = "./tests/setup"\n  }\n}'
    )
    write(tmp_path / "stack" / "tests" / "setup", main_tf=AT_PLAN["an external program"])
    write(tmp_path / "a", main_tf='module "b" {\n  source = "./b"\n}')
    write(tmp_path / "a" / "b", main_tf=AT_APPLY["a provisioner"])
    found = executed(tmp_path / "stack")
    assert {item.moment for item in found.items} == {"plan", "apply"}
    assert len(found.at("plan")) == 1


@pytest.mark.parametrize(
    ("document", "moment"),
    [
        ({"data": {"external": {"x": {"program": ["true"]}}}}, "plan"),
        ({"data": [{"external": [{"x": [{"program": ["true"]}]}]}]}, "plan"),
        ([{"data": {"external": {"x": {}}}}], "plan"),
        ({"check": {"c": {"data": {"external": {"x": {}}}}}}, "plan"),
        ({"resource": {"terraform_data": {"x": {"provisioner": {"local-exec": {"command": "true"}}}}}}, "apply"),
        ({"resource": {"terraform_data": {"x": {"provisioner": [{"local-exec": {"command": "true"}}]}}}}, "apply"),
        (
            {"removed": {"from": "aws_vpc.x", "provisioner": {"local-exec": {"command": "true", "when": "destroy"}}}},
            "apply",
        ),
        ({"terraform": {"required_providers": {"aws": {"source": "scottwinkler/shell"}}}}, "plan"),
        ({"terraform": [{"required_providers": [{"aws": {"source": "${x}"}}]}]}, "plan"),
        ({"module": {"x": {"source": "git::https://evil.example/x.git"}}}, "init"),
        ({"provider": {"aws": {"shared_config_files": ["x"]}}}, "plan"),
    ],
)
def test_the_json_syntax_hides_nothing(tmp_path, document, moment):
    assert moments(write(tmp_path, **{"main_tf.json": document})) == {moment}


def test_a_json_name_that_comes_twice_counts_twice_as_terraform_merges_it(tmp_path):
    write(tmp_path, **{"main_tf.json": '{"data": {"external": {"x": {}}}, "data": {"aws_region": {"y": {}}}}'})
    assert moments(tmp_path) == {"plan"}


def test_what_starts_nothing_is_let_through(tmp_path):
    text = """
terraform {
  required_providers {
    aws    = { source = "hashicorp/aws", version = "~> 5.0" }
    random = ">= 3"
    time   = { source = "registry.terraform.io/hashicorp/time" }
  }
}
provider "aws" { region = "us-east-1" }
data "aws_region" "here" {}
resource "aws_sns_topic" "t" {}
resource "terraform_data" "x" { input = "provisioner" }
data "terraform_remote_state" "x" { backend = "local" }
module "m" { source = "./m" }
"""
    write(tmp_path, main_tf=text)
    write(tmp_path / "m", main_tf='resource "random_pet" "p" {}')
    assert executed(tmp_path).items == ()


REFUSED_TESTS = {
    "no command": 'run "a" {\n}\n',
    "apply": 'run "a" {\n  command = apply\n}\n',
    "a text": 'run "a" {\n  command = "plan"\n}\n',
    "one of two": PLAN + 'run "b" {\n}\n',
    "a mock": 'mock_provider "aws" {\n}\n' + 'run "a" {\n}\n',
    "no run": "variables {\n}\n",
    "a computed command": 'run "a" {\n  command = true ? plan : apply\n}\n',
    "nonsense": "run {{{",
    "json": {"run": {"a": {}}},
    "json, twice": '{"run": {"a": {"command": "plan"}}, "run": {"b": {}}}',
    "json, two commands": '{"run": {"a": {"command": "apply", "command": "plan"}}}',
    "json list": {"run": [{"a": {"command": "plan"}}, {"b": {"command": "apply"}}]},
    "json, computed": {"run": {"a": {"command": "${plan}"}}},
}


@pytest.mark.parametrize("text", REFUSED_TESTS.values(), ids=REFUSED_TESTS)
@pytest.mark.parametrize("place", ["", "tests"])
def test_a_test_file_of_which_a_run_might_apply_is_not_run(tmp_path, text, place):
    suffix = "json" if not isinstance(text, str) or text.startswith("{") else "hcl"
    name = str(Path(place) / f"a.tftest.{suffix}")
    write(tmp_path, **{name: text})
    write(tmp_path, **{"ok.tftest.hcl": PLAN})
    found = executed(tmp_path)
    assert list(found.refused_tests) == [name]
    assert found.permitted_tests == ("ok.tftest.hcl",)


def test_a_test_file_of_which_every_run_plans_is_run_in_either_syntax(tmp_path):
    write(tmp_path, **{"a.tftest.hcl": PLAN, "b.tftest.json": {"run": {"a": {"command": "plan"}}}})
    assert not executed(tmp_path).refused_tests


def test_a_resource_is_judged_by_the_source_that_its_module_declares_in_whichever_file(tmp_path):
    resource = 'resource "cloudflare_zone" "x" {}'
    source = 'terraform {{\n  required_providers {{\n    cloudflare = {{ source = "{}" }}\n  }}\n}}'
    write(tmp_path, **{"main.tf": resource, "versions.tf": source.format("cloudflare/cloudflare")})
    assert not executed(tmp_path).items
    write(tmp_path, **{"versions.tf": source.format("scottwinkler/shell")})
    assert [str(item) for item in executed(tmp_path).items] == [
        "versions.tf:2: the provider scottwinkler/shell is not known to start no programs"
    ]
    write(tmp_path, **{"versions.tf": ""})  # Terraform takes hashicorp/cloudflare, which nobody knows
    assert [item.file for item in executed(tmp_path).items] == ["main.tf"]


def test_our_own_stacks_and_modules_start_nothing():
    root = Path(__file__).parents[2] / "terraform"
    directories = sorted({path.parent for path in root.glob("*/*/*.tf")})
    assert directories
    for directory in directories:
        assert not executed(directory).items


def test_the_providers_of_a_stack_are_not_taken_for_a_mirror(tmp_path):
    mirror = tmp_path / "terraform.d" / "plugins" / terraform_cli.AWS
    mirror.mkdir(parents=True)
    found = terraform_cli.find()
    if found is None:
        pytest.skip("terraform is not on PATH")
    assert tmp_path not in (found.providers.path or Path("/")).parents


def test_without_leave_nothing_is_looked_up_wherever_providers_come_from(tmp_path):
    mine = tmp_path / ".terraformrc"
    mine.write_text(
        'provider_installation {\n  filesystem_mirror {\n    path = "/opt/m"\n  }\n  direct {\n    exclude = ["a/b"]\n  }\n  network_mirror {\n    url = "https://m.example/"\n  }\n}\n'
    )
    sources = [
        terraform_cli.ProviderSource("configuration", mine), terraform_cli.ProviderSource("mirror", tmp_path),
        terraform_cli.ProviderSource("implied mirror", tmp_path), terraform_cli.ProviderSource("registry"),
    ]  # fmt: skip
    for source in sources:
        text = source.cli_configuration(tmp_path, downloads=False)
        assert "filesystem_mirror" in text
        assert "direct" not in text
        assert "network_mirror" not in text
        assert text.count("{") == text.count("}")
    assert all("direct" in source.cli_configuration(tmp_path, downloads=True) for source in sources[:3])


# --- the real Terraform

terraform = [pytest.mark.terraform, pytest.mark.slow]


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "ran"


def stack(directory, marker, **files):
    main = f'resource "terraform_data" "x" {{\n  input = "x"\n  provisioner "local-exec" {{\n    command = "touch {marker}"\n  }}\n}}\n'
    return write(directory, main_tf=main, **files)


@pytest.mark.terraform
@pytest.mark.slow
def test_a_run_that_applies_starts_no_provisioner_and_zero_runs_is_a_refusal(tmp_path, marker):
    directory = stack(tmp_path / "stack", marker, **{"tests/a.tftest.hcl": 'run "x" {\n}\n'})
    report = validate(directory)
    step = next(step for step in report.steps if step.name == "test")
    assert step.status == "refused"
    assert 'tests/a.tftest.hcl:1: the run "x" applies' in step.message
    assert not report.ok
    assert not marker.exists()


@pytest.mark.terraform
@pytest.mark.slow
def test_of_mixed_files_those_that_plan_are_run_and_trust_runs_all(tmp_path, marker):
    files = {"tests/a.tftest.hcl": 'run "x" {\n}\n', "tests/b.tftest.hcl": PLAN, "tests/extra/note.txt": "x"}
    directory = stack(tmp_path / "stack", marker, **files)
    step = next(step for step in validate(directory).steps if step.name == "test")
    assert step.status == "passed"
    assert step.message.startswith("1 run in 1 file passed; not run: tests/a.tftest.hcl:1")
    assert not marker.exists()
    step = next(step for step in validate(directory, trust=True).steps if step.name == "test")
    assert step.message == "2 runs in 2 files passed"
    assert marker.exists()


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock")
def test_behind_the_wall_terraform_starts_no_provisioner_even_where_the_reader_is_blind(tmp_path, marker, monkeypatch):
    monkeypatch.setattr("analysis.validation.executed._provisioners", lambda *_: ())
    directory = stack(tmp_path / "stack", marker)
    found = terraform_cli.find()
    with Workspace(directory, found) as workspace:
        assert workspace.init().status == 0
        done = workspace.run("apply", "-auto-approve", "-input=false", "-no-color")
        assert done.status != 0
        assert "permission denied" in done.stdout + done.stderr
    assert not marker.exists()


def test_what_is_refused_names_each_place_and_the_option(tmp_path):
    write(tmp_path, main_tf=AT_PLAN["an external program"] + "\n" + AT_APPLY["a provisioner"])
    found = executed(tmp_path)
    with pytest.raises(RefusedError, match=r'main\.tf:1: data "external" starts a program; --trust lets it'):
        terraform_cli.require(found, "plan", trust=False, downloads=False)
    with pytest.raises(RefusedError, match=r"main\.tf:5: provisioner"):
        terraform_cli.require(found, "apply", trust=False, downloads=False)
    terraform_cli.require(found, "apply", trust=True, downloads=False)


# --- the wall itself

WALL = pytest.mark.skipif(not landlock_version() and not namespaces(), reason="this machine offers no wall")


def tried(confinement, *command, **options):
    """The exit status behind the wall, which a library that is loaded first, such as one that moves the clock, would not pass."""
    environ = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    done = subprocess.run(
        confinement.argv(command), env=environ, capture_output=True, text=True, check=False, **options
    )
    return done.returncode


@WALL
def test_a_confined_program_writes_and_starts_what_it_may_and_nothing_else(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    touch = next(Path(path).resolve() for path in ("/usr/bin/touch", "/bin/touch") if Path(path).exists())
    wall = Confinement((inside,))
    assert tried(wall, str(touch), str(inside / "a")) == 0
    assert tried(wall, str(touch), str(outside / "a")) != 0
    if landlock_version():
        assert tried(Confinement((inside,), executable=(touch,)), "/bin/sh", "-c", "true") != 0
    assert [path.name for path in (*inside.iterdir(), *outside.iterdir())] == ["a"]


def test_a_machine_without_a_wall_says_so_and_still_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.sandbox.namespaces", lambda: "")
    monkeypatch.setattr("analysis.sandbox.landlock_version", lambda: 0)
    wall = Confinement((tmp_path,))
    assert wall.argv(["/bin/true"]) == ["/bin/true"]
    assert "none of the kernel's" in wall.standing()
    assert not wall.stands()
