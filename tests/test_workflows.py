"""The workflows are valid, safe by zizmor's rules, harmless in a fork, and refuse to deploy around a game."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
DELIVERY = ROOT / ".github" / "workflows" / "delivery.yml"
SYSTEMS = sorted(
    path.name
    for path in (ROOT / "terraform" / "stacks").iterdir()
    if any(path.glob("*.tf")) and not path.name.endswith(("_baseline", "_as_written"))
)
CALLERS = [DELIVERY.with_name(f"{system}.yml") for system in SYSTEMS]
SCRIPTS = sorted((ROOT / ".github" / "scripts").glob("*.sh"))
BIN = Path(sys.executable).parent

# A pull request is planned, an approved plan applied, an image released, assets synchronised, and a release taken back.
PROMISED = {"ci", "nightly", "pages", "delivery", *SYSTEMS}


def run(*argv, **options):
    return subprocess.run([str(part) for part in argv], capture_output=True, text=True, check=False, **options)


def by_schema(*paths):
    return run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *paths)


def by_zizmor(*paths):
    return run(BIN / "zizmor", "--offline", "--no-progress", "--persona", "regular", *paths)


def jobs(text):
    return yaml.safe_load(text)["jobs"]


def steps(text):
    return [step for job in jobs(text).values() for step in job.get("steps", ())]


def triggers(text):
    return yaml.safe_load(text)[True]  # YAML 1.1 reads the key `on` as a truth


def test_the_workflows_that_are_promised_exist():
    assert {path.stem for path in WORKFLOWS} >= PROMISED


def test_every_workflow_is_valid_by_githubs_schema():
    done = by_schema(*WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing():
    done = by_zizmor(*WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_a_key_that_github_does_not_know_is_noticed(tmp_path):
    planted = tmp_path / "ci.yml"
    planted.write_text((ROOT / ".github/workflows/ci.yml").read_text().replace("runs-on:", "run-on:"))
    assert by_schema(planted).returncode != 0


@pytest.mark.parametrize(
    ("audit", "old", "new"),
    [
        ("template-injection", "run: .ci/run", "run: echo ${{ github.event.pull_request.title }}"),
        ("unpinned-uses", "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683", "actions/checkout@v4"),
        ("artipacked", "          persist-credentials: false\n", "          fetch-depth: 1\n"),
        ("excessive-permissions", "    permissions:\n      contents: read\n", "    permissions: write-all\n"),
    ],
)
def test_an_unsafe_workflow_is_noticed(tmp_path, audit, old, new):
    text = (ROOT / ".github/workflows/ci.yml").read_text()
    assert old in text
    directory = tmp_path / ".github" / "workflows"
    directory.mkdir(parents=True)
    (directory / "ci.yml").write_text(text.replace(old, new))
    done = by_zizmor(directory / "ci.yml")
    assert done.returncode != 0
    assert audit in done.stdout


def loose_actions(text):
    uses = [step["uses"] for step in (*steps(text), *jobs(text).values()) if "uses" in step]
    uses = [name for name in uses if name != "./.github/workflows/delivery.yml"]  # of the same commit
    return [name for name in uses if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", name)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_named_by_commit_with_their_version_beside(path):
    text = path.read_text()
    assert not loose_actions(text)
    assert all(
        re.search(r"# v\d+\.\d+\.\d+$", line)
        for line in text.splitlines()
        if "uses: ./" not in line and "uses:" in line
    )


def test_an_action_named_by_tag_is_noticed():
    assert loose_actions("jobs: {a: {steps: [{uses: actions/checkout@v4}]}}") == ["actions/checkout@v4"]


def unguarded(text):
    """Jobs that would start in a repository that has set no variable; what starts by a call alone leaves that to who calls."""
    all_jobs = {} if triggers(text).keys() == {"workflow_call"} else jobs(text)
    return [
        name
        for name, job in all_jobs.items()
        if not re.search(r"vars\.\w+ (!=|==) '", str(job.get("if", ""))) and not job.get("needs")
    ]


@pytest.mark.parametrize("path", [path for path in WORKFLOWS if path.stem != "ci"], ids=lambda path: path.stem)
def test_nothing_that_publishes_or_deploys_starts_in_a_fork(path):
    assert not unguarded(path.read_text())


def test_a_job_without_its_guard_is_noticed():
    text = "{on: {push: }, jobs: {a: {steps: []}, b: {needs: a, steps: []}}}"
    assert unguarded(text) == ["a"]
    assert unguarded(text.replace("push", "workflow_call")) == []


def overpowered(text):
    """What a workflow should not have: a secret, rights for all jobs, a job without a limit, runs that overtake each other."""
    workflow = yaml.safe_load(text)
    if "secrets." in text:
        yield "a secret"
    if workflow["permissions"] != {}:
        yield "permissions"
    if "concurrency" not in workflow and triggers(text).keys() != {"workflow_call"}:
        yield "concurrency"
    for name, job in workflow["jobs"].items():
        if "permissions" not in job:
            yield f"{name}: permissions"
        if "uses" not in job and job.get("timeout-minutes", 999) > 90:
            yield f"{name}: timeout-minutes"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_no_secret_and_only_the_rights_its_jobs_name(path):
    assert not list(overpowered(path.read_text()))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("permissions: {}", "permissions: write-all", "permissions"),
        ("${{ inputs.plan_role }}", "${{ secrets.PLAN_ROLE }}", "a secret"),
        ("    timeout-minutes: 90\n", "", "apply: timeout-minutes"),
        ("workflow_call:", "workflow_dispatch:", "concurrency"),
    ],
)
def test_a_workflow_with_too_much_power_is_noticed(old, new, fault):
    text = DELIVERY.read_text()
    assert old in text
    assert fault in list(overpowered(text.replace(old, new)))


# --- delivery


def calls(path):
    """The job that delivers production."""
    return jobs(path.read_text())["delivery"]


def misrouted(text, stack):
    """Environments before production that share a state or values with another, or that production does not wait for."""
    every = jobs(text)
    values = [job["with"].get("values", "terraform.tfvars") for job in every.values()]
    states = [job["with"].get("state", job["with"]["system"]) for job in every.values()]
    environments = [job["with"]["environment"] for job in every.values()]
    yield from (
        f"{name} is there twice" for each in (values, states, environments) for name in each if each.count(name) > 1
    )
    yield from (f"there is no {name}" for name in values if not (stack / name).is_file())
    names = list(every)
    yield from (
        f"{name} waits for nothing" for name in names[1:] if every[name].get("needs") not in names[: names.index(name)]
    )
    for name, job in every.items():
        roles = " ".join(str(job["with"][key]) for key in ("plan_role", "apply_role", "state_bucket"))
        if len(names) > 1 and name != "delivery" and roles.count(f"_{name.upper()}_") != 3:
            yield f"{name} has another's roles"


@pytest.mark.parametrize("path", CALLERS, ids=lambda path: path.stem)
def test_each_environment_has_its_own_state_values_and_roles_and_production_is_last(path):
    assert not list(misrouted(path.read_text(), ROOT / "terraform/stacks" / path.stem))
    assert list(jobs(path.read_text()))[-1] == "delivery"
    for job in jobs(path.read_text()).values():
        assert job["uses"] == "./.github/workflows/delivery.yml"
        assert not mismatched(job["with"], declared())
        assert job["permissions"] == calls(path)["permissions"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("state: engine-dev", "state: engine", "engine is there twice"),
        ("environments/dev.tfvars", "environments/staging.tfvars", "environments/staging.tfvars is there twice"),
        ("environments/dev.tfvars", "environments/test.tfvars", "there is no environments/test.tfvars"),
        ("    needs: staging\n", "", "delivery waits for nothing"),
        ("vars.ENGINE_DEV_APPLY_ROLE_ARN }}", "vars.ENGINE_APPLY_ROLE_ARN }}", "dev has another's roles"),
    ],
)
def test_an_environment_that_would_change_another_is_noticed(old, new, fault):
    text = (DELIVERY.with_name("engine.yml")).read_text()
    assert old in text
    assert fault in list(misrouted(text.replace(old, new), ROOT / "terraform/stacks/engine"))


BOOTSTRAP = ROOT / "terraform" / "bootstrap" / "terraform.tfvars"


def untrusted(text):
    """Environments of the workflows that the role that applies does not trust, and trusted ones that no workflow has."""
    listed = set(re.findall(r'"([^"]+)"', re.search(r"^environments\s*=\s*\[(.*)\]$", text, re.MULTILINE)[1]))
    named = {job["with"]["environment"] for path in CALLERS for job in jobs(path.read_text()).values()}
    return sorted(listed ^ named)


def test_the_role_that_applies_trusts_just_the_environments_of_the_workflows():
    assert untrusted(BOOTSTRAP.read_text()) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [('"engine-staging", ', "", "engine-staging"), ('"engine-dev"', '"engine-dev", "engine-test"', "engine-test")],
)
def test_an_environment_that_cannot_apply_or_that_nothing_uses_is_noticed(old, new, fault):
    text = BOOTSTRAP.read_text()
    assert old in text
    assert untrusted(text.replace(old, new)) == [fault]


def mismatched(given, declared):
    """Inputs that a caller gives and the workflow does not know, or that it needs and does not get."""
    needed = {name for name, about in declared.items() if about.get("required")}
    return sorted(given.keys() - declared.keys() | needed - given.keys())


def declared():
    return triggers(DELIVERY.read_text())["workflow_call"]["inputs"]


@pytest.mark.parametrize("path", CALLERS, ids=lambda path: path.stem)
def test_a_system_is_delivered_by_the_one_workflow_with_its_own_values(path):
    job = calls(path)
    assert job["uses"] == "./.github/workflows/delivery.yml"
    assert not mismatched(job["with"], declared())
    assert job["with"]["system"] == path.stem
    assert job["with"]["environment"].startswith(f"{path.stem}-")
    granted = [rights for each in jobs(DELIVERY.read_text()).values() for rights in each["permissions"].items()]
    assert job["permissions"].items() >= set(granted), "a called workflow has no right that its caller lacks"
    variables = re.findall(r"vars\.(\w+)", path.read_text())
    assert all(name.startswith(f"{path.stem.upper()}_") for name in variables)


def test_an_input_that_is_missing_or_unknown_is_noticed():
    given = calls(CALLERS[0])["with"]
    assert mismatched({**given, "stack": "buzzer"}, declared()) == ["stack"]
    assert mismatched({name: value for name, value in given.items() if name != "plan_role"}, declared()) == [
        "plan_role"
    ]


@pytest.mark.parametrize("path", CALLERS, ids=lambda path: path.stem)
def test_callers_differ_in_their_values_alone(path):
    def shape(path):
        workflow = yaml.safe_load(path.read_text())
        text = repr([workflow["permissions"], workflow["concurrency"], calls(path)["if"], calls(path)["permissions"]])
        return text.replace(path.stem.upper(), "SYSTEM").replace(path.stem, "system")

    assert shape(path) == shape(CALLERS[0])
    on = triggers(path.read_text())
    assert on["push"]["branches"] == ["main"]
    assert on["push"]["paths"] == on["pull_request"]["paths"]
    assert {"terraform/modules/**", f"terraform/stacks/{path.stem}/**"} <= set(on["push"]["paths"])
    rolls_back = "rollback" in str(on["workflow_dispatch"])
    assert rolls_back == ("service" in calls(path)["with"]), "only a service has revisions to go back to"


@pytest.mark.parametrize("path", CALLERS, ids=lambda path: path.stem)
def test_a_system_with_a_calendar_obeys_it(path):
    asked = freeze(ROOT / "terraform/stacks" / path.stem, "2020-01-01T00:00:00Z")
    assert asked.returncode == (0 if calls(path)["with"].get("calendar", True) else 2), asked.stderr


def misplaced_freeze(text):
    """Jobs of the approved environment that change AWS before they have asked whether a game is on."""
    found = []
    for name, job in jobs(text).items():
        if "environment" not in job:
            continue
        asks = [index for index, step in enumerate(job["steps"]) if "freeze.py" in step.get("run", "")]
        signs_in = [
            index for index, step in enumerate(job["steps"]) if "configure-aws-credentials" in step.get("uses", "")
        ]
        if not asks or asks[0] > min(signs_in, default=-1):
            found.append(name)
    return found


def test_what_changes_production_first_asks_whether_a_game_is_on_but_a_rollback_never_waits_for_one():
    text = DELIVERY.read_text()
    assert misplaced_freeze(text) == ["rollback"]
    assert misplaced_freeze(text.replace("freeze.py", "other.py")) == ["apply", "release", "assets", "rollback"]


def test_whoever_changes_aws_is_approved():
    """Only what a role for reading does runs without the environment that asks a person."""
    roles = {
        name: step["with"]["role-to-assume"]
        for name, job in jobs(DELIVERY.read_text()).items()
        for step in job["steps"]
        if "configure-aws-credentials" in step.get("uses", "") and "environment" not in job
    }
    assert roles == {"plan": "${{ inputs.plan_role }}"}


def test_a_failed_release_goes_back_to_the_revision_that_served():
    text = DELIVERY.read_text()
    release = jobs(text)["release"]["steps"]
    names = [step.get("id") or step.get("name") for step in release]
    assert names.index("before") < names.index("deploy") < names.index("Smoke test") < names.index("Take it back")
    back = release[names.index("Take it back")]
    assert "failure()" in back["if"]
    assert back["env"]["BEFORE"] == "${{ steps.before.outputs.revision }}"
    assert "--status SUCCESSFUL" in str(jobs(text)["rollback"])
    assert "list-task-definitions" not in text, "what was registered may never have been deployed"


def test_the_commands_in_the_delivery_are_sound_bash():
    for step in steps(DELIVERY.read_text()):
        if "run" in step:
            done = run("bash", "-n", "-c", step["run"])
            assert done.returncode == 0, done.stderr


# --- the scripts

FIXTURES = """
variable "fixtures" {
  type = list(object({ name = string, kick_off = string }))
  default = [
    { name = "semi", kick_off = "2025-11-18T19:45:00Z" },
    # { name = "moved", kick_off = "2025-11-19T19:45:00Z" },
    { name = "final", kick_off = "2025-11-22T18:00:00Z" },
    { name = "late", kick_off = "2025-11-22T21:30:00Z" },
  ]
}
"""


def freeze(stack, now):
    """The script as a bare runner has it."""
    return run(sys.executable, ROOT / ".github/scripts/freeze.py", stack, "--now", now)


@pytest.mark.parametrize(
    ("now", "status", "words"),
    [
        ("2025-11-18T17:44:59Z", 0, "no game is near (3 known)"),
        ("2025-11-18T17:45:00Z", 1, "from 2025-11-18 17:45 to 2025-11-18 23:45 UTC"),
        ("2025-11-18T23:44:59Z", 1, "from 2025-11-18 17:45 to 2025-11-18 23:45 UTC"),
        ("2025-11-18T23:45:00Z", 0, "no game is near"),
        ("2025-11-19T19:45:00Z", 0, "no game is near"),
        ("2025-11-22T22:30:00Z", 1, "from 2025-11-22 16:00 to 2025-11-23 01:30 UTC"),
        ("2025-11-22T20:00:00+01:00", 2, "is no time in UTC; write it like"),
    ],
)
def test_nothing_is_deployed_from_two_hours_before_kick_off_to_four_after(tmp_path, now, status, words):
    (tmp_path / "variables.tf").write_text(FIXTURES)
    done = freeze(tmp_path, now)
    assert (done.returncode, words in done.stdout + done.stderr) == (status, True), done.stdout + done.stderr


def test_fixtures_are_read_from_json_too_and_a_stack_without_them_or_with_a_bad_time_is_refused(tmp_path):
    assert freeze(tmp_path, "2025-11-18T20:00:00Z").returncode == 2
    given = tmp_path / "fixtures.auto.tfvars.json"
    given.write_text('{"fixtures": [{"name": "semi", "kick_off": "2025-11-18T19:45:00Z"}]}')
    assert freeze(tmp_path, "2025-11-18T20:00:00Z").returncode == 1
    given.write_text('{"fixtures": [{"name": "semi", "kick_off": "Tuesday"}]}')
    done = freeze(tmp_path, "2025-11-18T20:00:00Z")
    assert (done.returncode, done.stderr[:17]) == (2, "freeze: 'Tuesday'")


SESSIONS = """
variable "sessions" { type = map(object({ from = string, to = string, min = number, last = optional(string) })) }
sessions = {
  opening     = { from = "2027-02-06T17:00:00Z", to = "2027-02-06T23:00:00Z", min = 20 }
  competition = { from = "2027-02-08T07:30:00Z", to = "2027-02-08T22:30:00Z", min = 20, last = "2027-02-10T23:00:00Z" }
}
"""


@pytest.mark.parametrize(
    ("now", "status", "words"),
    [
        ("2027-02-06T14:59:59Z", 0, "no game is near (4 known)"),
        ("2027-02-06T15:00:00Z", 1, "from 2027-02-06 15:00 to 2027-02-07 00:00 UTC"),
        ("2027-02-07T12:00:00Z", 0, "no game is near"),
        ("2027-02-10T23:29:59Z", 1, "from 2027-02-10 05:30 to 2027-02-10 23:30 UTC"),
        ("2027-02-11T12:00:00Z", 0, "no game is near"),
    ],
)
def test_a_session_that_comes_back_every_day_is_a_game_every_day(tmp_path, now, status, words):
    (tmp_path / "terraform.tfvars").write_text(SESSIONS)
    done = freeze(tmp_path, now)
    assert (done.returncode, words in done.stdout) == (status, True), done.stdout + done.stderr


@pytest.mark.parametrize(("failures", "status"), [(0, 0), (4, 0), (1000, 1)])
def test_the_smoke_test_passes_after_three_good_answers_in_a_row(failures, status):
    asked = []

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(503 if len(asked) <= failures else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        environ = {**os.environ, "SMOKE_PAUSE_S": "0", "no_proxy": "127.0.0.1"}
        done = run(ROOT / ".github/scripts/smoke.sh", url, "/health", "/", env=environ)
        server.shutdown()
    assert done.returncode == status, done.stderr
    assert (asked[-6:] == ["/health", "/"] * 3) is (status == 0)


AWS = """#!/usr/bin/env python3
# Answers from the table in $ANSWERS, by the first row whose words all stand in the command, and notes the command in $LOG.
import json, os, sys
said = " ".join(sys.argv[1:])
print(said, file=open(os.environ["LOG"], "a"))
for words, answer in json.loads(os.environ["ANSWERS"]):
    if all(word in said for word in words.split()):
        print(answer)
        sys.exit(answer == "fails")
sys.exit(255)
"""


@pytest.fixture
def aws(tmp_path):
    """Runs a script with an aws of the test's: what it printed, and the commands that it typed."""
    binary = tmp_path / "bin" / "aws"
    binary.parent.mkdir()
    binary.write_text(AWS)
    binary.chmod(0o755)
    log = tmp_path / "log"

    def typed(answers, *argv, **environ):
        log.write_text("")
        path = f"{binary.parent}:{os.environ['PATH']}"
        done = run(
            *argv,
            env={**os.environ, "PATH": path, "ANSWERS": json.dumps(answers), "LOG": str(log), **environ},
            cwd=ROOT,
        )
        return done, log.read_text().splitlines()

    return typed


@pytest.mark.parametrize(
    ("serving", "state", "status"), [("td:8", "COMPLETED", 0), ("td:7", "COMPLETED", 1), ("td:8", "IN_PROGRESS", 1)]
)
def test_a_deployment_succeeds_only_when_its_revision_serves(aws, serving, state, status):
    answers = [
        ("wait services-stable", ""),
        ("update-service", "ecs-svc/1"),
        ("describe-services", f"{serving}\t{state}"),
    ]
    done, typed = aws(answers, ROOT / ".github/scripts/deploy.sh", "cluster", "service", "td:8")
    assert done.returncode == status, done.stderr
    assert "--task-definition td:8" in typed[0]


def test_what_serves_is_noted_for_the_next_apply_and_what_does_not_serve_is_not(aws):
    table = [
        ("wait", ""),
        ("update-service", "ecs-svc/1"),
        ("describe-task-definition td:8", "api@sha256:new"),
        ("put-parameter", "2"),
    ]
    script = ROOT / ".github/scripts/deploy.sh"
    good, typed = aws([*table, ("describe-services", "td:8\tCOMPLETED")], script, "c", "s", "td:8", "/stand/image")
    assert good.returncode == 0, good.stderr
    assert "--name /stand/image --type String --overwrite --value api@sha256:new" in typed[-1]
    bad, typed = aws([*table, ("describe-services", "td:7\tCOMPLETED")], script, "c", "s", "td:8", "/stand/image")
    assert bad.returncode == 1
    assert not any("put-parameter" in command for command in typed)


def test_an_apply_writes_one_thing_at_a_time_and_says_what_time_it_is():
    """Application Auto Scaling refuses two writes at once, and a game that is over needs no schedule."""
    commands = "\n".join(step.get("run", "") for step in steps(DELIVERY.read_text()))
    assert re.search(r"terraform apply .*-parallelism=1 ", commands)
    assert re.search(r"TF_VAR_now=.*\n *export TF_VAR_now\n *terraform plan", commands)


def test_a_slow_deployment_is_waited_for_three_times_and_no_more(aws):
    answers = [("wait", "fails"), ("update-service", "ecs-svc/1"), ("describe-services", "td:8\tIN_PROGRESS")]
    done, typed = aws(answers, ROOT / ".github/scripts/deploy.sh", "cluster", "service", "td:8")
    assert done.returncode == 1
    assert sum("wait" in command for command in typed) == 3


@pytest.mark.parametrize(
    ("pushed", "delivered", "named"),
    [
        ("sha256:new", "other", {"image", "assets"}),
        ("sha256:old", "other", {"assets"}),
        ("fails", "same", {"image"}),
        ("sha256:old", "same", set()),
    ],
)
def test_only_what_serves_another_content_is_released(aws, pushed, delivered, named):
    content = run("git", "rev-parse", "HEAD:docs", cwd=ROOT).stdout.strip()
    answers = [
        ("describe-images", pushed),
        ("describe-services", "td:7"),
        ("describe-task-definition td:7", "registry/api@sha256:old"),
        ("s3 cp", content if delivered == "same" else "other"),
    ]
    settings = {
        "APP": "docs",
        "ASSETS": "docs",
        "REPOSITORY": "registry/api",
        "CLUSTER": "c",
        "SERVICE": "s",
        "BUCKET": "b",
    }
    done, _ = aws(answers, ROOT / ".github/scripts/compare.sh", **settings)
    assert done.returncode == 0, done.stderr
    assert {line.partition("=")[0] for line in done.stdout.splitlines()} == named
    assert all(line.partition("=")[2] == content for line in done.stdout.splitlines())


def test_a_folder_that_is_not_there_has_nothing_to_release(aws):
    done, typed = aws([], ROOT / ".github/scripts/compare.sh", APP="no/such/folder", ASSETS="")
    assert (done.returncode, done.stdout, typed) == (0, "", [])


def test_advisories_are_asked_about_every_lock_each_night():
    nightly = (ROOT / ".github/workflows/nightly.yml").read_text()
    assert [step["run"] for step in jobs(nightly)["advisories"]["steps"] if "run" in step] == ["make audit"]
    (command,) = re.findall(r"^audit:.*\n\t(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "pip-audit==" in command
    assert set(re.findall(r"--requirement (\S+)", command)) == {path.name for path in ROOT.glob("*.lock")}
