"""Heredocs as Terraform renders them; the wanted texts are what `terraform console` printed for the same source."""

import pytest

from analysis.architecture import Unknown
from analysis.terraform.evaluate import Budget, EvaluationError, Scope, value_of
from analysis.terraform.functions import Context
from analysis.terraform.syntax import parse, parse_template


def rendered(node, tmp_path, **names):
    def no_names(name, at):
        raise EvaluationError(f"no {name} here", at)

    return value_of(node, Scope(Budget(), names, no_names, Context(base=tmp_path)))


def argument(text):
    body, problems = parse(text, "m.tf")
    assert not problems
    return body.arguments[0].expression


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (
            (
                "h = <<-EOT\n      one $$${q} $${z} $$x\n       %{ if true ~}\n       two\n         ${~ 2 ~}\n      three\n"
                "      %{ endif ~}\n    EOT\n"
            ),
            "      one $${q} ${z} $$x\n              two\n2      three\n      ",
        ),
        ('h = <<EOT\n${"x" ~}\nEOT\n', "x"),
        ('h = <<-EOT\n\t${"x"}y\n\t  z\n\tEOT\n', "xy\n  z\n"),
        ('h = "x ${~ 1 ~} y"\n', "x1y"),
        ('h = "a $$${q} b $$$x"\n', "a $${q} b $$$x"),
    ],
)
def test_a_template_reads_as_terraform_prints_it(source, wanted, tmp_path):
    assert rendered(argument(source), tmp_path) == wanted


def test_a_template_file_reads_as_terraform_prints_it(tmp_path):
    text = 'x %{ for a in [1,2] ~}\n    line ${a}\n    %{~ endfor }\nend $$${"q"} $${z} $$x %%{y} \\n\n\n   ${~ 1}\n'
    node, problems = parse_template(text, "t.tpl")
    assert not problems
    assert rendered(node, tmp_path) == 'x     line 1\n    line 2\n\nend $${"q"} ${z} $$x %{y} \\n\n\n1\n'


def test_a_template_of_one_interpolation_yields_the_value_itself(tmp_path):
    assert rendered(argument('a = "${[1, 2]}"\n'), tmp_path) == (1, 2)
    assert rendered(argument('a = "${1}"\n'), tmp_path) == 1
    assert rendered(argument('a = "${x}"\n'), tmp_path, x=Unknown("aws_vpc.main.id")) == Unknown("aws_vpc.main.id")
