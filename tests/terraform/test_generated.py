"""Generated expressions and configurations are worth here what Terraform says: all but a few in a thousand.

What Terraform said of the small samples is recorded; `make test-all` asks it about large ones.
"""

import os

import answers
import generated
import judge
import pytest
import rotation

from analysis.evidence import digest
from analysis.validation import terraform_cli

EXPRESSIONS, MANY_EXPRESSIONS = 400, 6_000
CONFIGURATIONS, MANY_CONFIGURATIONS = 60, 300
SEED, LARGE_SEED = 20_261_129, int(os.environ.get("GAMEDAY_SEED", "17"))

MOST_EXPRESSIONS = 0.005
"""The share of the expressions that Terraform can evaluate whose value may differ here."""

MOST_CONFIGURATIONS = 0.02
"""The share of the configurations of which something may differ here: a resource, an output, or whether they are accepted."""


def asked(name, questions, ask):
    """What Terraform said, recorded under the name; a skip where it neither did nor is at hand."""
    found = terraform_cli.find()
    rests_on = digest([questions, found.version if found else "1.11.4"])
    recorded = answers.read(answers.FOLDER / f"{name}.json.xz")
    if found is None and (recorded is None or recorded["rests_on"] != rests_on):
        pytest.skip("the Terraform binary is not found")
    return answers.of(name, rests_on, ask)


def of_expressions(expressions, theirs):
    """The share of those that Terraform can evaluate whose value differs, and each of these."""
    ours = judge.ours(generated.PREAMBLE, expressions)
    evaluable = [
        row for row in zip(expressions, ours, theirs, strict=True) if row[2] not in (judge.ERROR, judge.UNKNOWN)
    ]
    different = [row for row in evaluable if not judge.same(*row[1:])]
    return len(different) / len(evaluable), different, len(evaluable)


def of_configurations(configurations, theirs):
    """The share of the configurations of which something differs, and each of these."""
    rows = [(files, judge.our_plan(files), answer) for files, answer in zip(configurations, theirs, strict=True)]
    different = [row for row in rows if not judge.same(*row[1:])]
    return len(different) / len(rows), different


def said(rows):
    """What differs, for whoever reads the failure."""
    return "\n".join(f"{question}\n  ours   {ours}\n  theirs {theirs}" for question, ours, theirs in rows)


@pytest.mark.terraform
def test_of_a_sample_of_expressions_hardly_one_differs():
    expressions = generated.expressions(SEED, EXPRESSIONS)
    theirs = asked("generated-expressions", expressions, lambda: judge.theirs(generated.PREAMBLE, expressions))
    share, different, evaluable = of_expressions(expressions, theirs)
    print(f"{len(different)} of {evaluable} expressions differ: {100 * share:.2f} %")
    assert evaluable > EXPRESSIONS / 3
    assert share <= MOST_EXPRESSIONS, said(different)


@pytest.mark.terraform
def test_of_a_sample_of_configurations_hardly_one_differs():
    configurations = [generated.configuration(SEED + number) for number in range(CONFIGURATIONS)]
    theirs = asked(
        "generated-configurations", configurations, lambda: [judge.their_plan(files) for files in configurations]
    )
    share, different = of_configurations(configurations, theirs)
    print(f"{len(different)} of {CONFIGURATIONS} configurations differ: {100 * share:.2f} %")
    assert share <= MOST_CONFIGURATIONS, said((files["main.tf"], *rest) for files, *rest in different)


@pytest.mark.terraform
@pytest.mark.slow
def test_of_thousands_of_expressions_hardly_one_differs():
    if not rotation.everything():
        pytest.skip("thousands of expressions: `make test-all`")
    expressions = generated.expressions(LARGE_SEED, MANY_EXPRESSIONS)
    share, different, evaluable = of_expressions(expressions, judge.theirs(generated.PREAMBLE, expressions))
    print(f"seed {LARGE_SEED}: {len(different)} of {evaluable} expressions differ: {100 * share:.2f} %")
    assert share <= MOST_EXPRESSIONS, said(different)


@pytest.mark.terraform
@pytest.mark.slow
def test_of_hundreds_of_configurations_hardly_one_differs():
    if not rotation.everything():
        pytest.skip("hundreds of configurations: `make test-all`")
    configurations = [generated.configuration(LARGE_SEED + number) for number in range(MANY_CONFIGURATIONS)]
    share, different = of_configurations(configurations, [judge.their_plan(files) for files in configurations])
    print(f"seed {LARGE_SEED}: {len(different)} of {MANY_CONFIGURATIONS} configurations differ: {100 * share:.2f} %")
    assert share <= MOST_CONFIGURATIONS, said((files["main.tf"], *rest) for files, *rest in different)


def test_the_same_seed_draws_the_same_and_another_seed_draws_others():
    assert generated.expressions(3, 40) == generated.expressions(3, 40) != generated.expressions(4, 40)
    assert generated.configuration(3) == generated.configuration(3) != generated.configuration(4)


def test_a_difference_is_counted():
    share, different, evaluable = of_expressions(["1 + 1", "[]"], [[2], [[1]]])
    assert (share, evaluable) == (0.5, 2)
    assert different == [("[]", [[]], [[1]])]
    files = {"main.tf": 'resource "terraform_data" "a" {\n  input = 1\n}\n'}
    assert of_configurations([files], [{"resources": {"terraform_data.a": 1}, "outputs": {}}])[0] == 0
    assert of_configurations([files], [judge.ERROR])[0] == 1
