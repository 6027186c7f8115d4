"""A variant is billed by its own values, its crowd or the file of an environment, and what cannot be billed says which it is."""

from pathlib import Path

import pytest

from analysis import studies
from analysis.pages.variants import variants

ROOT = Path(__file__).parents[2]
STACK = ROOT / "terraform" / "stacks" / "scoreboard"


def written(tmp_path, *lines):
    file = tmp_path / "variants.toml"
    file.write_text("\n".join(['stack = "scoreboard"', *("[[variant]]\n" + line for line in lines)]))
    return file


def test_a_variant_costs_what_its_study_costs(tmp_path):
    file = written(
        tmp_path,
        'group = "a"\nname = "as it is"',
        'group = "a"\nname = "four nodes"\nvariables = { cache = { nodes = 4 } }',
        'group = "b"\nname = "more updates"\nassumed = { "publisher.updates_per_minute" = 600 }',
    )
    plain, nodes, updates = variants(ROOT, file)
    assert plain.month == studies.study(STACK).bill.total.usd
    assert float(nodes.idle - plain.idle) == pytest.approx(730 * 0.219, rel=0.05)  # a cache.r7g.large more
    assert updates.idle == plain.idle
    assert updates.event > 2 * plain.event


def test_an_environment_is_billed_by_its_file(tmp_path):
    (dev,) = variants(ROOT, written(tmp_path, 'group = "a"\nname = "dev"\nfile = "environments/dev.tfvars"\nusers = 0'))
    assert dev.idle < studies.study(STACK).idle_bill.total.usd / 2
    assert dev.event < 1


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ('group = "a"\nname = "odd"\nclass = "x"', "variants.toml: odd: there is no 'class'"),
        ('group = "a"\nname = "gone"\nwithout = ["aws_sqs_queue.none"]', "variants.toml: gone: "),
    ],
)
def test_a_variant_that_cannot_be_billed_is_refused_by_its_name(tmp_path, lines, wanted):
    with pytest.raises(ValueError, match=wanted):
        variants(ROOT, written(tmp_path, lines))


def test_the_scoreboards_variants_are_those_that_were_asked_for():
    found = variants(ROOT, ROOT / "docs" / "scoreboard" / "variants.toml")
    by_name = {one.name: one for one in found}
    assert len(found) == 17
    streams = [
        by_name[f"{count} streams, {rate}"]
        for count in ("10,000", "30,000", "100,000")
        for rate in ("1 update a second", "10 updates a second")
    ]
    assert all(one.event < other.event for one, other in zip(streams[::2], streams[1::2], strict=True))
    tasks = [by_name[f"{count} all the time"].idle for count in (2, 4, 10)]
    assert tasks == sorted(tasks)
    assert by_name["Development"].idle < by_name["Staging"].idle < by_name["Production"].idle
