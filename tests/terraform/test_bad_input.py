"""Bad input gets a sentence with its place, within bounded time, and never a traceback."""

import json
import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import terraform


def stack(directory, **files):
    """A directory with the given files; `main` is main.tf."""
    for name, text in files.items():
        path = directory / {"main": "main.tf"}.get(name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return directory


def messages(directory, **options):
    return [str(diagnostic) for diagnostic in terraform.load(directory, **options).errors]


@pytest.fixture(autouse=True)
def _within_bounds():
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 60


def refusal(path):
    with pytest.raises(terraform.InputError) as caught:
        terraform.load(path)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.message


def test_a_directory_that_is_none_is_refused_in_a_sentence(tmp_path):
    assert "does not exist" in refusal(tmp_path / "absent")
    (tmp_path / "file").write_text("x")
    assert "this is a file" in refusal(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert "there are no .tf" in refusal(tmp_path / "empty")


def test_malformed_text_is_reported_with_its_place_and_the_rest_is_evaluated(tmp_path):
    stack(
        tmp_path,
        main='output "ok" {\n  value = 1\n}\n',
        **{"broken.tf": 'resource "aws_vpc" "x" {\n  cidr_block = \n}\n'},
    )
    architecture = terraform.load(tmp_path)
    assert architecture.outputs["ok"].value == 1
    (error,) = architecture.errors
    assert (error.location.file, error.location.line) == ("broken.tf", 2)


def test_a_cycle_is_named_from_end_to_end(tmp_path):
    stack(tmp_path, main="locals {\n  a = local.b\n  b = local.c + 1\n  c = local.a\n}\n")
    (error,) = messages(tmp_path)
    assert "local.a -> local.b -> local.c -> local.a" in error
    assert error.startswith("main.tf:4:")


def test_a_cycle_through_resources_and_a_module_is_named(tmp_path):
    stack(
        tmp_path,
        main='module "m" {\n  source = "./m"\n  x = aws_vpc.v.cidr_block\n}\n'
        'resource "aws_vpc" "v" {\n  cidr_block = module.m.y\n}\n',
        **{"m/main.tf": 'variable "x" {}\noutput "y" {\n  value = var.x\n}\n'},
    )
    (error,) = messages(tmp_path)
    assert "aws_vpc.v.cidr_block -> " in error
    assert "module.m.output.y" in error


def test_an_unknown_function_comes_with_the_nearest_name(tmp_path):
    stack(tmp_path, main='output "x" {\n  value = jsonencod({})\n}\n')
    assert messages(tmp_path) == ['main.tf:2:11: error: there is no function "jsonencod"; did you mean "jsonencode"?']


def test_a_missing_variable_is_named_with_what_to_do(tmp_path):
    stack(tmp_path, main='variable "name" {}\noutput "x" {\n  value = var.name\n}\n')
    (error,) = messages(tmp_path)
    assert "--var name=" in error
    assert "TF_VAR_name" in error


def test_all_errors_are_listed_not_only_the_first(tmp_path):
    stack(
        tmp_path,
        main='output "a" {\n  value = var.x\n}\noutput "b" {\n  value = local.y\n}\noutput "c" {\n  value = 1 / 0\n}\n',
    )
    assert [message.split(":")[1] for message in messages(tmp_path)] == ["2", "5", "8"]


@pytest.mark.parametrize(
    "count", ["1000000000", "2001", "-1", '"x"', "null", "1.5", "length(range(1000)) * 1000", "pow(10, 400)"]
)
def test_a_count_that_cannot_be_is_refused(tmp_path, count):
    stack(tmp_path, main=f'resource "aws_eip" "x" {{\n  count = {count}\n}}\n')
    architecture = terraform.load(tmp_path)
    assert len(architecture.errors) == 1
    assert len(architecture.resources) <= 1


def test_the_instances_of_a_whole_stack_are_bounded(tmp_path):
    blocks = "".join(f'resource "aws_eip" "x{i}" {{\n  count = 1900\n}}\n' for i in range(12))
    stack(tmp_path, main=blocks)
    architecture = terraform.load(tmp_path)
    assert len(architecture.resources) < 20_100
    assert any("instances" in error.message for error in architecture.errors)


@pytest.mark.slow
def test_loops_within_loops_are_given_up(tmp_path):
    stack(
        tmp_path,
        main="locals {\n  r = range(1000)\n  x = length([for a in local.r : [for b in local.r : [for c in local.r : 1]]])\n}\n",
    )
    assert any("given up" in message or "elements" in message for message in messages(tmp_path))


def test_strings_that_double_are_given_up(tmp_path):
    lines = "".join(f'  s{i} = "${{local.s{i - 1}}}${{local.s{i - 1}}}"\n' for i in range(1, 60))
    stack(tmp_path, main=f'locals {{\n  s0 = "0123456789"\n{lines}}}\n')
    assert any("characters" in message for message in messages(tmp_path))


def test_a_template_includes_no_other_as_in_terraform(tmp_path):
    stack(
        tmp_path,
        main='output "x" {\n  value = templatefile("a.tftpl", {})\n}\n',
        **{"a.tftpl": '${templatefile("a.tftpl", {})}'},
    )
    assert any("cannot be used inside a template" in message for message in messages(tmp_path))


@pytest.mark.parametrize("function", ["file", "filebase64", "filesha256", "templatefile", "fileexists"])
@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "link", "a/../../secret", "${path.module}/../secret"])
def test_no_function_reads_outside_the_stack(tmp_path, function, path):
    (tmp_path / "secret").write_text("hunter2")
    directory = stack(tmp_path / "stack", main="", **{"a/b": ""})
    (directory / "link").symlink_to(tmp_path / "secret")
    extra = ", {}" if function == "templatefile" else ""
    stack(directory, main=f'output "x" {{\n  value = {function}("{path}"{extra})\n}}\n')
    architecture = terraform.load(directory)
    assert len(architecture.errors) == 1
    assert "hunter2" not in json.dumps(terraform.to_json(architecture))


def test_a_module_may_read_what_lies_beside_it_and_nothing_else(tmp_path):
    (tmp_path / "secret").write_text("hunter2")
    directory = stack(
        tmp_path / "stacks" / "a",
        main='module "m" {\n  source = "../../modules/m"\n}\noutput "x" {\n  value = module.m.own\n}\n',
    )
    stack(
        tmp_path / "modules" / "m",
        main='output "own" {\n  value = file("${path.module}/own")\n}\n'
        'output "other" {\n  value = file("${path.module}/../../secret")\n}\n',
        own="mine",
    )
    architecture = terraform.load(directory)
    assert architecture.outputs["x"].value == "mine"
    (error,) = architecture.errors
    assert error.location.file == "../../modules/m/main.tf"


@pytest.mark.parametrize(
    "content",
    [b"\x7fELF\x00\x01\x02", b"\xff\xfe\x00a", b"#" * 2_100_000, b"x = \xe9\n"],
    ids=["elf", "utf16", "2 MB", "latin1"],
)
def test_a_file_that_is_no_text_or_too_large_is_named(tmp_path, content):
    stack(tmp_path, main='output "ok" {\n  value = 1\n}\n', **{"odd.tf": content})
    architecture = terraform.load(tmp_path)
    assert architecture.outputs["ok"].value == 1
    (error,) = architecture.errors
    assert error.location.file == "odd.tf"


def test_a_module_that_is_not_on_this_machine_is_named_once_and_the_rest_goes_on(tmp_path):
    stack(
        tmp_path,
        main='module "vpc" {\n  source  = "terraform-aws-modules/vpc/aws"\n  version = "5.0"\n}\n'
        'resource "aws_eip" "x" {\n  tags = { a = module.vpc.name, b = module.vpc.azs[0] }\n}\n',
    )
    architecture = terraform.load(tmp_path)
    (error,) = architecture.errors
    assert "terraform-aws-modules/vpc/aws" in error.message
    assert "terraform init" in error.message
    assert terraform.to_json(architecture)["resources"][0]["values"]["tags"]["a"] == {"unknown": "module.vpc.name"}


def test_a_module_that_calls_itself_is_refused(tmp_path):
    stack(
        tmp_path,
        main='module "a" {\n  source = "./a"\n}\n',
        **{"a/main.tf": 'module "b" {\n  source = "../b"\n}\n', "b/main.tf": 'module "a" {\n  source = "../a"\n}\n'},
    )
    (error,) = messages(tmp_path)
    assert "calls a module that it is itself part of" in error


def test_nesting_without_end_is_a_sentence(tmp_path):
    chain = "locals {\n  l0 = 1\n" + "".join(f"  l{i} = local.l{i - 1} + 1\n" for i in range(1, 5_000)) + "}\n"
    stack(tmp_path, main=chain + 'output "x" {\n  value = local.l4999\n}\n')
    terraform.load(tmp_path)


def test_a_chain_of_a_thousand_locals_is_evaluated(tmp_path):
    chain = "locals {\n  l0 = 1\n" + "".join(f"  l{i} = local.l{i - 1} + 1\n" for i in range(1, 1_000)) + "}\n"
    stack(tmp_path, main='output "x" {\n  value = local.l999\n}\n' + chain)
    assert terraform.load(tmp_path).outputs["x"].value == 1_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xff",
        b"[1, 2]",
        b'{"format_version": "1.2", "planned_values": 3}',
        b'{"a": 1}',
        b"[" * 100_000,
        b'{"format_version": "1.2", "resource_changes": []}',
    ],
)
def test_a_plan_that_is_none_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(terraform.InputError) as caught:
        terraform.from_plan(path)
    assert caught.value.diagnostics[0].location.file == "plan.json"


NAMES = st.sampled_from(["a", "b", "c", "aws_vpc", "each", "count", "var"])
EXPRESSIONS = st.recursive(
    st.one_of(
        st.integers(-5, 5).map(str),
        st.sampled_from(
            ["null", "true", '"x"', '"${local.a}-x"', "[]", "{}", "aws_vpc.b", "aws_vpc.b.id", "aws_vpc.b[0].arn"]
        ),
        NAMES.map("local.{}".format),
        NAMES.map("var.{}".format),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", "&&", "||"]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"[{parts[0]}, {parts[1]}]"),
        st.tuples(NAMES, inner).map(lambda parts: f"{{ {parts[0]} = {parts[1]} }}"),
        st.tuples(inner, NAMES).map(lambda parts: f"({parts[0]}).{parts[1]}"),
        st.tuples(inner, inner).map(lambda parts: f"({parts[0]})[{parts[1]}]"),
        inner.map("({})[*].id".format),
        st.tuples(inner, inner).map(lambda parts: f"[for x in {parts[0]} : {parts[1]}]"),
        st.tuples(inner, inner).map(lambda parts: f"{{ for k, x in {parts[0]} : k => {parts[1]}... }}"),
        st.tuples(
            st.sampled_from(
                [
                    "length",
                    "toset",
                    "tolist",
                    "keys",
                    "values",
                    "merge",
                    "concat",
                    "jsonencode",
                    "try",
                    "can",
                    "tostring",
                    "max",
                ]
            ),
            inner,
        ).map(lambda parts: f"{parts[0]}({parts[1]})"),
    ),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.lists(EXPRESSIONS, min_size=6, max_size=6))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_small_configuration_raises_anything_but_input_error(tmp_path, expressions):
    first, second, third, count, each, tag = expressions
    stack(
        tmp_path,
        main=f"locals {{\n  a = {first}\n  b = {second}\n}}\n"
        f'variable "a" {{\n  default = {{}}\n}}\noutput "o" {{\n  value = {third}\n}}\n'
        f'resource "aws_vpc" "b" {{\n  count = {count}\n  tags = {{ x = {tag} }}\n}}\n'
        f'resource "aws_eip" "c" {{\n  for_each = {each}\n  domain = each.key\n}}\n',
    )
    first_time = json.dumps(terraform.to_json(terraform.load(tmp_path)))
    assert json.dumps(terraform.to_json(terraform.load(tmp_path))) == first_time


def test_a_pipe_a_device_and_a_broken_link_are_named_and_never_opened(tmp_path):
    stack(tmp_path, main="locals {}\n")
    os.mkfifo(tmp_path / "pipe.tf")
    (tmp_path / "device.tf").symlink_to("/dev/zero")
    (tmp_path / "nowhere.tf.json").symlink_to("absent")
    (tmp_path / "directory.tf").mkdir()
    found = messages(tmp_path)
    assert [message.split(":")[0] for message in found] == ["device.tf", "nowhere.tf.json", "pipe.tf"]
    assert all("no regular file" in message for message in found)


def test_a_pipe_in_place_of_a_file_of_values_is_refused(tmp_path):
    stack(tmp_path, main="locals {}\n")
    os.mkfifo(tmp_path / "x.auto.tfvars")
    assert "no regular file" in refusal(tmp_path)
