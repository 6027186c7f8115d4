"""A runbook is typed against an emulated AWS, with its fault first, and every answer is held to the page."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import boto3
import pytest

from analysis.emulator import running
from analysis.rehearsal.faults import FaultError, read
from analysis.rehearsal.rehearse import Evening, RehearsalError, rehearse, shares
from analysis.rehearsal.shell import NEEDED, missing
from analysis.runbooks import page

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing() or "nothing")]

BUSY_DO = """says = "The shop is busy."
do = [
  { act = "ring", alarm = "shop-busy", datapoints = [91.5, 88.0] },
  { act = "log", group = "/shop", lines = ["ERROR out of stock"] },
  { act = "metric", namespace = "Shop", name = "Load", points = [70, 80, [60, 100]], dimensions = { Shop = "one" } },
  { act = "web", host = "shop.example", path = "/health", answers = [{ status = 503 }, { status = 200, headers = { x-cache = "Hit" } }] },
  { act = "names", name = "shop.example", type = "NS", answers = ["ns-0.awsdns-00.com."] },
  { act = "tasks", cluster = "shop", service = "web", running = [{ id = "00000000000000000000000000000001", startedAt = "2026-11-28T18:46:02Z" }], stopped = [{ id = "00000000000000000000000000000002", stoppedReason = "out of memory" }] },
]
"""  # noqa: E501 (TOML breaks no inline table)

FAULTS = f"""
[world]
do = [
  {{ act = "call", service = "ecs", operation = "create_cluster", parameters = {{ clusterName = "shop" }} }},
  {{ act = "call", service = "cloudwatch", operation = "put_metric_alarm", parameters = {{ AlarmName = "shop-busy", Namespace = "Shop", MetricName = "Load", Statistic = "Average", Period = 60, EvaluationPeriods = 3, DatapointsToAlarm = 2, Threshold = 70.0, ComparisonOperator = "GreaterThanThreshold" }} }},
]

[faults.busy]
{BUSY_DO}
[faults.eased]
{BUSY_DO}
[[faults.eased.turns]]
when = ["ecs CreateCluster"]
says = "A second shop takes half of the crowd."
do = [{{ act = "calm", alarms = ["shop-busy"] }}]

[faults.none]
says = "Nothing is wrong."
"""  # noqa: E501 (TOML breaks no inline table)


@pytest.fixture(scope="module")
def emulator():
    with running() as found:
        client = boto3.client("logs", **found.client_arguments())
        client.create_log_group(logGroupName="/shop")
        yield found


@pytest.fixture
def rehearsed(emulator, tmp_path):
    """Rehearses a page of console blocks, given as (title, text), against a copy of the emulator."""

    def run(*blocks, fault="busy", faults=FAULTS, above="", **options):
        body = "\n\n".join(f'{above}\n```console title="{title}"\n{text.strip()}\n```' for title, text in blocks)
        (tmp_path / "rehearsal.toml").write_text(faults)
        runbook = page.parse(f"---\nfault: {fault}\n---\n{body}\n", "shop.md")
        return rehearse(runbook, read(tmp_path / "rehearsal.toml"), emulator.copy, tmp_path, **options)

    return run


def verdicts(rehearsal):
    return [command.verdict for command in rehearsal.commands]


def only(rehearsal):
    (command,) = rehearsal.commands
    return command


BUSY = """
$ aws cloudwatch describe-alarms --alarm-names shop-busy --query "MetricAlarms[0].[StateValue,StateReason]" --output text
ALARM	Threshold Crossed: 2 out of the last 3 datapoints [91.5 (28/11/26 20:44:00), 88.0 (28/11/26 20:43:00)] were greater than the threshold (70.0) (minimum 2 datapoints for OK -> ALARM transition).
"""  # noqa: E501 (an answer is one line)
CALM = """
$ aws cloudwatch describe-alarms --alarm-names shop-busy --query "MetricAlarms[0].StateValue" --output text
OK
"""
SECOND = """
$ aws ecs create-cluster --cluster-name second --query cluster.clusterName --output text
second
"""


def test_a_page_whose_answers_are_those_of_the_emulator_matches(rehearsed):
    found = rehearsed(("Check", BUSY), ("Act", SECOND), ("Verify", CALM), fault="eased")
    assert verdicts(found) == ["matched"] * 3
    assert found.ok
    assert found.evenings == (Evening("eased", "The shop is busy.", ("A second shop takes half of the crowd.",)),)
    assert all(step.seconds > 0 for step in found.steps)
    assert shares([found]) == {"commands": 3, "matched": 3, "matched by the emulator": 3}


def test_a_page_that_only_looks_owes_no_turn(rehearsed):
    found = rehearsed(("Check", BUSY), fault="eased")
    assert found.evenings == (Evening("eased", "The shop is busy."),)
    assert found.ok


def test_a_verification_fails_where_the_deed_is_missing_from_the_page(rehearsed):
    found = rehearsed(("Check", BUSY), ("Verify", CALM), fault="eased")
    assert verdicts(found) == ["matched", "differed"]
    assert found.evenings[0].waited == ("A second shop takes half of the crowd.",)
    assert list(found.complaints()) == [
        "shop.md:13: expected 'OK', got 'ALARM'",
        "shop.md: no command of the page brings it about that: A second shop takes half of the crowd.",
    ]


def test_a_threshold_that_the_alarm_does_not_have_is_found(rehearsed):
    assert verdicts(rehearsed(("Check", BUSY.replace("(70.0)", "(75.0)")))) == ["differed"]


def test_a_command_that_the_service_refuses_names_its_line_and_what_was_said(rehearsed):
    found = only(rehearsed(("Act", "$ aws ecs describe-task-definition --task-definition none")))
    assert found.verdict == "differed"
    assert "ClientException" in found.said


def test_variables_and_files_last_from_one_block_to_the_next(rehearsed):
    found = rehearsed(
        ("Check", '$ NAME=$(aws ecs list-clusters --query "clusterArns[0]" --output text | cut -d/ -f2)'),
        ("Check", '$ echo "$NAME" > name.txt'),
        ("Act", "$ jq -R . name.txt\n\"shop\""),
    )  # fmt: skip
    assert found.ok


def test_undos_run_last_the_last_deed_first(rehearsed):
    found = rehearsed(
        ("Act", "$ echo one"), ("Undo", "$ echo undo one\nundo one"),
        ("Act", "$ echo two"), ("Undo", "$ echo undo two\nundo two"), ("Verify", "$ echo seen\nseen"),
    )  # fmt: skip
    assert [command.typed for command in found.commands] == [
        "echo one",
        "echo two",
        "echo seen",
        "echo undo two",
        "echo undo one",
    ]


def test_the_answer_at_which_the_page_is_left_must_not_come(rehearsed):
    assert verdicts(rehearsed(("Abort if", "$ echo 5\n7"))) == ["matched"]
    found = only(rehearsed(("Abort if", "$ echo 5\n5")))
    assert (found.verdict, found.said) == ("differed", "the answer is the one at which the page is left")


def test_what_moto_has_not_is_answered_as_declared_and_counted_so(rehearsed):
    found = rehearsed(
        ("Check", """
$ TASKS=$(aws ecs list-tasks --cluster shop --service-name web --query taskArns --output text)
$ aws ecs describe-tasks --cluster shop --tasks $TASKS --query "tasks[].[startedAt,taskArn]" --output text
2026-11-28T18:46:02+00:00	arn:aws:ecs:us-east-1:123456789012:task/shop/0f1e2d3c4b5a69788796a5b4c3d2e1f0
$ aws ecs stop-task --cluster shop --task 0f1e2d3c4b5a69788796a5b4c3d2e1f0 --query task.desiredStatus --output text
STOPPED
$ GONE=$(aws ecs list-tasks --cluster shop --service-name web --desired-status STOPPED --query taskArns --output text)
$ aws ecs describe-tasks --cluster shop --tasks $GONE --query "tasks[].stoppedReason" --output text
out of memory
"""),
    )  # fmt: skip
    assert not list(found.complaints())
    assert {command.source for command in found.commands} == {"declared"}


def test_metrics_and_log_lines_of_the_fault_are_there(rehearsed):
    date = subprocess.run(["date", "+%s"], env={"PATH": os.defpath}, capture_output=True, text=True, check=True)
    if abs(float(date.stdout) - time.time()) > 60:
        pytest.skip("Python's clock was moved; faketime does not reach `date` behind the wall, which the page asks")
    found = rehearsed(
        ("Check", """
$ aws cloudwatch get-metric-statistics --namespace Shop --metric-name Load --dimensions Name=Shop,Value=one --period 60 \\
    --statistics Average Maximum --start-time "$(date -u -d '-10 minutes' +%FT%TZ)" --end-time "$(date -u +%FT%TZ)" \\
    --query "sort_by(Datapoints,&Timestamp)[].[Timestamp,Average,Maximum]" --output text
2026-11-28T20:42:00+00:00	70.0	70.0
2026-11-28T20:43:00+00:00	80.0	80.0
2026-11-28T20:44:00+00:00	80.0	100.0
$ aws logs filter-log-events --log-group-name /shop --query "events[].message" --output text
ERROR out of stock
"""),
    )  # fmt: skip
    assert not list(found.complaints())


def test_the_public_site_and_its_names_are_stand_ins(rehearsed):
    found = rehearsed(
        ("Check", """
$ curl -s -o /dev/null -w '%{http_code}\\n' https://shop.example/health
503
$ curl -s -o /dev/null -D - 'https://shop.example/health?game=1' | grep -i x-cache
x-cache: Hit
$ dig +short NS shop.example
ns-1024.awsdns-00.org.
"""),
    )  # fmt: skip
    assert not list(found.complaints())
    assert {command.source for command in found.commands} == {"declared"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("curl -s https://example.org/", "no answer is declared for https://example.org/"),
        ("curl -s --connect-to ::example.org:443 https://shop.example/health", "could take the command elsewhere"),
        ("dig +short A example.org", "no answer is declared for A example.org"),
        ("ssh example.org true", "ssh is not among the tools of a rehearsal"),
        ("/usr/bin/curl https://example.org", "it starts /usr/bin/curl"),
        ("true && ../../bin/sh -c id", "it starts ../../bin/sh"),
        ("cat < /dev/tcp/example.org/80", "opens a connection by itself"),
        ("aws ecs list-clusters --endpoint-url https://ecs.us-east-1.amazonaws.com", "elsewhere than to the emulator"),
        ("aws s3 ls --profile mine", "--profile would take the command elsewhere"),
        ("aws logs tail /shop", "aws logs tail is not in version 1"),
        ("python3 -c 'import socket'", "python3 -c is not among the files"),
    ],
)
def test_a_command_that_would_leave_this_machine_is_refused_with_the_reason(rehearsed, typed, said):
    found = only(rehearsed(("Act", f"$ {typed}")))
    assert found.verdict == "refused"
    assert said in found.said


def test_a_command_that_aws_does_not_have_differs_and_says_so(rehearsed):
    found = only(rehearsed(("Act", "$ aws ecs list-cluster")))
    assert found.verdict == "differed"
    assert "Invalid choice" in found.said or "invalid choice" in found.said


def test_a_block_that_the_page_leaves_out_is_counted_with_its_reason(rehearsed):
    found = rehearsed(("Act", SECOND), above="<!-- not rehearsed: GitHub is not here -->")
    assert only(found).verdict == "left out"
    assert only(found).said == "GitHub is not here"
    assert found.ok


def test_nothing_of_the_users_environment_is_seen(rehearsed, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("SECRET_OF_THE_USER", "hunter2")
    found = rehearsed(("Check", "$ env | grep -c -e OF_THE_USER -e PROFILE || true\n0\n$ aws configure get x"))
    assert verdicts(found) == ["matched", "refused"]


def test_a_command_that_does_not_end_is_ended_and_nothing_is_left_running(rehearsed):
    with pytest.raises(RehearsalError, match=r"shop\.md:6: the command did not end within 1 s"):
        rehearsed(("Act", "$ sleep 987"), timeout_s=1)
    time.sleep(0.2)
    assert "sleep 987" not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def test_a_command_that_ends_the_shell_is_said(rehearsed):
    with pytest.raises(RehearsalError, match="ended the shell"):
        rehearsed(("Act", "$ exit 3"))


def test_an_emulator_that_dies_in_the_middle_is_said_in_a_sentence(emulator, tmp_path):
    (tmp_path / "rehearsal.toml").write_text(FAULTS)
    runbook = page.parse(
        '---\nfault: none\n---\n```console title="Check"\n$ echo\n$ aws ecs list-clusters\n```\n', "shop.md"
    )
    copies = []

    @contextlib.contextmanager
    def fresh():
        with emulator.copy() as copy:
            copies.append(copy)
            yield copy

    def die(_what):
        (copy,) = copies
        with contextlib.suppress(ProcessLookupError):
            os.kill(copy.pid, signal.SIGKILL)
        while copy.alive():
            time.sleep(0.01)

    with pytest.raises(RehearsalError, match="the emulated AWS ended in the middle"):
        rehearse(runbook, read(tmp_path / "rehearsal.toml"), fresh, tmp_path, progress=die)


def test_a_page_with_an_open_block_is_not_rehearsed(emulator, tmp_path):
    (tmp_path / "rehearsal.toml").write_text(FAULTS)
    runbook = page.parse('---\nfault: none\n---\n```console title="Check"\n$ echo\n', "shop.md")
    with pytest.raises(RehearsalError, match=r"shop\.md:4:1: the block that begins here is not closed"):
        rehearse(runbook, read(tmp_path / "rehearsal.toml"), emulator.copy, tmp_path)


def one(act):
    """The text of a file with one fault, `a`, of one act."""
    return f'[faults.a]\nsays = "x"\ndo = [{{ {act} }}]'


@pytest.mark.parametrize(
    ("faults", "fault", "said"),
    [
        (FAULTS, "flood", r"the fault 'flood' is not in .*; it has busy, eased, none"),
        ("[faults.a]\ndo = []", "a", "lacks says"),
        ('[faults.a]\nsays = "x"\nwhy = 1', "a", "has a key 'why'"),
        ('[faults.a]\nsays = "x"\n[[faults.a.turns]]\ndo = []', "a", "needs `when`"),
        ("[fault.a]\n", "a", "no table 'fault'"),
        ("[", "a", "cannot be read"),
        ('[linked]\n"../x" = ""\n[faults.a]\nsays = "x"', "a", "is no file of the project"),
        (one('act = "break"'), "a", "there is no act 'break'"),
        (one('act = "ring", alarm = "none"'), "a", "there is no alarm none"),
        (one('act = "ring"'), "a", "the act ring is written wrongly"),
        (one('act = "call", service = "ecz", operation = "x"'), "a", "ecz"),
        (one('act = "call", service = "ecs", operation = "x"'), "a", "ecs has no operation x"),
        (
            one('act = "take", name = "b", service = "ecs", operation = "list_clusters", query = "none"'),
            "a",
            "no text to put by",
        ),
        (
            one('act = "declare", service = "ecs", operation = "x", answer = { a = "$B" }'),
            "a",
            "nothing has been taken",
        ),
        (one('act = "file", name = "../../x"'), "a", "lies outside"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_in_a_sentence(rehearsed, faults, fault, said):
    with pytest.raises(FaultError, match=said):
        rehearsed(("Check", "$ echo"), faults=faults, fault=fault)


def test_files_of_the_project_may_be_started_where_the_faults_link_them(rehearsed, tmp_path):
    Path(tmp_path / "tool.py").write_text("import sys; print(*sys.argv[1:])")
    Path(tmp_path / "tool.sh").write_text(
        "#!/usr/bin/env bash\ncurl -s -o /dev/null -w '%{http_code}\\n' https://shop.example/health\n"
    )
    Path(tmp_path / "tool.sh").chmod(0o755)
    faults = '[linked]\n"tool.py" = "--now 2026-11-27"\n"tool.sh" = ""\n' + FAULTS
    found = rehearsed(("Check", "$ python3 tool.py a\na --now 2026-11-27\n$ ./tool.sh\n503"), faults=faults)
    assert not list(found.complaints())


def test_a_branch_is_rehearsed_apart_with_its_own_fault(emulator, tmp_path):
    text = """---
fault: none
---
```console title="Act"
$ aws ecs create-cluster --cluster-name own --query cluster.clusterName --output text
own
```

<!-- fault: busy -->
```console title="Check"
$ aws ecs list-clusters --query "length(clusterArns)"
1
```
"""
    (tmp_path / "rehearsal.toml").write_text(FAULTS)
    found = rehearse(page.parse(text, "shop.md"), read(tmp_path / "rehearsal.toml"), emulator.copy, tmp_path)
    assert not list(found.complaints())
    assert [evening.fault for evening in found.evenings] == ["none", "busy"]


def test_a_tool_that_the_machine_lacks_is_named(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None if name in {"jq", "curl"} else f"/usr/bin/{name}")
    assert missing() == "curl, jq are not on PATH"
    assert {"bash", "date"} < set(NEEDED)
