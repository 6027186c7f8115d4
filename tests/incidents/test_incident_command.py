"""`gameday incident` as a stranger uses it: with a file from an AWS account, and no stack of ours."""

import json

import pytest
from typer.testing import CliRunner

from analysis.commands.incident import app

STACK = """
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "shop-errors"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_ELB_5XX_Count"
  dimensions          = { LoadBalancer = "app/shop/1" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 10
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  tags                = { severity = "page" }
}
"""


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def stamps(minutes):
    return [f"2026-11-27T09:{minute:02d}:00Z" for minute in minutes]


def answer(**changes):
    """What get-metric-data prints for a balancer whose targets are gone from 09:05 to 09:09."""

    def query(name, metric, stat):
        dimensions = [{"Name": "LoadBalancer", "Value": "app/shop/1"}]
        where = {"Namespace": "AWS/ApplicationELB", "MetricName": metric, "Dimensions": dimensions}
        return {"Id": name, "MetricStat": {"Metric": where, "Period": 60, "Stat": stat}}

    made = {
        "MetricDataQueries": [
            query("asked", "RequestCount", "Sum"),
            query("failed", "HTTPCode_ELB_5XX_Count", "Sum"),
            query("slow", "TargetResponseTime", "p95"),
        ],
        "MetricDataResults": [
            {"Id": "asked", "Timestamps": stamps(range(30)), "Values": [600.0] * 30},
            {"Id": "failed", "Timestamps": stamps(range(5, 10)), "Values": [300.0] * 5},
            {"Id": "slow", "Timestamps": stamps(range(30)), "Values": [0.2] * 5 + [3.0] * 6 + [0.2] * 19},
        ],
    }
    return {**made, **changes}


@pytest.fixture
def pack(tmp_path):
    path = tmp_path / "pack.json"
    path.write_text(json.dumps(answer()), encoding="utf-8")
    return path


def flat(result):
    return " ".join(result.output.split())


def test_a_postmortem_begins_with_a_page_a_timeline_and_a_table_and_can_be_shown_again(tmp_path, pack):
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "main.tf").write_text(STACK, encoding="utf-8")
    page = tmp_path / "friday.md"
    found = run("new", pack, page, "--title", "Shop | <down>", "--stack", tmp_path / "stack", "--slow", 1, "--poll", 5)
    assert found.exit_code == 0, found.output
    text = page.read_text(encoding="utf-8")
    assert "# Shop \\| &lt;down>" in text
    assert "From 2026-11-27T09:05:00Z to 2026-11-27T09:11:00Z users were affected" in text
    assert "| shop-errors | page | fires | 09:07 | 2 min |" in text
    assert "$" not in text
    lines = (tmp_path / "friday.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("utc,minute,users,requests,failed")
    assert lines[6].startswith("2026-11-27T09:05:00Z,5,50,600,300")
    assert len(lines) == 31
    shown = run("show", tmp_path / "friday.toml", "--json")
    assert shown.exit_code == 0, shown.output
    told = json.loads(shown.output)
    assert told["impact"]["user_minutes_affected"] == pytest.approx(5 * 25 + 50 * 0.05)
    assert {time["name"]: time["after_impact_s"] for time in told["times"]}["detection"] == 120
    assert run("show", tmp_path / "friday.toml").exit_code == 0


def test_the_same_pack_gives_the_same_bytes(tmp_path, pack):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        assert run("new", pack, tmp_path / name / "page.md", "--poll", 5).exit_code == 0
    for suffix in ("md", "toml", "csv"):
        assert (tmp_path / "one" / f"page.{suffix}").read_bytes() == (tmp_path / "two" / f"page.{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", [".md", ".toml", ".csv"])
def test_a_file_that_is_there_is_never_overwritten_and_nothing_is_half_written(tmp_path, pack, suffix):
    there = (tmp_path / "page").with_suffix(suffix)
    there.write_text("mine", encoding="utf-8")
    found = run("new", pack, tmp_path / "page.md")
    assert found.exit_code == 2
    assert "is there already" in flat(found)
    assert there.read_text(encoding="utf-8") == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"pack.json", there.name}


def test_a_link_into_nowhere_is_not_followed(tmp_path, pack):
    (tmp_path / "page.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert run("new", pack, tmp_path / "page.md").exit_code == 2
    assert not (tmp_path / "elsewhere.csv").exists()
    assert not (tmp_path / "page.md").exists()


def changed(name, **values):
    """The answer with one result changed."""
    made = answer()
    made["MetricDataResults"] = [
        {**result, **values} if result["Id"] == name else result for result in made["MetricDataResults"]
    ]
    return made


def period(seconds):
    made = answer()
    made["MetricDataQueries"][0]["MetricStat"]["Period"] = seconds
    return made


def renamed(metric):
    made = answer()
    made["MetricDataQueries"][0]["MetricStat"]["Metric"]["MetricName"] = metric
    return made


def gapped():
    made = changed("slow", Timestamps=stamps([0, 1, 3]), Values=[1.0] * 3)
    made["MetricDataQueries"][2]["MetricStat"] = {
        "Metric": {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Dimensions": []},
        "Period": 60,
        "Stat": "Average",
    }
    return made


BROKEN = {
    "gap": (gapped(), ("no datapoint at", "--gaps missing")),
    "unsorted": (changed("asked", Timestamps=stamps([0, 2, 1, 3]), Values=[1.0] * 4), ("order of time",)),
    "duplicate": (changed("asked", Timestamps=stamps([0, 1, 1]), Values=[1.0] * 3), ("two datapoints",)),
    "period": (period(300), ("period of 300 s",)),
    "nan": (changed("asked", Values=[float("nan")] * 30), ("not a number",)),
    "unknown metric": (renamed("RequestCounts"), ("no metric RequestCounts",)),
    "empty": (answer(MetricDataResults=[]), ("no result",)),
    "no answer": ({}, ("MetricDataResults",)),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_pack_is_refused_in_a_sentence_with_status_2_and_nothing_is_written(tmp_path, fault):
    broken, wanted = BROKEN[fault]
    path = tmp_path / "pack.json"
    path.write_text(json.dumps(broken), encoding="utf-8")
    found = run("new", path, tmp_path / "page.md")
    assert found.exit_code == 2, found.output
    assert "Traceback" not in found.output
    assert all(words in flat(found) for words in wanted), found.output
    assert [entry.name for entry in tmp_path.iterdir()] == ["pack.json"]


def test_options_that_make_no_sense_are_refused(tmp_path, pack):
    for arguments in (
        ("--slow", 0),
        ("--late", -1),
        ("--poll", "inf"),
        ("--gaps", "fill"),
        ("--stack", tmp_path / "no"),
    ):
        found = run("new", pack, tmp_path / "page.md", *arguments)
        assert found.exit_code == 2, arguments
        assert "Traceback" not in found.output
    assert run("new", pack, tmp_path / "page.txt").exit_code == 2
    assert run("new", pack, tmp_path / "no" / "page.md").exit_code == 2
    assert run("new", tmp_path / "nothing.json", tmp_path / "page.md").exit_code == 2
    assert not (tmp_path / "page.md").exists()


def write(tmp_path, text):
    path = tmp_path / "incident.toml"
    path.write_text(f'title = "Shop"\n[pack]\nfile = "pack.json"\n{text}', encoding="utf-8")
    return path


def entry(at="2026-11-27T09:06:00Z", evidence=""):
    return f'[[entry]]\nat = {at}\nwhat = "x"\nsource = "chat"\nkind = "detected"\n{evidence}\n'


def test_each_entry_is_shown_with_the_figure_of_its_minute(tmp_path, pack):
    (tmp_path / "notes.txt").write_text("one\nthe line\n", encoding="utf-8")
    metric = 'evidence = { metric = "AWS/ApplicationELB HTTPCode_ELB_5XX_Count", statistic = "Sum" }'
    path = write(tmp_path, entry(evidence=metric) + entry(evidence='evidence = { line = "notes.txt#the line" }'))
    found = json.loads(run("show", path, "--json").output)
    evidence = [row["evidence"] for row in found["timeline"] if row["what"] == "x"]
    assert evidence == ["AWS/ApplicationELB HTTPCode_ELB_5XX_Count (Sum) at 09:06: 300", "notes.txt:2"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (entry(at="2026-11-27T10:06:00Z"), "outside the pack"),
        (entry(at="2026-11-27T09:06:00"), "without a zone"),
        (entry(evidence='evidence = { metric = "AWS/ECS CPUUtilization" }'), "which the pack does not hold"),
        (
            entry(evidence='evidence = { metric = "AWS/ApplicationELB RequestCount", statistic = "p99" }'),
            "asks for p99",
        ),
        (entry(evidence='evidence = { event = "backlog full" }'), "did not happen"),
        (entry(evidence='evidence = { alarm = "errors" }'), "no stack says"),
        (entry(evidence='evidence = { line = "notes.txt:1" }'), "no file"),
        ('[[factor]]\nid = "B1"\nname = "x"\nwithout = ["a.b"]\n', ""),
    ],
)
def test_a_timeline_that_does_not_fit_the_pack_is_refused(tmp_path, pack, text, wanted):
    found = run("weigh" if "factor" in text else "show", write(tmp_path, text))
    assert found.exit_code == 2, found.output
    assert "Traceback" not in found.output
    assert wanted in flat(found)


def test_a_pack_cannot_be_run_again(tmp_path, pack):
    found = run("again", write(tmp_path, ""))
    assert found.exit_code == 2
    assert "now: is missing" in flat(found)
