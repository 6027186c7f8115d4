"""A module's README says what the module is, or another team would be misled by it."""

import re

import pytest
from module_readmes import BEGIN, MODULES, generated, module_directories, readme, stale

from analysis import files

MODULE = """
terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

variable "name" {
  description = "Name of the queue; `a|b` is no name."
  type        = string
}

variable "limits" {
  description = "What it takes."
  type = object({
    messages = optional(number, 10)
  })
  default = {}

  validation {
    condition     = var.limits.messages < 100
    error_message = "No."
  }
}

resource "aws_sqs_queue" "this" {
  name = var.name
}

output "arn" {
  description = "The queue."
  value       = aws_sqs_queue.this.arn
}
"""


@pytest.fixture
def module(tmp_path):
    directory = tmp_path / "queue"
    directory.mkdir()
    (directory / "main.tf").write_text(MODULE)
    (directory / "README.md").write_text("# queue\n\nA queue.\n")
    files.write(directory / "README.md", readme(directory))
    return directory


def test_every_module_has_a_readme_that_is_true():
    assert len(module_directories()) >= 21
    assert not stale(), "\n".join(stale())


def test_inputs_have_type_default_and_whether_they_are_required(module):
    text = (module / "README.md").read_text()
    assert text.startswith(f"# queue\n\nA queue.\n\n{BEGIN}\n## Requirements")
    assert "[aws](#requirement\\_aws) | &gt;= 5.100, &lt; 7 |" in text
    assert "[name](#input\\_name) | Name of the queue; `a\\|b` is no name. | `string` | n/a | yes |" in text
    assert "| What it takes. | <pre>object({<br/>  messages = optional(number, 10)<br/>})</pre> | `{}` | no |" in text
    assert (
        "[aws_sqs_queue.this](https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sqs_queue) | resource |"
        in text
    )
    assert "[arn](#output\\_arn) | The queue. |" in text
    assert "No modules." in text


@pytest.mark.parametrize("directory", [path for path in MODULES.iterdir() if path.is_dir()], ids=lambda path: path.name)
def test_a_module_has_an_example_that_its_readme_names_and_its_tests_plan(directory):
    examples = {path.parent.relative_to(directory).as_posix() for path in directory.glob("examples/*/main.tf")}
    planned = set(
        re.findall(r'source = "\./(examples/[^"]+)"', "".join(map(files.read_text, directory.glob("tests/*"))))
    )
    named = set(re.findall(r"\]\((examples/[^)]+)/main\.tf\)", files.read_text(directory / "README.md")))
    assert examples == planned == named
    assert examples


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("optional(number, 10)", "optional(number, 20)", "it is not what the module is"),
        ('output "arn"', 'output "queue_arn"', "it is not what the module is"),
        ('description = "The queue."', "", "output arn: it has no description"),
        ("output", "output {", "main.tf:"),
    ],
)
def test_a_module_that_moves_on_leaves_its_readme_stale(module, before, after, complaint):
    assert not stale(module.parent)
    (module / "main.tf").write_text(MODULE.replace(before, after))
    (fault,) = stale(module.parent)
    assert complaint in fault


def test_a_module_without_a_readme_is_named(module):
    (module / "README.md").unlink()
    (fault,) = stale(module.parent)
    assert "write a title" in fault


def test_examples_and_tests_are_no_modules(module):
    for folder in ("examples/basic", "tests/setup"):
        (module / folder).mkdir(parents=True)
        (module / folder / "main.tf").write_text('module "queue" {\n  source = "../.."\n}\n')
    assert module_directories(module.parent) == [module]
    assert "No outputs." not in generated(module)
