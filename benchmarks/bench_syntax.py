"""Parsing, in ratios measured in one run: against python-hcl2's own raw tree, and warm from the cache against cold."""

import time

import hcl2
import pytest

from analysis.terraform import cache, syntax

BLOCK = """
# Instance {i} of a block such as modules on the registry hold.
resource "aws_security_group_rule" "this_{i}" {{
  count = var.create && length(var.rules) > {i} ? length(var.rules) : 0

  security_group_id = aws_security_group.this[0].id
  type              = "ingress"
  from_port         = lookup(var.rules[count.index], "from_port", 80)
  cidr_blocks       = [for cidr in var.cidr_blocks : cidr if cidr != null]
  description       = "Rule ${{count.index}} of ${{var.name}}"
  tags              = merge(var.tags, {{ Name = format("%s-%d", var.name, count.index), Tier = "web" }})

  dynamic "setting" {{
    for_each = {{ for key, value in var.settings : key => value }}
    content {{
      name  = setting.key
      value = setting.value
    }}
  }}

  depends_on = [aws_iam_role.this, aws_iam_role_policy_attachment.this]
}}
"""
FILES = 6
BLOCKS = 40


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("corpus")
    paths = [directory / f"main_{number}.tf" for number in range(FILES)]
    for number, path in enumerate(paths):
        path.write_text("".join(BLOCK.format(i=number * BLOCKS + i) for i in range(BLOCKS)))
    return paths


def seconds(work, rounds=5):
    """Seconds of processor time, the least of several runs: what else the machine does only ever adds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        kept = work()
        best = min(best, time.process_time() - started)
        del kept
    return best


def parse_all(files, directory):
    results = [cache.parsed(path, path.name, directory) for path in files]
    assert not any(problems for _, problems in results)
    return results


def test_cold_is_no_slower_than_the_librarys_raw_tree(files):
    texts = [path.read_text() for path in files]
    hcl2.parses_to_tree("a = 1\n")  # both parsers are built before anything is measured
    syntax.parse("a = 1\n", "m.tf")
    theirs = seconds(lambda: [hcl2.parses_to_tree(text) for text in texts], rounds=3)
    ours = seconds(lambda: [syntax.parse(text, "m.tf") for text in texts], rounds=3)
    lines = sum(text.count("\n") for text in texts)
    print(f"\n{lines} lines: ours {ours:.3f} s, python-hcl2's raw tree {theirs:.3f} s, ratio {ours / theirs:.2f}")
    assert ours <= 1.2 * theirs


def test_warm_is_twenty_times_faster_than_cold(files, tmp_path):
    syntax.parse("a = 1\n", "m.tf")
    directories = iter(range(100))
    cold = seconds(lambda: parse_all(files, tmp_path / str(next(directories))), rounds=3)
    parse_all(files, tmp_path / "warm")
    warm = seconds(lambda: parse_all(files, tmp_path / "warm"), rounds=15)
    print(f"\ncold {cold:.3f} s, warm {warm:.4f} s, ratio {cold / warm:.0f}")
    assert cold >= 20 * warm
