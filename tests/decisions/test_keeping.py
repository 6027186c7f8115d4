"""What was computed for a record is kept as long as nothing that it rests on changes."""

import datetime as dt
import math
from decimal import Decimal

import pytest
from decision_makers import ROOT, record

from analysis.decisions import Bench, Edge, Kept, no_claims
from analysis.decisions.judging import compute
from analysis.decisions.keeping import RESTS_ON, Computed
from analysis.decisions.weighing import Crossing, Effect, Weighed
from analysis.studies import Measured, Studies

MATTER = {
    "measures": [{"measure": "cost.month"}],
    "options": [{"name": "A", "chosen": True}, {"name": "B", "not_modelled": "no."}],
    "reopen_when": "month > 1",
    "break_even": [{"input": {"variable": "x"}, "range": [1, 2], "when": "month > 1"}],
}


def made(subject):
    dear = Measured(Decimal("769.7800000000000001"), "USD", "sum")
    return Computed(
        turned=True,
        effects=(
            Effect("month", "A month", dear, "cannot be had"),
            Effect("lead", "Lead", Measured(-math.inf, "s", "f"), Measured(None, "user", "f")),
            Effect("x", "X", Measured(3, "", "f"), Measured("service", "", "f")),
        ),
        readings={"month": dear},
        crossings=(Crossing(subject.break_even[0], "USD", None, 0.1 + 0.2, True, 7, False),),
        options=(Weighed(subject.options[0], (dear,), ("refused.",)), Weighed(subject.options[1], "Not modelled: no.")),
    )


def never():
    raise AssertionError("it was kept and is computed again")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "terraform" / "stacks" / "shop").mkdir(parents=True)
    (tmp_path / "terraform" / "stacks" / "shop" / "main.tf").write_text("# one\n")
    return tmp_path


def test_what_is_kept_comes_back_to_the_last_digit(root):
    subject = record(**MATTER)
    once = Kept(root / "kept", root).of(subject, lambda: made(subject))
    assert Kept(root / "kept", root).of(subject, never) == once == made(subject)


def test_a_change_of_the_terraform_or_of_the_record_asks_again(root):
    subject = record(**MATTER)
    Kept(root / "kept", root).of(subject, lambda: made(subject))
    with pytest.raises(AssertionError):
        Kept(root / "kept", root).of(record(**{**MATTER, "reopen_when": "month > 2"}), never)
    (root / "terraform" / "stacks" / "shop" / "main.tf").write_text("# two\n")
    with pytest.raises(AssertionError):
        Kept(root / "kept", root).of(subject, never)
    Kept(root / "kept", root).of(subject, lambda: made(subject))
    assert len(list((root / "kept").iterdir())) == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"turned": 1, "effects": 3}', "null"])
def test_a_kept_file_that_is_broken_is_computed_anew(root, text):
    subject = record(**MATTER)
    kept = Kept(root / "kept", root)
    kept.of(subject, lambda: made(subject))
    next((root / "kept").iterdir()).write_text(text)
    assert kept.of(subject, lambda: made(subject)) == made(subject)


def test_a_judgement_is_the_same_whether_kept_or_computed(tmp_path):
    studies = Studies(ROOT / "terraform" / "stacks")
    subject = record(
        undo={"without": ["module.cache.*"]},
        reopen_when="month > 900",
        measures=[{"measure": "cost.month"}],
        options=[{"name": "A", "chosen": True}],
    )
    edge, kept = Edge(ROOT, dt.date(2026, 11, 21), no_claims), Kept(tmp_path, ROOT)
    first, again = (Bench(studies, edge, keep=kept).judge(subject) for _ in range(2))
    assert first.state == again.state == "holds"
    for one, other in zip(first.effects, again.effects, strict=True):
        assert one.with_it == other.with_it or one.with_it.value == other.with_it.value
    assert compute(Bench(studies, edge).checker(subject).world, subject).turned is False


def test_the_hash_covers_every_module_that_a_figure_may_come_from():
    import ast

    package = ROOT / "analysis"
    waiting = [package / "decisions" / "weighing.py"]
    seen = {package / "decisions" / "__init__.py"}  # which also offers the checks; no figure comes from them
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("analysis"):
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names if alias.name.startswith("analysis")]
            for name in names:
                base = package.joinpath(*name.split(".")[1:])
                waiting += [one for one in (base.with_suffix(".py"), base / "__init__.py") if one.is_file()]
    covered = {(package / name).resolve() for name in RESTS_ON}
    loose = {p for p in seen if p != package / "__init__.py" and not covered & {p, *p.parents}}
    assert len(seen) > 50
    assert loose == set()
