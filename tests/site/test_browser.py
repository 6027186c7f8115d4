"""The built site in a real browser, opened from its files: readable, reachable, quiet and self-contained."""

import os
import shutil
import tomllib
from fnmatch import fnmatchcase
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import axe_playwright_python
import pytest
from patience import patiently

from analysis.site import build

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = os.environ.get("GAMEDAY_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=f"no browser on PATH (looked for {', '.join(NAMES)})"),
]

# Without these Chromium looks for its maker's hosts at every start.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@cache
def built():
    """The site, built once for all of these tests."""
    return build.build()


def first(pattern):
    """The first page of its kind."""
    found = sorted(path for path in built().glob(pattern) if path.name != "index.html")
    assert found, f"the site has no page {pattern}"
    return found[0].relative_to(built()).as_posix()


PAGES = {
    "home": lambda: "index.html",
    "architecture": lambda: "buzzer/architecture.html",
    "cost": lambda: "buzzer/cost.html",
    "capacity": lambda: "buzzer/capacity.html",
    "what if": lambda: "buzzer/what-if.html",
    "infrastructure": lambda: "buzzer/infrastructure.html",
    "notebook": lambda: first("*/notebooks/*-*.html"),
    "runbook": lambda: first("buzzer/runbooks/*.html"),
    "decision": lambda: first("buzzer/decisions/*.html"),
    "runbooks": lambda: "buzzer/runbooks/index.html",
    "decisions": lambda: "buzzer/decisions/index.html",
    "compare": lambda: "compare/index.html",
    "analysis": lambda: first("buzzer/root-cause*.html"),
    "pre-mortem": lambda: "engine/premortem.html",
    "assumptions": lambda: "reference/assumptions.html",
    "computed": lambda: "reference/how-computed.html",
    "source": lambda: first("reference/source/terraform/stacks/*/main.tf.html"),
}


# The document is there with its scripts and fonts, and was painted twice since.
LOADED = "document.readyState === 'complete' && document.fonts.status === 'loaded'"
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
NO_LIMIT_MS = 0


def until(page, condition):
    """Waits until a condition in the page holds, as long as the browser is at work at all."""
    from playwright.sync_api import TimeoutError as Late

    patiently(lambda seconds: page.wait_for_function(condition, timeout=1000 * seconds), Late)
    page.evaluate(PAINTED)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser):
    """Opens a page of the site; at the end nothing may have been asked of another machine, and no script have failed."""
    contexts, outside, errors = [], [], []

    def opened(name, scheme="light", width=1280, height=900, after=""):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(NO_LIMIT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(("file:", "data:", "blob:")) else outside.append(request.url)
            ),
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto((built() / PAGES[name]()).as_uri() + after, wait_until="commit")
        until(page, LOADED)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not outside
    assert not errors


def violations(page):
    page.evaluate(AXE)
    # Without `preload` it does not ask for the style sheets a second time, which a page from a file may not.
    found = page.evaluate("tags => axe.run(document, {preload: false, runOnly: {type: 'tag', values: tags}})", WCAG)
    return {f"{entry['id']}: {entry['nodes'][0]['html'][:160]}" for entry in found["violations"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_breaks_no_rule_of_wcag_a_or_aa(open_page, name, scheme):
    assert not violations(open_page(name, scheme))


def test_the_check_notices_text_without_contrast(open_page):
    page = open_page("home")
    page.evaluate("document.querySelector('h1').style.color = '#eee'")
    assert any(found.startswith("color-contrast") for found in violations(page))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(open_page, name, scheme):
    page = open_page(name, scheme, width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert page.locator("h1").first.bounding_box()["width"] <= 390


def test_the_two_schemes_differ(open_page):
    def ground(scheme):
        return open_page("home", scheme).evaluate("getComputedStyle(document.body).backgroundColor")

    assert ground("light") != ground("dark")


QUERIES = tomllib.loads((Path(__file__).parent / "queries.toml").read_text(encoding="utf-8"))

ASKED = """words => {
  const field = document.querySelector("input.md-search__input");
  document.querySelector(".md-search-result__list").replaceChildren();
  field.value = words;
  field.dispatchEvent(new KeyboardEvent("keyup"));
}"""
ANSWERED = """document.querySelector(".md-search-result__item") !== null
  || document.querySelector(".md-search-result__meta").textContent.startsWith("No ")"""
FIRST = "document.querySelector('.md-search-result__item a')?.href"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, *_):
        """Nothing."""


def first_result(page, words):
    """The page that the search shows first, as a path in the site; nothing where it finds none."""
    page.evaluate(ASKED, words)
    until(page, ANSWERED)
    address = page.evaluate(FIRST) or ""
    return urlsplit(address).path.removeprefix(f"{built().as_posix()}/")


def test_a_standard_word_finds_the_page_that_answers_it(open_page):
    page = open_page("home")
    page.locator("input.md-search__input").click()
    until(page, "document.querySelector('.md-search-result__meta').textContent.includes('Type to start')")
    first = {words: first_result(page, words) for words in QUERIES}
    wrong = {words: found for words, found in first.items() if not fnmatchcase(found, QUERIES[words])}
    assert not wrong
    assert first_result(page, "xyzzy") == ""


def test_the_index_of_the_search_is_fetched_when_somebody_searches_and_finds_what_was_typed_before(browser):
    """From a server, as the site is read; what it fetches from files, no test can see."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built()))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.set_default_timeout(NO_LIMIT_MS)
        asked = []
        page.on("request", lambda request: asked.append(urlsplit(request.url).path))
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html", wait_until="networkidle")
        assert len(asked) > 5
        assert not [path for path in asked if "search_index" in path]
        page.locator("input.md-search__input").press_sequentially("postmortem")
        until(page, ANSWERED)
        assert "/search/search_index.json" in asked
        assert "root-cause-analysis" in page.evaluate(FIRST)
        page.close()
        server.shutdown()


def shown(page):
    """The entries of the table of runbooks or decisions that are not filtered away."""
    return page.locator("[data-facets]:visible").all_inner_texts()


def test_runbooks_are_filtered_by_word_alarm_severity_and_tag_from_the_keyboard(open_page):
    page = open_page("runbooks")
    every = len(shown(page))
    assert page.locator(".g-filter output").inner_text() == f"{every} of {every} shown"
    field = page.get_by_role("searchbox", name="Find")
    field.press_sequentially("buzzer-cpu-PAGE")
    assert [text.splitlines()[0].split("\t")[0] for text in shown(page)] == ["Tasks busy or short of memory"]
    assert page.locator(".g-filter output").inner_text() == f"1 of {every} shown"
    field.fill("")
    page.get_by_role("combobox", name="Severity").select_option("page")
    paged = shown(page)
    assert 0 < len(paged) < every
    page.get_by_role("combobox", name="Tag").select_option("database")
    assert 0 < len(shown(page)) < len(paged)
    field.fill("no such runbook")
    assert not shown(page)


def test_decisions_are_filtered_by_tag(open_page):
    page = open_page("decisions")
    every = shown(page)
    page.get_by_role("combobox", name="Tag").select_option("delivery")
    assert 0 < len(shown(page)) < len(every)


def test_a_citation_leads_to_the_marked_line(open_page):
    page = open_page("infrastructure")
    citation = page.locator("a.g-src").first
    number = citation.inner_text().rpartition(":")[2]
    citation.click()
    until(page, f"document.querySelector(':target') !== null && {LOADED}")
    assert page.evaluate("document.querySelector(':target').id") == f"L{number}"
    assert page.locator(":target").evaluate("line => getComputedStyle(line).backgroundColor") != "rgba(0, 0, 0, 0)"


def test_in_print_everything_folded_is_open_and_nothing_scrolls(open_page):
    page = open_page("architecture")
    folded = '<details><summary>s</summary><p id="deep">x</p></details>'
    page.evaluate("html => document.querySelector('article').insertAdjacentHTML('beforeend', html)", folded)
    page.emulate_media(media="print")
    assert page.locator("#deep").bounding_box()["height"] > 0
    assert page.locator(".md-header").evaluate("header => getComputedStyle(header).display") == "none"


def test_a_page_read_in_the_dark_is_printed_on_white_paper_with_black_ink(open_page):
    page = open_page("architecture", scheme="dark")
    lightness = "name => getComputedStyle(document.querySelector('article')).getPropertyValue(name).trim()"
    assert page.evaluate(lightness, "--g-paper") == "#101614"
    page.emulate_media(media="print")
    assert page.evaluate(lightness, "--g-paper") == "#fbfaf7"
    assert page.evaluate(lightness, "--g-ink") == "#1c211f"
    ground = page.locator(".gd").first.evaluate(
        "picture => getComputedStyle(picture).getPropertyValue('--gd-ink').trim()"
    )
    assert ground == "#1c211f"


def test_each_question_of_a_newcomer_is_answered_within_two_clicks(open_page):
    """Why it crashed, what it costs, what to do when the alarm rings: from the home page, by links of its text or the tabs."""
    home = built() / "index.html"

    def targets(path):
        from bs4 import BeautifulSoup

        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        links = soup.select("article a[href], nav a[href]")
        return {(path.parent / link["href"].partition("#")[0]).resolve() for link in links if ":" not in link["href"]}

    wanted = {
        (built() / name).resolve()
        for name in (
            "buzzer/cost.html",
            "buzzer/capacity.html",
            "buzzer/root-cause-analysis.html",
            "buzzer/runbooks/index.html",
        )
    }
    near = {found for found in targets(home) if found.suffix == ".html"}
    left = wanted - near
    for found in sorted(near):
        if left and found.is_file():  # reading a page takes long
            left -= targets(found)
    assert not left


# ---- records as files ------------------------------------------------------------------------------------------------------

BEGINS = {".pdf": b"%PDF-", ".md": b"# ", ".json": b"{"}


@pytest.mark.parametrize(("name", "records", "tables"), [("analysis", 1, 3), ("pre-mortem", 2, 2)])
def test_every_button_leads_to_a_file_of_the_record_and_is_reached_by_keyboard(open_page, name, records, tables):
    page = open_page(name)
    buttons = page.locator(".g-exports a.md-button")
    assert buttons.count() == records * (4 + tables)
    for button in buttons.all():
        button.focus()
        assert button.evaluate("element => element === document.activeElement && element.offsetHeight > 20")
        path = Path(unquote(urlsplit(button.evaluate("element => element.href")).path))
        begins = BEGINS.get(path.suffix)
        content = path.read_bytes()
        assert content.startswith(begins) if begins else b"," in content.splitlines()[0], path


# ---- what if ---------------------------------------------------------------------------------------------------------------


@cache
def answers():
    from analysis.pages import whatif

    return whatif.answered(build.ROOT, build.ROOT / "docs", "buzzer")


def recorded(**keys):
    """The recorded point with these inputs, the others as today."""
    found = answers()
    where = [
        axis.keys.index(keys[axis.name]) if axis.name in keys else today
        for axis, today in zip(found.plan.axes, found.today, strict=True)
    ]
    return found.points[list(found.plan.points).index(tuple(where))]


def answer(page, figure, column="[data-here]"):
    return page.locator(f'[data-figure="{figure}"] {column}').inner_text()


def test_before_and_after_its_script_the_page_shows_the_same_point(open_page):
    """What Python has written and what the script writes of today are one text in every cell; nothing has changed."""
    page = open_page("what if")
    rows = page.locator("tr[data-figure]")
    for number in range(rows.count()):
        here, today = (rows.nth(number).locator("td").nth(column).inner_text() for column in (0, 1))
        assert here == today != ""
    assert answer(page, "month_usd", "[data-change]") == "none"
    assert page.locator(".g-whatif__said").inner_text() == ""  # nothing is read aloud before somebody asks


def test_a_key_on_a_slider_changes_the_answer_its_address_and_what_is_read_aloud(open_page):
    page = open_page("what if")
    slider = page.get_by_label("Users at the peak", exact=True)
    keys = answers().plan.axes[0].keys
    slider.focus()
    page.keyboard.press("ArrowRight")
    there = keys[answers().today[0] + 1]
    point = recorded(users=there)
    assert answer(page, "month_usd") == f"${float(point['month_usd']):,.2f}"
    before = recorded()
    assert (
        answer(page, "month_usd", "[data-change]") == f"+${float(point['month_usd']) - float(before['month_usd']):,.2f}"
    )
    assert slider.get_attribute("aria-valuetext") == f"{int(there):,}"
    assert f"users={there}" in page.url
    assert f"users={there} " in page.locator(".g-whatif__line").inner_text()
    said = page.locator("[aria-live=polite].g-whatif__said").inner_text()
    assert f"${float(point['month_usd']):,.2f}" in said
    assert "Does it hold? Yes" in said
    page.keyboard.press("End")
    assert answer(page, "verdict") == "No"
    page.get_by_role("button", name="Back to today").press("Enter")
    assert answer(page, "month_usd", "[data-change]") == "none"


def test_an_address_restores_its_point(open_page):
    page = open_page("what if", after="#users=20000&cdn=0")
    point = recorded(users="20000", cdn="0")
    low, value, high = point["held"]
    assert answer(page, "held") == f"{value:,} ({low:,} to {high:,})"
    assert answer(page, "binds").startswith(f"{point['binds'][1]} of {point['binds'][0]}")
    assert page.locator(".g-whatif__beyond").is_hidden()
    assert page.get_by_label("CDN lifetime", exact=True).input_value() == "0"


def test_what_was_not_computed_is_said_and_the_nearest_point_is_shown(open_page):
    page = open_page("what if", after="#users=19000&cdn=7")
    assert page.locator(".g-whatif__beyond").inner_text() == (
        "Users at the peak of 19000 was not computed; shown is 20,000. CDN lifetime of 7 was not computed; shown is 1 s. "
        "Nothing is interpolated or extrapolated."
    )
    assert answer(page, "month_usd") == f"${float(recorded(users='20000')['month_usd']):,.2f}"


def test_every_point_that_the_page_shows_is_that_of_the_record_and_of_the_file(open_page):
    import csv

    page = open_page("what if")
    with (built() / "buzzer" / "what-if.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    plan = answers().plan
    assert len(rows) == len(answers().points)
    shown = page.evaluate(
        """points => points.map(where => {
            const form = document.querySelector("[data-what-if] form");
            where.forEach((index, at) => { form.querySelectorAll("input, select")[at].value = index; });
            form.dispatchEvent(new Event("input"));
            return ["month_usd", "event_usd", "late", "binds"].map(
                name => document.querySelector(`[data-figure="${name}"] [data-here]`).innerText);
        })""",
        [list(where) for where in plan.points],
    )
    for where, row, point, cells in zip(plan.points, rows, answers().points, shown, strict=True):
        assert [row[axis.name] for axis in plan.axes] == [a.keys[i] for a, i in zip(plan.axes, where, strict=True)]
        assert [row["month_usd"], row["event_usd"]] == [point["month_usd"], point["event_usd"]]
        assert [float(row[f"held_{end}"]) for end in ("pessimistic", "central", "optimistic")] == point["held"]
        assert [row["binds_at"], row["binds"]] == point["binds"]
        assert cells[:3] == [
            f"${float(point['month_usd']):,.2f}", f"${float(point['event_usd']):,.2f}", f"{100 * point['late']:.2f} %",
        ]  # fmt: skip
        assert cells[3].startswith(f"{point['binds'][1]} of {point['binds'][0]}")


def test_a_point_that_terraform_refuses_says_why_and_has_no_figures(open_page):
    page = open_page("what if")
    page.evaluate(
        """() => {
            const root = document.querySelector("[data-what-if]"), data = root.querySelector("script");
            const told = JSON.parse(data.textContent);
            told.points = told.points.map(() => "tasks.min <b>must</b> be at least 2");
            data.textContent = JSON.stringify(told);
            whatIf(root);
        }"""
    )
    page.get_by_label("Users at the peak", exact=True).press("ArrowRight")
    sentence = "Terraform refuses these inputs: tasks.min <b>must</b> be at least 2"
    assert page.locator(".g-whatif__beyond").inner_text() == sentence
    assert page.locator("[aria-live=polite].g-whatif__said").inner_text() == sentence
    assert [answer(page, name) for name in ("verdict", "binds", "month_usd")] == ["", "", "not known"]


def test_in_print_the_chosen_point_is_a_table_without_its_controls(open_page):
    page = open_page("what if", after="#users=20000&cdn=0")
    page.emulate_media(media="print")
    assert page.get_by_label("Users at the peak", exact=True).is_hidden()
    assert page.locator(".g-whatif table").is_visible()
    assert "Users at the peak: 20,000" in page.locator(".g-whatif caption").inner_text()
