"""An unchanged page is taken from the last build, and whatever is edited, the site is the one that a cold build gives."""

import shutil

import pytest

from analysis.site import build, kept

HEAD = "---\ntitle: {}\ndescription: d\norder: {}\nowner: Team\nlast_reviewed: 2026-01-01\nreview_in: 9 months\n---\n"
PAGES = {
    name: HEAD.format(title, order) + f"# {title}\n\n{text}\n"
    for name, title, order, text in (
        ("index.md", "Home", 1, "An ADR. [One](a/one.md#first)"),
        ("a/index.md", "A", 1, '{{ contents("a") }}'),
        ("a/one.md", "One", 1, "## First\n\nText."),
        ("a/cost.md", "Cost", 2, '{{ cost_totals("buzzer_baseline") }}'),
        ("a/same.md", "Same", 3, '{{ cost_totals("buzzer_baseline") }}'),
        ("a/assumed.md", "Assumed", 4, "{{ assumption_tables() }}"),
        ("a/applied.md", "Applied", 5, '{{ applied_steps("buzzer_baseline") }}'),
        ("a/claimed.md", "Claimed", 6, "It costs {{ claim('month') }}."),
        ("reference/index.md", "How", 1, "How."),
        ("reference/how-computed.md", "Claims", 1, "{{ claim_table() }}"),
    )
}
CLAIMS = '[month]\nsays = "A month."\nstack = "buzzer_baseline"\nmeasure = "cost.month"\nband = [1, {}]\n'


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout of a few pages and one stack, with the project's own configuration, hooks and theme; and its builds so far."""
    root = tmp_path_factory.mktemp("checkout")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAMEDAY_TODAY", "2026-03-01")
        shutil.copytree(build.ROOT / "analysis/theme", root / "analysis/theme")
        (root / "analysis/site").mkdir()
        for name in ("analysis/site/hooks.py", "analysis/site/keeping.py", "requirements.lock"):
            (root / name).symlink_to(build.ROOT / name)
        shutil.copy(build.ROOT / "mkdocs.yml", root)
        for name, text in PAGES.items():
            (root / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "docs" / name).write_text(text)
        (root / "docs/reference/glossary.toml").write_text('[ADR]\nmeaning = "m"\nexpansion = "Decision record"\n')
        (root / "docs/claims.toml").write_text(CLAIMS.format(99_999))
        for name in ("stacks/buzzer_baseline", "scenarios"):
            shutil.copytree(build.ROOT / "terraform" / name, root / "terraform" / name)
        for name in ("notebooks", "diagrams"):
            (root / name).mkdir()
        yield root, [built(root)[0]]


def built(root, name="site"):
    """The files of a build, and which pages were made rather than taken from the last one."""
    made = []
    with pytest.MonkeyPatch.context() as patch:
        keep = kept.Pages.keep
        patch.setattr(kept.Pages, "keep", lambda pages, uri, entry: (made.append(uri), keep(pages, uri, entry)))
        build.render(root / "out" / name, root=root)
    files = {
        path.relative_to(root / "out" / name): path.read_bytes()
        for path in (root / "out" / name).rglob("*")
        if path.is_file()
    }
    return files, {uri for uri in made if "/source/" not in uri}


def cold(root):
    shutil.rmtree(root / ".cache", ignore_errors=True)
    return built(root, "cold")


def replaced(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


STACK = "terraform/stacks/buzzer_baseline"
EVERY = set(PAGES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "anew"),
    [
        ("docs/a/one.md", "Text.", "Other text.", {"a/one.md"}),
        ("docs/a/one.md", "## First", "## Last {#first}", {"a/one.md"}),
        ("docs/a/one.md", "description: d", "description: e", {"a/one.md", "a/index.md"}),
        ("docs/a/one.md", "# One\n", "# One\n\n{{ claim('month') }}\n", {"a/one.md", "reference/how-computed.md"}),
        ("docs/a/one.md", "title: One", "title: Won", EVERY),
        ("docs/a/one.md", "order: 1", "order: 9", EVERY),
        (f"{STACK}/main.tf", "allocated_storage       = 20", "allocated_storage       = 30", EVERY),
        (f"{STACK}/applied.record.json", "passed", "failed", EVERY),
        ("terraform/scenarios/buzzer_final.toml", 'title = "', 'title = "A ', EVERY),
        ("docs/claims.toml", "A month.", "One month.", EVERY),
        ("docs/reference/glossary.toml", "Decision record", "Record", EVERY),
        ("analysis/theme/partials/copyright.html", "How it is computed", "How", EVERY),
        ("mkdocs.yml", "site_name: Gameday", "site_name: Another", EVERY),
    ],
)
def test_after_an_edit_the_site_is_that_of_a_cold_build_and_only_what_rests_on_it_is_made_anew(
    checkout, file, old, new, anew
):
    root, builds = checkout
    replaced(root / file, old, new)
    after, made = built(root)
    assert made == anew
    again, rest = built(root)
    assert (again, rest) == (after, set())
    afresh, every = cold(root)
    assert every >= EVERY
    assert {name for name in after if after[name] != afresh.get(name)} == set()
    assert after.keys() == afresh.keys()
    assert builds[-1] != after
    builds.append(afresh)
