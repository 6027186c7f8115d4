"""The workflows are valid, safe by zizmor's rules, harmless in a fork, and refuse to deploy around a game."""

import http.server
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
DELIVERY = [path for path in WORKFLOWS if path.stem.startswith("buzzer-")]
CHANGES_PRODUCTION = [path for path in DELIVERY if path.stem in {"buzzer-apply", "buzzer-image", "buzzer-assets"}]
BIN = Path(sys.executable).parent

# A pull request is planned, an approved plan applied, an image released, assets synchronised, and a release taken back.
PROMISED = {"ci", "nightly", "pages", "buzzer-plan", "buzzer-apply", "buzzer-image", "buzzer-assets", "buzzer-rollback"}


def run(*argv, **options):
    return subprocess.run([str(part) for part in argv], capture_output=True, text=True, check=False, **options)


def by_schema(*paths):
    return run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *paths)


def by_zizmor(*paths):
    return run(BIN / "zizmor", "--offline", "--no-progress", "--persona", "regular", *paths)


def jobs(text):
    return yaml.safe_load(text)["jobs"]


def steps(text):
    return [step for job in jobs(text).values() for step in job["steps"]]


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
    planted.write_text(WORKFLOWS[0].read_text().replace("runs-on:", "run-on:"))
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
    uses = [step["uses"] for step in steps(text) if "uses" in step]
    return [name for name in uses if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", name)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_named_by_commit_with_their_version_beside(path):
    text = path.read_text()
    assert not loose_actions(text)
    assert all(re.search(r"# v\d+\.\d+\.\d+$", line) for line in text.splitlines() if "uses:" in line)


def test_an_action_named_by_tag_is_noticed():
    assert loose_actions("jobs: {a: {steps: [{uses: actions/checkout@v4}]}}") == ["actions/checkout@v4"]


def unguarded(text):
    """Jobs that would start in a repository that has set no variable."""
    all_jobs = jobs(text)
    return [
        name
        for name, job in all_jobs.items()
        if not re.search(r"vars\.\w+ (!=|==) '", str(job.get("if", ""))) and not job.get("needs")
    ]


@pytest.mark.parametrize("path", [path for path in WORKFLOWS if path.stem != "ci"], ids=lambda path: path.stem)
def test_nothing_that_publishes_or_deploys_starts_in_a_fork(path):
    assert not unguarded(path.read_text())


def test_a_job_without_its_guard_is_noticed():
    assert unguarded("jobs: {a: {steps: []}, b: {needs: a, steps: []}}") == ["a"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_no_secret_and_only_the_rights_its_jobs_name(path):
    text = path.read_text()
    workflow = yaml.safe_load(text)
    assert "secrets." not in text
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    assert all("permissions" in job and job["timeout-minutes"] <= 90 for job in workflow["jobs"].values())


def misplaced_freeze(text):
    """Jobs of the production environment that change AWS before they have asked whether a game is on."""
    found = []
    for name, job in jobs(text).items():
        environment = job.get("environment")
        if (environment.get("name") if isinstance(environment, dict) else environment) != "buzzer-production":
            continue
        asks = [index for index, step in enumerate(job["steps"]) if "freeze.py" in step.get("run", "")]
        signs_in = [
            index for index, step in enumerate(job["steps"]) if "configure-aws-credentials" in step.get("uses", "")
        ]
        if not asks or asks[0] > min(signs_in, default=-1):
            found.append(name)
    return found


@pytest.mark.parametrize("path", CHANGES_PRODUCTION, ids=lambda path: path.stem)
def test_what_changes_production_first_asks_whether_a_game_is_on(path):
    text = path.read_text()
    assert "environment: buzzer-production" in text or "name: buzzer-production" in text
    assert not misplaced_freeze(text)


def test_a_deployment_that_does_not_ask_is_noticed():
    text = (ROOT / ".github/workflows/buzzer-image.yml").read_text()
    assert misplaced_freeze(text.replace("freeze.py", "other.py")) == ["release"]


def test_a_failed_release_goes_back_to_the_revision_that_served_and_a_rollback_never_waits_for_a_game():
    text = (ROOT / ".github/workflows/buzzer-image.yml").read_text()
    names = [step.get("id") or step.get("name") for step in steps(text)]
    assert names.index("before") < names.index("deploy") < names.index("Smoke test") < names.index("Take it back")
    back = next(step for step in steps(text) if step.get("name") == "Take it back")
    assert "failure()" in back["if"]
    assert back["env"]["BEFORE"] == "${{ steps.before.outputs.revision }}"
    rollback = (ROOT / ".github/workflows/buzzer-rollback.yml").read_text()
    assert "--status SUCCESSFUL" in rollback
    assert "freeze.py" not in rollback
    assert "list-task-definitions" not in text + rollback, "what was registered may never have been deployed"


@pytest.mark.parametrize("path", DELIVERY, ids=lambda path: path.stem)
def test_the_commands_in_a_workflow_are_sound_bash(path):
    for step in steps(path.read_text()):
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
        done = run(ROOT / ".github/scripts/smoke.sh", url, env=environ)
        server.shutdown()
    assert done.returncode == status, done.stderr
    assert (asked[-6:] == ["/health", "/"] * 3) is (status == 0)


def test_advisories_are_asked_about_every_lock_each_night():
    nightly = (ROOT / ".github/workflows/nightly.yml").read_text()
    assert [step["run"] for step in jobs(nightly)["advisories"]["steps"] if "run" in step] == ["make audit"]
    (command,) = re.findall(r"^audit:.*\n\t(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "pip-audit==" in command
    assert set(re.findall(r"--requirement (\S+)", command)) == {path.name for path in ROOT.glob("*.lock")}
