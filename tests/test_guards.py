"""What holds for the repository as a whole. Each rule is a function from text to faults, and is shown a planted one."""

import ast
import csv
import io
import json
import re
import subprocess
import tomllib
import warnings
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
BINARY = {".png", ".jpg", ".jpeg", ".woff", ".woff2", ".ico", ".gz", ".zip", ".xz", ".svg", ".bin"}


def tracked():
    """The text files of the project: those git knows, or where there is no git those that are not ignored by nature."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        built = {".venv", ".tools", ".cache", "site", "out", ".git"}
        paths = [path for path in ROOT.rglob("*") if path.is_file() and path.relative_to(ROOT).parts[0] not in built]
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def name(path):
    return str(path.relative_to(ROOT))


@cache
def texts():
    """Every tracked file of text by its name, read once and only where a test asks."""
    return {name(path): path.read_text(encoding="utf-8") for path in tracked()}


def faults_of(check, *, start="", end=""):
    """What `check` finds in each file whose name begins and ends so: one entry for each file with a fault."""
    files = {file: text for file, text in texts().items() if file.startswith(start) and file.endswith(end)}
    assert files, f"no file is named {start}*{end}"
    return {file: faults for file, text in files.items() if (faults := check(text))}


# `[.]` and `[-]` keep the rule from finding itself.
INDEX_HOSTS = re.compile(
    r"pypi[.]org|files[.]pythonhosted|registry[.]npmjs|deb[.]debian|proxy[.]golang|--(?:extra-)?index[-]url|find[-]links",
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(r"(?<![\w.$}~/:-])/(?:home|root|work|Users)/[\w.-]+")


def addresses(text):
    return re.findall(r"\w+://\S+", text)


@pytest.mark.parametrize("lock", ["requirements.lock", "tools.lock"])
def test_a_lock_names_no_address_and_hashes_everything(lock):
    text = (ROOT / lock).read_text()
    assert not addresses(text)
    assert not INDEX_HOSTS.search(text)
    pins = re.split(r"\n(?=[a-z0-9])", "\n" + text)[1:]
    assert pins
    assert not [pin.split()[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin]


def unpinned(lock):
    """The packages of a lock of npm's with an address, or without the hash of what is fetched."""
    packages = {name: each for name, each in json.loads(lock)["packages"].items() if name}
    assert packages
    return [
        name
        for name, each in packages.items()
        if "resolved" in each or not each.get("integrity", "").startswith("sha512-")
    ]


def test_a_lock_of_npms_names_no_address_and_hashes_everything():
    assert not faults_of(unpinned, end="package-lock.json")


def test_a_package_with_an_address_or_without_a_hash_is_noticed():
    package = {"version": "1.0.0", "integrity": "sha512-x"}
    lock = {
        "": {},
        "good": package,
        "address": {**package, "resolved": "https://example.test/a.tgz"},
        "open": {"version": "1"},
    }
    assert unpinned(json.dumps({"packages": lock})) == ["address", "open"]


def test_no_file_names_a_package_index():
    assert not {file for file, text in texts().items() if INDEX_HOSTS.search(text) and file != "Makefile"}
    # The Makefile tells the resolver to leave the address out, and may do no more than that.
    assert set(INDEX_HOSTS.findall(texts()["Makefile"].replace("--no-emit-index-url", ""))) == set()


def test_no_file_names_a_path_of_a_developers_machine():
    assert not {file: found[0] for file, text in texts().items() if (found := MACHINE_PATHS.findall(text))}


@pytest.mark.parametrize("home", ["home", "root", "work", "Users"])
def test_a_lock_with_an_address_and_a_path_of_a_machine_are_noticed(home):
    assert addresses("boto3 @ https://example.test/boto3.whl")
    assert INDEX_HOSTS.search("see https://{}.org/simple".format("pypi"))
    assert MACHINE_PATHS.search(f'open("/{home}/me/x")')
    assert not MACHINE_PATHS.search(f"https://example.test/{home}/me")
    assert not MACHINE_PATHS.search(f'"${{path.module}}/{home}/me"')


def possessive(source):
    """The regular expressions of a Python source with a possessive quantifier or an atomic group."""
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and re.search(r"(?<![\\[])[*?}+]\+|\(\?>", text)]


def test_no_expression_is_possessive_because_python_before_3_11_5_matches_such_wrongly():
    found = {file: possessive(text) for file, text in texts().items() if re.match(r"analysis/.*\.py", file)}
    assert not {file: expressions for file, expressions in found.items() if expressions}


def test_a_possessive_expression_is_noticed():
    assert possessive(r"QUOTED = re.compile(r'(?:[^x]+|y)*+')")
    assert not possessive(r"QUOTED = re.compile(r'(?:[^x]+|\)\+)*')")


def test_diagrams_is_no_package_because_it_shares_its_name_with_the_library():
    assert not list(ROOT.glob("diagrams/**/__init__.py"))
    import diagrams

    assert "site-packages" in diagrams.__file__


# --- facts: a number has a source, or a reason and a range


def given(row, *names):
    return any(str(row.get(name) or "").strip() for name in names)


def unfounded_rows(text):
    """The rows of a CSV file of facts with neither a source nor a reason and a range."""
    rows = list(csv.DictReader(io.StringIO(text)))
    return [
        f"row {number}: {next(iter(row.values()))}"
        for number, row in enumerate(rows, start=2)
        if not given(row, "source") and not (given(row, "reason") and given(row, "low") and given(row, "high"))
    ]


def unfounded_assumptions(data, path=""):
    """The tables of a TOML file that hold a `value` with neither a source nor a reason and a range around it."""
    found = []
    for key, item in data.items():
        if not isinstance(item, dict):
            continue
        here = f"{path}.{key}" if path else key
        if "value" in item:
            ranged = "low" in item and "high" in item and given(item, "reason")
            if not given(item, "source") and not ranged:
                found.append(here)
            elif (
                ranged
                and not isinstance(item["value"], (str, bool))
                and not item["low"] <= item["value"] <= item["high"]
            ):
                found.append(f"{here}: {item['value']} lies outside {item['low']} to {item['high']}")
        found += unfounded_assumptions(item, here)
    return found


NAMES_ONLY = {"analysis/facts/price_book/regions.csv", "analysis/facts/price_book/services.csv"}
"""Tables that say what something is called and where it stands, and hold no figure."""


def test_every_row_of_facts_has_a_source_or_a_reason_and_a_range():
    faults = faults_of(unfounded_rows, start="analysis/facts/", end=".csv")
    assert {file: rows for file, rows in faults.items() if file not in NAMES_ONLY} == {}


def test_every_assumption_has_a_source_or_a_reason_and_a_range():
    folders = ("analysis/facts/", "terraform/scenarios/")
    assert faults_of(lambda text: unfounded_assumptions(tomllib.loads(text)), start=folders, end=".toml") == {}


def test_an_unfounded_fact_is_noticed():
    header = "name,value,low,high,source,reason\n"
    assert unfounded_rows(header + "a,1,,,,\n") == ["row 2: a"]
    assert unfounded_rows(header + "a,1,0,,,because\n") == ["row 2: a"]
    assert not unfounded_rows(header + "a,1,,,https://example.test,\nb,1,0,2,,because\n")
    assert unfounded_assumptions({"a": {"b": {"value": 1}}}) == ["a.b"]
    assert unfounded_assumptions({"a": {"value": 1, "low": 0, "high": 2}}) == ["a"]
    assert unfounded_assumptions({"a": {"value": 3, "low": 0, "high": 2, "reason": "r"}}) == [
        "a: 3 lies outside 0 to 2"
    ]
    assert not unfounded_assumptions(
        {"a": {"value": 1, "low": 0, "high": 2, "reason": "r"}, "b": {"value": 1, "source": "s"}}
    )


# --- pages: a number with a unit or a currency sign is computed

MEASURED = "percent|req(?:uests?)?/s|requests? per second|rps|[kMGT]i?B/[sh]|[KMG]bit/s|[kMG]bps|ms|IOPS|USD|dollars?"
"""Units of what is measured or paid: money, rates, shares, latencies. A typed one fails, since it goes out of date unseen."""

COUNTED = (
    "users?|fans?|clients?|viewers?|connections?|tasks?|vCPUs?|[kMGT]i?B|units? of CPU|CPU units?|LCUs?|"
    "(?:thousand|million|billion)"
)
"""Units of what is counted. A typed one is named in a warning: "the 3 tasks in the picture" is a sentence, too."""

NUMBER = r"(?<![\w.#-])\d[\d,.]*(?:\s|&nbsp;|\u00a0|-)?"
TYPED = re.compile(rf"[$€£]\s?\d[\d,. ]*|{NUMBER}(?:%|(?:{MEASURED})(?![\w/-]))")
COUNTS = re.compile(rf"{NUMBER}(?:{COUNTED})(?![\w/-])")
EXEMPT = re.compile(r"<!--\s*given:\s*\S.*?-->")
NO_PROSE = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|`[^`\n]*`|<!--.*?-->|\]\([^)\n]*\)|<[^>\n]*>"  # macros, code, comments, addresses, tags
    r"|\bHTTP \d{3}\b|\b\d{4}-\d{2}-\d{2}\b|\b\d\d?:\d\d\b",  # statuses, dates, times
    re.DOTALL,
)


def without_code_blocks(text):
    """A page without front matter and code, line for line."""
    lines, fence, matter = [], None, text.startswith("---\n")
    for number, line in enumerate(text.splitlines()):
        if matter:
            matter = not (number and line.rstrip() in {"---", "..."})
            lines.append("")
            continue
        mark = re.match(r"\s*(```+|~~~+)", line)
        if fence is None and mark:
            fence = mark[1]
            lines.append("")
        elif fence is not None:
            if mark and mark[1].startswith(fence):
                fence = None
            lines.append("")
        else:
            lines.append(line)
    return "\n".join(lines)


def typed_numbers(text, kind=TYPED):
    """Line and number of every amount of a kind typed by hand into a page.

    An amount carries a currency sign or a unit. Dates, times and HTTP statuses are none, and code, links and macros are not
    prose. What is given rather than computed (a requirement, say) is excused on its line: <!-- given: the brief's target -->.
    """
    kept = ["" if EXEMPT.search(line) else line for line in without_code_blocks(text).split("\n")]
    prose = NO_PROSE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), "\n".join(kept))
    return [
        f"line {number}: {match[0].strip()}"
        for number, line in enumerate(prose.split("\n"), start=1)
        for match in kind.finditer(line)
    ]


def test_money_rates_and_percentages_on_a_page_are_computed_or_excused():
    assert faults_of(typed_numbers, start="docs/", end=".md") == {}
    assert faults_of(typed_numbers, start="analysis/templates/", end=".md") == {}


def test_counts_on_a_page_are_named_in_a_warning():
    for file, counts in faults_of(lambda text: typed_numbers(text, COUNTS), start="docs/", end=".md").items():
        warnings.warn(f"{file}: counts typed by hand, which no build checks: {'; '.join(counts)}", stacklevel=1)


@pytest.mark.parametrize(
    "line",
    [
        "It costs $41 a month.",
        "It costs 41 USD a month.",
        "The cache takes 97 % of the requests.",
        "The cache takes 97% of the requests.",
        "At 1,200 req/s the queue grows.",
        "The answer takes 250 ms.",
        "It takes 20 GB/h.",
        "It costs {{ claim('a') }} and not $41.",
    ],
)
def test_a_typed_amount_is_noticed(line):
    assert typed_numbers(f"# Page\n\n{line}\n")


@pytest.mark.parametrize(
    "line", ["It holds 5,000 users.", "A task has 0.25 vCPU and 512 MiB.", "| Balancer | 3 tasks |", "a 20-GB volume"]
)
def test_a_typed_count_is_noticed_and_does_not_fail(line):
    assert typed_numbers(f"# Page\n\n{line}\n", COUNTS)
    assert not typed_numbers(f"# Page\n\n{line}\n")


@pytest.mark.parametrize(
    "line",
    [
        "It costs {{ claim('a') }} a month.",
        "At 20:45 on 2025-11-20 it answered HTTP 503.",
        "`--users 5000 users`",
        "5,000 users <!-- given: the target the team was set -->",
        "[page](../a-20-ms-page.md)",
        "Look at step 3 of section 4.",
        "Decision 7 of 12, ADR 0003, t4g.medium",
        "```text\n$41 a month\n```",
        "{{ table(\n  '5 ms'\n) }}",
    ],
)
def test_what_is_no_typed_amount_passes(line):
    for kind in (TYPED, COUNTS):
        assert not typed_numbers(f"---\nreview_in: 6 months, 5 GB\n---\n# Page\n\n{line}\n", kind)


def test_an_excuse_needs_a_reason():
    assert typed_numbers("$5,000 <!-- given: -->")
    assert typed_numbers("5,000 users <!-- given: -->", COUNTS)


# --- one list of Python versions


def matrix(workflow):
    return yaml.safe_load(workflow)["jobs"]["check"]["strategy"]["matrix"]["python"]


def classifiers(project):
    found = tomllib.loads(project)["project"]["classifiers"]
    return [
        entry.rsplit(" ", 1)[1] for entry in found if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", entry)
    ]


def test_the_versions_that_are_claimed_are_the_versions_that_are_tested():
    assert classifiers(texts()["pyproject.toml"]) == matrix((ROOT / ".github/workflows/ci.yml").read_text())


def test_a_version_that_is_claimed_but_not_tested_is_noticed():
    project = (
        '[project]\nclassifiers = ["Programming Language :: Python :: 3.11", "Programming Language :: Python :: 3.12"]'
    )
    workflow = 'jobs: {check: {strategy: {matrix: {python: ["3.11"]}}}}'
    assert classifiers(project) != matrix(workflow)


def twins(names):
    """The base names that more than one of the modules that tests share has; only the first would be imported."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


def test_no_two_modules_that_tests_share_have_one_name():
    shared = (path.name for path in (ROOT / "tests").rglob("*.py") if not path.name.startswith(("test_", "conftest.")))
    assert twins(shared) == []


def test_two_modules_of_one_name_are_noticed():
    assert twins(["makers.py", "oracle.py", "makers.py"]) == ["makers.py"]
