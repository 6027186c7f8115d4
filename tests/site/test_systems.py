"""A system is a folder of data: its pages come from templates and slots, also for Terraform that no page mentions."""

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from analysis import terraform
from analysis.commands import app
from analysis.facts import FactError, stack
from analysis.pages import frontmatter, reads, systems
from analysis.pages.frontmatter import FrontMatterError
from analysis.site import build, skeletons

ROOT = Path(__file__).parents[2]
SYSTEM = """title = "Shop"
summary = "s"
order = 1
owner = "o"
last_reviewed = 2026-11-29
review_in = "6 months"
pages = ["cost", "decisions"]
stack = [{ name = "infra", label = "As it is" }, { name = "old", label = "As it was" }]
"""


@pytest.fixture(autouse=True)
def _nothing_remembered():
    reads.forget()


@pytest.fixture
def docs(tmp_path):
    """The docs of one system without prose."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/system.toml").write_text(SYSTEM)
    return tmp_path


def test_a_page_names_each_stack_the_main_one_first_and_its_prose_stands_in_slots(docs):
    (docs / "shop/_cost.md").write_text(
        "---\nowner: Finance\n---\nA lead.\n\n# top\n\n## Why\n\n```bash\n# no slot\n```\n"
    )
    page = systems.made(docs, "shop")["shop/cost.md"]
    assert '<p class="lead">A lead.</p>' in page
    assert "## Why\n\n```bash\n# no slot\n```" in page
    assert page.index("## Line by line\n") < page.index("## Line by line, as it was\n")
    assert '{{ cost_lines("infra") }}' in page
    assert [(one.title, one.owner) for one in systems.folder(docs, "shop")] == [("Cost", "Finance")]


def test_an_index_of_records_waits_for_its_first_record(docs):
    assert "shop/decisions/index.md" not in systems.made(docs, "shop")
    (docs / "shop/decisions").mkdir()
    (docs / "shop/decisions/0001-x.md").write_text("---\n---\n")
    reads.forget()
    assert "shop/decisions/index.md" in systems.made(docs, "shop")


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("_cost.md", "# botom\n\nx\n", r"shop/_cost\.md: the page cost has no slot 'botom'; it has end, lead, top"),
        ("_cost.md", "# top\n\nx\n\n# top\n\ny\n", r"the slot 'top' is there twice"),
        ("_proofs.md", "x\n", r"system\.toml: pages: lacks 'proofs', for which _proofs\.md has prose"),
        ("cost.md", "x\n", r"names 'cost', and cost\.md is written by hand"),
        (
            "system.toml",
            SYSTEM.replace('"cost"', '"costs"'),
            r"names 'costs'; there are templates for alarms, architecture",
        ),
        (
            "system.toml",
            SYSTEM + '[words]\npublic = "x"\n',
            r"words\.public: is not known; the words are crowd, event, load",
        ),
        ("system.toml", SYSTEM + "extra = 1\n", r"extra: is not a key of this table"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(docs, file, text, sentence):
    (docs / "shop" / file).write_text(text)
    with pytest.raises((FactError, FrontMatterError), match=sentence):
        systems.made(docs, "shop")


def test_every_system_of_the_project_names_stacks_that_there_are():
    known = {path.parent.name for path in ROOT.glob("terraform/stacks/*/gameday.toml")}
    shown = [one.name for system in systems.systems(ROOT / "docs") for one in system.stacks]
    assert set(shown) == known
    assert len(shown) == len(set(shown))


def test_a_new_scenario_asks_and_nothing_that_rests_on_it_is_computed_until_all_is_answered(tmp_path):
    shutil.copy(ROOT / "tests/alarms/copied_alarms/main.tf", tmp_path)
    files = skeletons.folder("shop", tmp_path, terraform.load(tmp_path), dt.date(2026, 11, 29))
    made, left = skeletons.written(files)
    assert (len(made), left) == (len(files), ())
    assert skeletons.written(files) == ((), tuple(files))
    about = stack(tmp_path)
    assert [one.where for one in about.questions][:2] == ["gameday.toml: runtime", "scenario.toml: audience.peak_users"]
    assert len(about.questions) == 1 + len(skeletons.ASKED)
    assert not about.modelled
    with pytest.raises(FactError, match=r"gameday\.toml: runtime: is not answered yet: .*; 21 more questions are open"):
        about.scenario  # noqa: B018 (what is tried)
    scenario = tmp_path / "scenario.toml"
    answer = '[audience.peak_users]\nvalue = 5\nlow = 4\nhigh = 6\nreason = "r"\n'
    scenario.write_text(scenario.read_text().replace("[audience.peak_users]\n", answer))
    assert "scenario.toml: audience.peak_users" not in {one.where for one in stack(tmp_path).questions}


ALARM = """
resource "aws_cloudwatch_metric_alarm" "{key}" {{
  alarm_name          = {name}
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 1
  metric_name         = "CPUUtilization"
  namespace           = "AWS/EC2"
  period              = 60
  statistic           = "Maximum"
}}
"""


@pytest.mark.parametrize(
    "name", ["{{ 7 * 191 }}", "{% set x = 1 %}", 'x" && id #', "$(id)", "`id`", "a\nb", "<b>", "a: [b]"]
)
def test_what_a_stack_calls_an_alarm_is_never_a_macro_markup_or_a_command(tmp_path, name):
    place = tmp_path / "infra"
    place.mkdir()
    quoted = json.dumps(name).replace("${", "$${").replace("%{", "%%{")
    (place / "main.tf").write_text(
        'provider "aws" {\n  region = "us-east-1"\n}\n'
        + ALARM.format(key="plain", name='"shop: load (p99)"')
        + ALARM.format(key="odd", name=quoted)
    )
    architecture = terraform.load(place)
    made = skeletons.folder("shop", place, architecture, dt.date(2026, 11, 29))
    assert [path.name for path in made if path.parent.name == "runbooks"] == ["shop-load-p99.md"]
    assert not any(name in text for text in made.values())
    assert skeletons.without_runbook(architecture) == (name,)
    done = CliRunner().invoke(app, ["new", "shop", str(place), "--no-build"])
    assert done.exit_code == 0
    assert "no runbook for the alarm" in done.output
    (book,) = (place / "docs/shop/runbooks").iterdir()
    assert frontmatter.read(book, "shop/runbooks/x.md").title == "shop: load (p99)"


def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path):
    with pytest.raises(FactError, match=r"\.\./x: cannot name a system"):
        skeletons.folder("../x", tmp_path, terraform.load(ROOT / "tests/alarms/copied_alarms"), dt.date(2026, 11, 29))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alarms/copied_alarms", "refusals/streams"])
def test_the_site_of_terraform_that_no_page_mentions_is_built_from_a_folder_of_data(tmp_path, monkeypatch, name):
    monkeypatch.setenv("GAMEDAY_TODAY", "2026-03-01")
    shutil.copy(ROOT / "tests" / name / "main.tf", tmp_path)
    done = CliRunner().invoke(app, ["new", "shop", str(tmp_path)])
    assert done.exit_code == 0, done.output
    site = tmp_path / "site"
    index = BeautifulSoup((site / "shop/index.html").read_text(), "html.parser")
    assert "How many users are there at the busiest minute?" in index.get_text()
    sidebar = {link["href"] for link in index.select(".md-sidebar--primary a.md-nav__link")}
    wanted = {systems.address(page).replace(".md", ".html") for page in systems.templates()}
    # Without an alarm there is no runbook; a brief, requirements, notebooks and a grid of inputs come when somebody writes them.
    later = {
        "runbooks/index.html",
        "brief.html",
        "requirements.html",
        "notebooks/index.html",
        "what-if.html",
        "index.html",
        "",
    }
    assert wanted - later <= sidebar
    capacity = (site / "shop/capacity.html").read_text()
    assert "is not answered yet" in capacity
    for word in ("buzzer", "Buzzer", "scoreboard", "olympics"):
        assert not [page for page in (site / "shop").rglob("*.html") if word in page.read_text()], word
    assert build.up_to_date(root=tmp_path.resolve())
