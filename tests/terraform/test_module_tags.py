"""Whoever uses a module can tag everything it creates: every taggable resource takes the module's `tags`."""

import pytest
from module_readmes import module_directories

from analysis import files
from analysis.terraform import provider, tree
from analysis.terraform.syntax import parse


def untagged(directory):
    """Resources of a module that the provider would tag and that do not take `var.tags`, and calls that do not hand it on."""
    blocks = [
        (block, path)
        for path in sorted(directory.glob("*.tf"))
        for block in parse(files.read_text(path), str(path))[0].blocks
    ]
    callable_with_tags = {path.resolve() for path in module_directories() if has_variable(path)}
    for block, path in blocks:
        schema = provider.schema(block.labels[0]) if block.type == "resource" else None
        called = block.type == "module" and (directory / source(block)).resolve() in callable_with_tags
        if called or (schema and "tags" in schema.attributes):
            given = next((argument.expression for argument in block.body.arguments if argument.name == "tags"), None)
        elif schema and "tag" in schema.blocks:  # an Auto Scaling group's, one block for each
            given = next((inner for inner in block.body.blocks if inner.labels == ("tag",)), None)
        else:
            continue
        if given is None or not names_tags(given):
            yield f"{path.name}:{block.line}: {'.'.join(block.labels)}"


def has_variable(directory):
    return any(
        "tags" in block.labels
        for path in directory.glob("*.tf")
        for block in parse(files.read_text(path), str(path))[0].blocks
        if block.type == "variable"
    )


def source(block):
    return next(argument.expression.value for argument in block.body.arguments if argument.name == "source")


def names_tags(node):
    """Whether a syntax tree holds `var.tags`."""
    if (
        isinstance(node, tree.Attribute)
        and node.name == "tags"
        and isinstance(node.target, tree.Name)
        and node.target.name == "var"
    ):
        return True
    return isinstance(node, tuple) and any(map(names_tags, node))


@pytest.mark.parametrize("directory", module_directories(), ids=lambda path: path.name)
def test_every_resource_of_a_module_that_can_be_tagged_takes_its_tags(directory):
    assert not list(untagged(directory))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("", ["main.tf:1: aws_sqs_queue.this"]),
        ('tags = { Name = "q" }', ["main.tf:1: aws_sqs_queue.this"]),
        ("tags = var.tags", []),
        ('tags = merge(var.tags, { Name = "q" })', []),
    ],
)
def test_a_resource_without_the_modules_tags_is_named(tmp_path, body, named):
    (tmp_path / "main.tf").write_text(f'resource "aws_sqs_queue" "this" {{\n  {body}\n}}\n')
    assert list(untagged(tmp_path)) == named


def test_what_cannot_be_tagged_needs_no_tags_and_a_groups_blocks_count(tmp_path):
    (tmp_path / "main.tf").write_text(
        'resource "aws_sns_topic_policy" "this" {\n}\n\nresource "aws_autoscaling_group" "this" {\n'
        '  dynamic "tag" {\n    for_each = var.tags\n    content {}\n  }\n}\n\nresource "aws_autoscaling_group" "bare" {\n}\n'
    )
    assert list(untagged(tmp_path)) == ["main.tf:11: aws_autoscaling_group.bare"]
