"""The same checkout gives the same site, byte for byte: in another folder, zone, locale, home and year, on another processor."""

import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rotation
import session_cost
from numpy._core import _multiarray_umath as numpy_core

from analysis.site import build

pytestmark = pytest.mark.slow

HEAD = "---\ntitle: T\ndescription: d\norder: 1\nowner: Platform team\nlast_reviewed: 2026-01-01\nreview_in: 1 month\n---\n"
STACK = "buzzer_baseline"
PAGE = f"""# A stack

It costs {{{{ claim("month") }}}} and serves {{{{ claim("users") }}}} users.

{{{{ cost_totals("{STACK}") }}}}

{{{{ cost_lines("{STACK}") }}}}

{{{{ inventory("{STACK}") }}}}

{{{{ diagram("{STACK}") }}}}

{{{{ stations("{STACK}") }}}}

{{{{ freshness("{STACK}") }}}}

{{{{ proof_findings("{STACK}") }}}}
"""
PAGES = {
    "index.md": PAGE,
    "planted/index.md": "# Planted\n",
    "reference/index.md": "# Reference\n",
    "reference/how-computed.md": "# How\n\n{{ claim_table() }}\n",
    "reference/prices.md": "# Prices\n\n{{ price_table() }}\n",
    "buzzer/index.md": "# Buzzer\n",
    "buzzer/root-cause-analysis.md": "# Why\n",  # the stack says that its resources are explained there
}
CLAIMS = f"""
[month]
says = "A month."
stack = "{STACK}"
measure = "cost.month"
band = [1, 1_000]

[users]
says = "Users at which it saturates."
stack = "{STACK}"
measure = "capacity.users_held"
band = [1, 100_000]
"""
PLANTED = """
import datetime, numba, os, time
from numpy._core import _multiarray_umath as numpy_core

def on_page_content(html, page, config, files):
    if page.file.src_uri == "planted/index.md":
        return html + "<p>" + str((%s)) + "</p>"
"""
"""A hook that puts onto one page what no page may rest on, so that the comparison is seen to see it."""

WORDS = ('hash("x")', "os.getcwd()", 'os.environ["HOME"]', "time.timezone")
YEAR = "datetime.date.today().year"
PROCESSOR = ("numba.config.CPU_NAME", "sum(map(numpy_core.__cpu_features__.get, numpy_core.__cpu_dispatch__))")


def project(root, word):
    """A checkout of few pages with the project's own configuration, hooks and theme; one of them shows `word` as well."""
    for name in ("analysis", "requirements.lock"):
        (root / name).symlink_to(build.ROOT / name)
    shutil.copy(build.ROOT / "gameday.toml", root)
    for part in (f"stacks/{STACK}", "scenarios", "modules"):
        shutil.copytree(build.ROOT / "terraform" / part, root / "terraform" / part, ignore=shutil.ignore_patterns(".*"))
    text = (build.ROOT / "mkdocs.yml").read_text().replace("hooks: [", "hooks: [planted.py, ")
    (root / "mkdocs.yml").write_text(text)
    (root / "planted.py").write_text(PLANTED % word)
    for page, text in PAGES.items():
        (root / "docs" / page).parent.mkdir(parents=True, exist_ok=True)
        (root / "docs" / page).write_text(HEAD + text)
    (root / "docs/reference/glossary.toml").write_text('[ADR]\nmeaning = "m"\nexpansion = "Decision record"\n')
    (root / "docs/claims.toml").write_text(CLAIMS)
    for name in ("notebooks", "diagrams"):
        (root / name).mkdir()
    return root


def elsewhere(home):
    """A user's surroundings that are not this session's: everything that a site may not rest on."""
    return {
        "HOME": str(home),
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "LANG": "tr_TR.UTF-8",
        "PYTHONHASHSEED": "7",
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NPY_DISABLE_CPU_FEATURES": " ".join(numpy_core.__cpu_dispatch__),
    }


def moved():
    """The words before a command that move its clock ten months on; none where there is no faketime."""
    found = shutil.which("faketime")
    return [found, "-f", "+300d"] if found else []


def built_site(root, surroundings, *before, umask=0o077):
    """The site that `gameday site` builds in a checkout, in a process of its own."""
    ours = (
        "SOURCE_DATE_EPOCH",
        "XDG_",
        "LD_PRELOAD",
        "FAKETIME",
    )  # the last two: where this session's own clock was moved
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [*before, sys.executable, "-m", "analysis", "site"], cwd=root, capture_output=True, text=True, check=False,
        env={**kept, "PYTHONPATH": str(root), **surroundings}, umask=umask,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return root / "site"


def differing(first, again):
    """The files that are not the same, byte for byte, in two folders, or are in one alone."""
    here, there = (
        {path.relative_to(top).as_posix(): path.read_bytes() for path in Path(top).rglob("*") if path.is_file()}
        for top in (first, again)
    )
    assert here
    return sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two checkouts of the same project, built here and elsewhere."""
    word = ", ".join([*PROCESSOR, *WORDS, *([YEAR] if moved() else [])])
    here, there = (project(tmp_path_factory.mktemp(name), word) for name in ("here", "an other place"))
    surroundings = elsewhere(tmp_path_factory.mktemp("home"))
    return built_site(here, {}, umask=0o022), built_site(there, surroundings, *moved())


def test_no_file_rests_on_where_and_when_and_by_whom_it_is_built(two):
    """Save for the page into which that is planted, and the search that knows its words."""
    assert differing(*two) == ["planted/index.html", "search/search_index.js", "search/search_index.json"]


def test_each_surrounding_reaches_the_build(two):
    shown = [(built / "planted/index.html").read_text().rpartition("<p>(")[2].partition(")</p>")[0] for built in two]
    here, there = (text.split(", ") for text in shown)
    assert there[:2] == ["'generic'", "0"]
    assert len(here) == len(there) == len(PROCESSOR + WORDS) + bool(moved())
    assert all(one != other for one, other in zip(here[2:], there[2:], strict=True))
    modes = [(built / "index.html").stat().st_mode & 0o777 for built in two]
    assert modes == [0o644, 0o600]


# --- the whole site, under `--all`

SENTENCE = "This sentence was added to see what an edit costs."


def page(root):
    """A sentence more on a page."""
    _longer(min(root.glob("docs/*/_architecture.md")))


def runbook(root):
    """A sentence more on a runbook."""
    _longer(min(set(root.glob("docs/*/runbooks/*.md")) - set(root.glob("docs/*/runbooks/index.md"))))


def _longer(path):
    path.write_text(f"{path.read_text()}\n{SENTENCE}\n")


def text(root):
    """Another text in the variables of a stack."""
    path = min(root.glob("terraform/stacks/*/terraform.tfvars"))
    before = path.read_text()
    path.write_text(re.sub(r'(ticket_emails +=.*?")', r"\1edited-", before))
    assert path.read_text() != before


EDITS = (page, runbook, text)


def cpu_s():
    """Processor time of the processes that this one has waited for, and of those that they have waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def built_in_steps(root, home):
    """The site of a checkout built from nothing, again, and after each edit; what each build cost in seconds of a processor."""
    costs = {}
    for name, edit in {"cold": None, "unchanged": None, **{edit.__name__: edit for edit in EDITS}}.items():
        if edit is not None:
            edit(root)
        before = cpu_s()
        built = built_site(root, {"HOME": str(home)}, umask=0o022)
        costs[name] = cpu_s() - before
    return built, costs


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The site of the last commit built in steps here, and from nothing elsewhere with all edits made at once."""
    if not rotation.everything():
        pytest.skip("its turn is `make test-all`: the whole site is built twice from nothing")
    here, there = (tmp_path_factory.mktemp(name) / "checkout" for name in ("here", "an other place"))
    for checkout in (here, there):
        subprocess.run(["git", "clone", "--quiet", str(build.ROOT), str(checkout)], check=True)
    for edit in EDITS:
        edit(there)
    built, costs = built_in_steps(here, tmp_path_factory.mktemp("first-home"))
    stacks = len(list(here.glob("terraform/stacks/*/gameday.toml")))
    for name, cost_s in costs.items():
        session_cost.keep(session_cost.KEPT.with_name(f"site-{name}.json"), cost_s, stacks)
    return built, built_site(there, elsewhere(tmp_path_factory.mktemp("home")), *moved())


def test_the_whole_site_is_the_same_elsewhere_and_whether_edits_came_one_by_one(whole):
    assert differing(*whole) == []
    pages = sum(SENTENCE in path.read_text() for path in whole[0].rglob("*.html"))
    assert pages == 2
    assert any("edited-" in path.read_text() for path in whole[0].rglob("*.html"))
