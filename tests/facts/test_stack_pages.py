"""The pages that a stack's gameday.toml names exist, and each pattern finds a resource."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from analysis import terraform
from analysis.facts import stack
from analysis.pages import systems

ROOT = Path(__file__).parents[2]
STACKS = sorted(path.parent for path in (ROOT / "terraform" / "stacks").glob("*/gameday.toml"))


def dead(about, addresses):
    """Pages that do not exist, and patterns that no address matches."""
    docs = ROOT / "docs"
    missing = {
        page
        for page in about.pages.values()
        if not (docs / page).is_file() and page not in systems.made(docs, page.partition("/")[0])
    }
    idle = {glob for glob in about.pages if not any(fnmatchcase(a, glob.replace("[", "[[]")) for a in addresses)}
    return missing | idle


@pytest.mark.parametrize("directory", STACKS, ids=lambda path: path.name)
def test_every_page_exists_and_every_pattern_finds_a_resource(directory):
    addresses = [resource.address for resource in terraform.load(directory).resources]
    assert stack(directory).pages
    assert dead(stack(directory), addresses) == set()


def test_a_page_that_is_gone_and_a_pattern_that_finds_nothing_are_noticed():
    assert dead(stack(STACKS[0]), []) == set(stack(STACKS[0]).pages)
