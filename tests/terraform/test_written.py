"""What a stack's files say, argument by argument, with the text and the line that an editor shows."""

from pathlib import Path

import pytest

from analysis import terraform
from analysis.terraform import InputError
from analysis.terraform.written import Written, read_by, written
from analysis.wiring.references import without_index

STACKS = sorted(path.parent for path in Path(__file__).parents[2].glob("terraform/stacks/*/gameday.toml"))


def stack(directory, **files):
    for name, text in files.items():
        path = directory / name.replace("__", "/").replace("_tf", ".tf")  # main_tf, m__main_tf, terraform_tfvars
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {(row.address, row.argument): row for row in written(directory)}


@pytest.mark.parametrize("directory", STACKS, ids=lambda path: path.name)
def test_every_value_stands_in_its_file_at_its_line(directory):
    rows = written(directory)
    assert len(rows) > 100
    texts = {file: (directory / file).read_text().splitlines() for file in {row.file for row in rows}}
    for row in rows:
        here = "\n".join(texts[row.file][row.line - 1 : row.line + row.value.count("\n")])
        name = row.address.rpartition(".")[2] if row.argument == "value" else row.argument.rpartition(".")[2]
        assert here.lstrip().partition("=")[0].strip().rpartition(" ")[2] in {name, "value", "default"}, row
        assert here.partition("=")[2].lstrip().startswith(row.value), row


@pytest.mark.parametrize("directory", STACKS, ids=lambda path: path.name)
def test_the_lines_are_those_at_which_the_evaluation_finds_the_arguments(directory):
    rows = {(row.address, row.argument): row for row in written(directory)}
    found = terraform.load(directory)
    compared = 0
    for resource in found.resources:
        address = without_index(resource.address)
        for argument, location in resource.locations.items():
            row = rows.get((address, argument))
            if row is not None:
                assert (row.file, row.line) == (location.file, location.line), (address, argument)
                compared += 1
    assert compared > 30


def test_a_value_is_the_text_between_its_equals_sign_and_its_end(tmp_path):
    text = """locals { a = 1 }
resource "aws_x" "y" {
  one   = { # what it is
    a = 1,
    b = [2,
         3]
  } # done
  two = "a ${var.b} c" // said
  /* before */ three = <<-EOT
    some
    text
  EOT

  inner {
    four = 1 + (2 * 3)
  }
  dynamic "other" {
    for_each = var.b
    content { five = other.value }
  }
  six = f(1)
}
"""
    rows = stack(tmp_path, main_tf=text)
    assert {argument: row.value for (address, argument), row in rows.items() if address == "aws_x.y"} == {
        "one": "{ # what it is\n    a = 1,\n    b = [2,\n         3]\n  }",
        "two": '"a ${var.b} c"',
        "three": "<<-EOT\n    some\n    text\n  EOT",
        "inner.four": "1 + (2 * 3)",
        "other.for_each": "var.b",
        "other.five": "other.value",
        "six": "f(1)",
    }
    assert rows["local.a", "value"] == Written("local.a", "value", "1", "main.tf", 1, (), literal=True)
    assert [rows["aws_x.y", name].literal for name in ("one", "two", "inner.four", "six")] == [True, False, True, True]


def test_what_a_block_rests_on_leads_through_calls_locals_and_files_of_values_to_where_a_number_starts(tmp_path):
    rows = stack(
        tmp_path,
        main_tf='module "m" {\n  source = "./m"\n  size = var.size * local.twice\n}\nvariable "size" {\n  type = number\n'
        '  default = 1\n}\nvariable "unused" { default = 9 }\nlocals { twice = 2 }\n',
        terraform_tfvars="size = 3\n",
        m__main_tf='variable "size" { default = 5 }\nvariable "left" { default = 7 }\n'
        'resource "aws_x" "y" {\n  a = var.size\n  b = var.left\n}\n',
    )
    found = read_by(tuple(rows.values()), ["module.m.aws_x.y"])
    assert [(row.address, row.argument, row.value) for row in found if row.literal] == [
        ("local.twice", "value", "2"),
        ("var.size", "value", "3"),
        ("module.m.var.left", "default", "7"),
    ]
    assert ("module.m", "size") in {(row.address, row.argument) for row in found}


@pytest.mark.parametrize("index", ["[0]", "[*]", "[var.which]", ".*"])
def test_an_index_on_the_way_is_passed_and_what_it_names_is_read_too(tmp_path, index):
    rows = stack(
        tmp_path,
        main_tf=f'module "m" {{\n  count = 2\n  source = "./m"\n}}\nvariable "which" {{ default = 1 }}\n'
        f'resource "aws_x" "y" {{ a = module.m{index}.size }}\n',
        m__main_tf='output "size" { value = local.five }\nlocals { five = 5 }\n',
    )
    found = {row.address for row in read_by(tuple(rows.values()), ["aws_x.y"])}
    assert {"module.m.output.size", "module.m.local.five"} <= found
    assert ("var.which" in found) == ("which" in index)


def test_a_module_that_is_called_twice_is_there_under_both_addresses_and_one_that_calls_itself_ends(tmp_path):
    call = 'module "a" { source = "./m" }\nmodule "b" { source = "./m" }\n'
    rows = stack(tmp_path, main_tf=call, m__main_tf='resource "aws_x" "y" { n = 1 }\n')
    assert {("module.a.aws_x.y", "n"), ("module.b.aws_x.y", "n")} <= rows.keys()
    (tmp_path / "m" / "main.tf").write_text('module "m" { source = "../m" }\n')
    assert len(written(tmp_path)) < 100


def test_a_file_that_is_no_terraform_is_refused_with_its_line(tmp_path):
    (tmp_path / "main.tf").write_text('resource "a" "b" {\n  c = = 1\n}\n')
    with pytest.raises(InputError, match=r"main\.tf:2"):
        written(tmp_path)
