"""`gameday validate --apply` where it goes wrong: a sentence, exit status 2, and nothing left running."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patience import at_last

pytest.importorskip("moto", reason="moto is not installed")

pytestmark = pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc to look into")

ROOT = Path(__file__).parents[2]

# Terraform as far as a run needs it: it says its version, is initialised at once, and applies for a minute.
PRETENDED = """#!{python}
import json, sys, time
if sys.argv[1] == "version":
    print(json.dumps({{"terraform_version": "1.11.4"}}))
elif sys.argv[1] == "apply":
    time.sleep(60)
"""


@pytest.fixture
def stack(tmp_path):
    """A stack, and a Terraform that only pretends."""
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "main.tf").write_text('resource "aws_sns_topic" "page" {\n  name = "page"\n}\n')
    (tmp_path / "bin").mkdir()
    terraform = tmp_path / "bin" / "terraform"
    terraform.write_text(PRETENDED.format(python=sys.executable))
    terraform.chmod(0o755)
    return tmp_path / "stack"


def begun(stack, *more):
    environ = {**os.environ, "PATH": f"{stack.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    argv = [sys.executable, "-m", "analysis", "validate", "--apply", str(stack), *more]
    return subprocess.Popen(argv, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def applying(stack):
    """The id of the pretended Terraform, once it applies; behind its wall it could not say it itself."""
    words = [str(stack.parent / "bin" / "terraform"), "apply"]
    pids = []

    def there():
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if entry.read_text().split("\0")[1:3] == words:
                    pids.append(int(entry.parent.name))
        return pids

    at_last(there)
    return pids[0]


def emulators_of(pid):
    """The emulators that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
            command = (entry / "cmdline").read_text()
        except (OSError, IndexError):
            continue
        if parent == str(pid) and "analysis.emulator.server" in command:
            found.append(int(entry.name))
    return found


def gone(pid):
    """Waits until a process is no more, and fails where it stays."""

    def ended():
        try:
            return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            return True

    at_last(ended)
    return True


@pytest.mark.slow
def test_an_emulator_that_dies_in_the_middle_is_a_sentence_and_takes_terraform_with_it(stack):
    process = begun(stack)
    terraform = applying(stack)
    (emulator,) = emulators_of(process.pid)
    os.kill(emulator, signal.SIGKILL)
    _, said = process.communicate()
    assert process.returncode == 2
    assert "ended with status -9 while it was needed" in said
    assert "Traceback" not in said
    assert gone(terraform)


@pytest.mark.slow
@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "asked to end"])
def test_nothing_is_left_running_when_it_is_interrupted(stack, sign):
    process = begun(stack)
    terraform = applying(stack)
    (emulator,) = emulators_of(process.pid)
    process.send_signal(sign)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert gone(terraform)
    assert gone(emulator)


@pytest.mark.slow
def test_code_that_does_not_evaluate_is_its_own_sentence_and_starts_nothing(stack):
    (stack / "main.tf").write_text('resource "aws_sns_topic" "page" {\n  name = local.nothing\n}\n')
    process = begun(stack)
    _, said = process.communicate()
    assert process.returncode == 2
    assert "main.tf:2" in said
    assert not (stack.parent / "pid").exists()


@pytest.mark.slow
def test_what_terraform_says_against_a_stack_is_a_finding(stack):
    terraform = stack.parent / "bin" / "terraform"
    error = {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "no such thing", "detail": "really"}}
    terraform.write_text(
        terraform.read_text().replace("    time.sleep(60)", f"    print({json.dumps(error)!r})\n    sys.exit(1)")
    )
    process = begun(stack, "--json")
    out, said = process.communicate()
    assert process.returncode == 1, said
    (found,) = json.loads(out)
    assert found["phases"][0] | {"seconds": 0} == {
        "name": "apply",
        "status": "failed",
        "seconds": 0,
        "message": "terraform apply failed: .:1:1: error: no such thing: really",
        "details": [".:1:1: error: no such thing: really"],
    }
    assert {phase["status"] for phase in found["phases"][1:]} == {"skipped"}


def test_a_record_under_other_values_than_the_stacks_own_is_refused():
    from typer.testing import CliRunner

    from analysis.commands import app

    said = CliRunner().invoke(app, ["validate", "--record", "--var", "a=1", "terraform/stacks/buzzer"])
    assert said.exit_code == 2
    assert "--record keeps what Terraform says of a stack's own values" in said.output
