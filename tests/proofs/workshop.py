"""Copies of the good stacks that a test may change, and the verdicts on them."""

import datetime as dt
import shutil
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from analysis import facts, proofs, terraform

HERE = Path(__file__).parent
TERRAFORM = HERE.parents[1] / "terraform"
TODAY = dt.date(2026, 11, 21)
NIGHT = TERRAFORM / "scenarios" / "buzzer_target.toml"


class Workshop:
    """A copy of the stacks, one file of which may be changed at a time."""

    def __init__(self, root):
        self.root = root
        for name in ("modules", "scenarios"):
            shutil.copytree(TERRAFORM / name, root / name)
        for name in ("buzzer", "buzzer_baseline"):
            shutil.copytree(TERRAFORM / "stacks" / name, root / "stacks" / name)
        shutil.copytree(HERE / "good", root / "good")

    @cache  # noqa: B019 (one object for the whole session)
    def night(self, path):
        """A scenario, read once: its peak is a search."""
        return facts.scenario(path)

    def prove(self, stack="stacks/buzzer"):
        """The report on a stack of the copy."""
        directory = self.root / stack
        known = (directory / "gameday.toml").is_file()
        about = facts.stack(directory) if known else None
        return proofs.prove(
            terraform.load(directory),
            scenario=self.night(about.scenario.resolve() if about else NIGHT),
            stack=about,
            profile=None if about else facts.runtime("node_express"),
            waivers=proofs.waivers(directory, proofs.RULES.keys()),
            today=TODAY,
        )

    @contextmanager
    def changed(self, file, old, new):
        """The copy with the first `old` in `file` made `new`; the file is put back."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}: the fault cannot be planted"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")
