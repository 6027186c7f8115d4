"""The built site: complete, sound, and not built again when nothing has changed."""

import posixpath
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from analysis.pages import frontmatter, links
from analysis.site import build

pytestmark = pytest.mark.slow

HEAD = "---\ntitle: T\ndescription: d\norder: 1\nowner: Platform team\nlast_reviewed: 2026-01-01\nreview_in: 1 month\n---\n"


@pytest.fixture(scope="session")
def built():
    return build.build()


@dataclass(frozen=True)
class Read:
    """What the tests ask of a page; the trees of all pages at once would be a gigabyte."""

    headings: int
    description: str
    sidebar: int
    before: str | None
    after: str | None
    text: str


SIDEBAR = 25
"""Links that a reader sees at once."""

SECTION = ".md-sidebar--primary .md-nav--primary > ul > li.md-nav__item--active > nav a.md-nav__link"
LISTING = re.compile(r"<pre\b.*?</pre>", re.DOTALL)


def read(name, html):
    """A page; of one that shows a file, what is around the file."""
    page = BeautifulSoup(LISTING.sub("", html) if "/source/" in name else html, "html.parser")

    def leads(way):
        link = page.select_one(f"a.md-footer__link--{way}")
        return link and posixpath.normpath(posixpath.join(posixpath.dirname(name), link["href"]))

    described, article = page.select_one("meta[name=description]"), page.select_one("article")
    found = Read(
        headings=len(page.select("h1")),
        description=described["content"].strip() if described else "",
        sidebar=sum(link.find_parent(class_="md-nav--secondary") is None for link in page.select(SECTION)),
        before=leads("prev"),
        after=leads("next"),
        text=article.get_text() if article else "",
    )
    page.decompose()
    return found


@pytest.fixture(scope="session")
def pages(built, once):
    """The pages by name: reading them takes longest, so it is done once."""

    def found():
        paths = {path.relative_to(built).as_posix(): path for path in sorted(built.rglob("*.html"))}
        return {name: asdict(read(name, path.read_text())) for name, path in paths.items()}

    return {name: Read(**page) for name, page in once("pages-of-the-site", found).items()}


def test_no_link_is_broken_and_nothing_is_loaded_from_outside(built):
    assert not links.problems(built)


def test_every_page_describes_itself_and_has_one_first_heading(pages):
    assert not [
        name for name, page in pages.items() if name != "404.html" and (page.headings != 1 or not page.description)
    ]


def test_the_sidebar_of_a_page_is_short(pages):
    counts = {name: page.sidebar for name, page in pages.items()}
    assert max(counts.values()) > 15
    assert not {name: count for name, count in counts.items() if count > SIDEBAR}


def test_previous_and_next_lead_past_the_records_and_from_record_to_record(pages):
    for index in [name for name in pages if name.endswith(("/runbooks/index.html", "/decisions/index.html"))]:
        folder = posixpath.dirname(index)
        records = {name for name in pages if name.startswith(f"{folder}/")} - {index}
        assert pages[index].after not in records, index
        assert pages[index].before not in records, index
        reached = [next(name for name in records if pages[name].before == index)]
        while pages[reached[-1]].after:
            reached.append(pages[reached[-1]].after)
        assert set(reached) == records, index


def test_no_template_or_undefined_value_is_left_on_a_page(pages):
    for name, page in pages.items():
        if "/source/" not in name:
            assert "{{" not in page.text, name
            assert "Undefined" not in page.text, name


def test_a_second_build_finds_nothing_to_do_and_takes_no_time(built):
    started = time.process_time()
    assert build.build() == built
    assert time.process_time() - started < 8


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A checkout of one page with the project's own configuration, hooks and theme."""
    monkeypatch.setenv("GAMEDAY_TODAY", "2026-03-01")
    for name in ("analysis", "requirements.lock"):
        (tmp_path / name).symlink_to(build.ROOT / name)
    shutil.copy(build.ROOT / "mkdocs.yml", tmp_path)
    (tmp_path / "docs/reference").mkdir(parents=True)
    (tmp_path / "docs/reference/glossary.toml").write_text('[ADR]\nmeaning = "m"\nexpansion = "Decision record"\n')
    (tmp_path / "docs/a").mkdir()
    (tmp_path / "docs/index.md").write_text(HEAD + "# Home\n\nAn ADR.\n")
    (tmp_path / "docs/a/index.md").write_text(HEAD + "# A\n")
    (tmp_path / "docs/reference/index.md").write_text(HEAD + "# Reference\n")
    (tmp_path / "docs/reference/how-computed.md").write_text(HEAD + "# How\n")
    for name in ("notebooks", "diagrams", "terraform"):
        (tmp_path / name).mkdir()
    return tmp_path


def built_text(small, page="# Home\n\nAn ADR.\n", head=HEAD):
    (small / "docs/index.md").write_text(head + page)
    target = small / "out"
    build.render(target, root=small)
    return (target / "index.html").read_text()


def test_an_abbreviation_explains_itself_and_an_overdue_page_says_so(small):
    text = built_text(small)
    assert '<abbr title="Decision record">ADR</abbr>' in text
    assert "Review overdue." in text
    assert "1 February 2026" in text


def test_a_page_that_was_reviewed_in_time_does_not_say_so(small):
    assert "Review overdue." not in built_text(small, head=HEAD.replace("1 month", "6 months"))


@pytest.mark.parametrize(
    ("page", "head", "problem"),
    [
        ("# Home\n\n[x](gone.md)\n", HEAD, "gone.md"),
        ("# Home\n\n[x](a/index.md#gone)\n", HEAD, "gone"),
        ('# Home\n\n<a href="a/gone.html">x</a>\n', HEAD, "a/gone.html: does not exist"),
        ('# Home\n\n<img src="https://example.org/x.png" alt="">\n', HEAD, "is loaded from outside"),
        ("# Home\n\n{{ no_such_macro() }}\n", HEAD, "no_such_macro"),
        ('# Home\n\n{{ cited("terraform/gone.tf", 1) }}\n', HEAD, "terraform/gone.tf"),
        ("# Home\n", HEAD.replace("description: d\n", ""), "description"),
        ("# Home\n", HEAD.replace("owner: Platform team\n", ""), "owner"),
    ],
    ids=["link", "anchor", "raw link", "outside", "macro", "citation", "description", "owner"],
)
def test_a_page_that_breaks_its_promise_stops_the_build_with_a_sentence(small, page, head, problem):
    with pytest.raises(build.SiteError, match=problem):
        built_text(small, page, head)


def test_a_claim_that_left_its_band_stops_the_build_and_names_page_and_sentence(small):
    for part in ("stacks/buzzer_baseline", "scenarios"):
        shutil.copytree(build.ROOT / "terraform" / part, small / "terraform" / part, dirs_exist_ok=True)
    claim = '[month]\nsays = "A month."\nstack = "buzzer_baseline"\nmeasure = "cost.month"\nband = [{}]\n'
    page = "# Home\n\nIt costs {{ claim('month') }}.\n"
    (small / "docs/claims.toml").write_text(claim.format("1, 2"))
    with pytest.raises(build.SiteError) as refused:
        built_text(small, page)
    assert str(refused.value).startswith("docs/index.md: the claim month no longer holds: “A month.” is $")
    assert "Traceback" not in str(refused.value)


def test_the_old_site_stays_when_a_build_fails(small):
    built_text(small)
    (small / "site").mkdir()
    (small / "site/index.html").write_text("old")
    (small / "docs/index.md").write_text(HEAD + "# Home\n\n[x](gone.md)\n")
    with pytest.raises(build.SiteError):
        build.build(root=small)
    assert (small / "site/index.html").read_text() == "old"


def test_a_changed_input_or_a_changed_result_is_built_again(small):
    built_text(small)
    build.build(root=small)
    assert build.up_to_date(root=small)
    (small / "docs/a/index.md").write_text(HEAD + "# Another\n")
    assert not build.up_to_date(root=small)
    build.build(root=small)
    assert "Another" in (small / "site/a/index.html").read_text()
    (small / "site/a/index.html").write_text("touched")
    assert not build.up_to_date(root=small)


KILLED = """
import os, signal, sys
from pathlib import Path
from analysis.site import build
root, event, path = sys.argv[1:]
def kill(name, arguments):
    if name == event and str(arguments[0]).endswith(path):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(kill)
build.build(root=Path(root))
"""
MOMENTS = (
    ("open", "/.cache/site/next/index.html"),
    ("shutil.move", "/site"),
    ("shutil.move", "/.cache/site/next"),
    ("open", "/.cache/site/stamp.json"),
)


def test_a_build_that_is_killed_leaves_no_half_of_a_site_and_the_next_one_is_right(small):
    build.build(root=small)
    names = {path.relative_to(small / "site") for path in (small / "site").rglob("*")}
    for number, moment in enumerate(MOMENTS, 1):
        for page in ("index.md", "a/index.md"):
            (small / "docs" / page).write_text(HEAD + f"# Home\n\nEdition {number}.\n")
        child = subprocess.run([sys.executable, "-c", KILLED, str(small), *moment], capture_output=True, check=False)
        assert child.returncode == -signal.SIGKILL, (moment, child.stderr)
        if (small / "site").exists():
            assert {path.relative_to(small / "site") for path in (small / "site").rglob("*")} == names
            texts = {
                (small / "site" / page).read_text().partition("Edition ")[2][:2]
                for page in ("index.html", "a/index.html")
            }
            assert len(texts) == 1, moment
        build.build(root=small)
        assert {path.relative_to(small / "site") for path in (small / "site").rglob("*")} == names
        assert all(
            f"Edition {number}." in (small / "site" / page).read_text() for page in ("index.html", "a/index.html")
        )
        assert not (small / ".cache/site/last").exists()
        assert build.up_to_date(root=small)


def test_every_page_of_the_project_says_what_it_is():
    for path in sorted((build.ROOT / "docs").rglob("*.md")):
        if "_templates" not in path.parts and not path.name.startswith("_"):
            frontmatter.read(path, path.name)


def test_fonts_come_with_their_licence():
    fonts = build.ROOT / "analysis/theme/assets/fonts"
    assert all("SIL Open Font License" in path.read_text() for path in fonts.glob("*LICENSE.txt"))
    families = {path.name.split("-latin")[0] for path in fonts.glob("*.woff2")}
    assert families == {path.name.removesuffix("-LICENSE.txt") for path in fonts.glob("*LICENSE.txt")}
    assert Path(fonts / "inter-LICENSE.txt").is_file()
