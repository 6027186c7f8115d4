"""The commands of a guide are typed at an emulated AWS, and its scripts run as they stand, with each call and its line."""

from pathlib import Path

import pytest

from analysis.emulator import running
from analysis.rehearsal import guide
from analysis.rehearsal.faults import FaultError
from analysis.rehearsal.shell import missing
from analysis.sandbox import Confinement

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing() or "nothing")]
walled = pytest.mark.skipif(not Confinement((Path.cwd(),)).stands(), reason="this machine offers no wall")

PLAN = """
stack = "terraform/stacks/shop"
linked = ["deploy.sh"]
[values]
"sg-xxx" = "$topic"
[files]
"name.txt" = 12
[world]
do = [
  { act = "call", service = "sns", operation = "create_topic", parameters = { Name = "shop" } },
  { act = "take", name = "topic", service = "sns", operation = "list_topics", query = "Topics[0].TopicArn" },
]
[[before]]
line = 30
do = [{ act = "call", service = "ecs", operation = "create_cluster", parameters = { clusterName = "shop" } }]
[left_out.kinds]
docker = "It needs Docker."
[left_out.lines]
40 = "It opens an editor."

[[scripts]]
name = "release"
do = [{ act = "call", service = "ecs", operation = "create_cluster", parameters = { clusterName = "shop" } }]
variants = [
  { title = "As written", file = "written.sh", starts = 100, arguments = ["shop"] },
  { title = "Corrected", file = "written.sh", starts = 100, arguments = ["shop"], corrected = true },
  { title = "Ours", workflow = "delivery.yml", job = "release", steps = ["Look", "Deploy"], environment = { NAME = "shop" } },
]
state = [{ says = "Clusters", service = "ecs", operation = "list_clusters", query = "sort(clusterArns)" }]
"""
WRITTEN = """#!/bin/bash
# Releases
set -e
NAME="$1"
echo "Releasing $NAME"
aws ecs list-clusters --output text --query 'clusterArns[0]'
MADE=$(aws ecs create-cluster \\
  --cluster-name "$NAME-new" \\
  --colour blue)
echo "never said"
"""
SHOP = "arn:aws:ecs:us-east-1:123456789012:cluster/shop"
WRONG = 'aws ecs create-cluster \\\n  --cluster-name "$NAME-new" \\\n  --colour blue'
RIGHT = 'aws ecs create-cluster --cluster-name "$NAME-new"'
DELIVERY = """
jobs:
  release:
    steps:
      - name: Look
        id: look
        run: |
          aws sts get-caller-identity
          echo "cluster=$NAME-new" >> "$GITHUB_OUTPUT"
      - name: Deploy
        env:
          CLUSTER: ${{ steps.look.outputs.cluster }}
          ENDING: 2
        run: ./deploy.sh "$CLUSTER-$ENDING"
"""


@pytest.fixture(scope="module")
def emulator():
    with running() as found:
        yield found


@pytest.fixture
def root(tmp_path):
    for name, text in (("executed.toml", PLAN), ("written.sh", WRITTEN), ("delivery.yml", DELIVERY)):
        (tmp_path / name).write_text(text)
    deploy = tmp_path / "deploy.sh"
    deploy.write_text(
        '#!/usr/bin/env bash\nset -eu\naws ecs create-cluster --cluster-name "$1" --query cluster.status\n'
    )
    deploy.chmod(0o755)
    return tmp_path


@pytest.fixture
def plan(root):
    return guide.read(root / "executed.toml", "shop/executed.toml")


def typed(plan, emulator, *lines):
    made = [guide.Line(number, "4", kind, text, why) for number, kind, text, why in lines]
    return guide.type_lines(made, {"name.txt": "shop\n"}, plan, emulator.copy, Path.cwd())


def test_lines_share_a_shell_their_files_and_what_was_done_before_and_each_has_its_exit_status(plan, emulator):
    found = typed(
        plan, emulator,
        (10, "aws", "NAME=$(cat name.txt)", ""),
        (20, "aws", "aws ecs describe-clusters --clusters $NAME --query 'failures[0].reason'", ""),
        (30, "aws", "aws ecs describe-clusters --clusters $NAME | jq -e '.clusters[0].clusterName'", ""),
        (31, "aws", "aws ecs describe-clusters --clusters $NAME | jq -e '.failures[0]'", ""),
        (32, "aws", "aws sns get-topic-attributes --topic-arn sg-xxx", ""),
        (33, "aws", "aws sns get-topic-attributes --topic-arn arn:aws:sns:us-east-1:123456789012:none", ""),
    )  # fmt: skip
    assert [(one.line, one.verdict, one.status, one.source) for one in found] == [
        (10, "executed", 0, "shell"), (20, "executed", 0, "emulator"), (30, "executed", 0, "emulator"),
        (31, "failed", 1, "emulator"), (32, "executed", 0, "emulator"), (33, "failed", 255, "emulator"),
    ]  # fmt: skip
    assert "NotFound" in found[-1].said


def test_a_call_that_fails_in_a_pipe_or_that_aws_refuses_is_not_executed_whatever_the_shell_says(plan, emulator):
    found = typed(
        plan, emulator,
        (1, "aws", "aws sns get-topic-attributes --topic-arn arn:aws:sns:us-east-1:123456789012:none | cat", ""),
        (2, "aws", "aws ecs list-task-definitions --sort NONE", ""),
    )  # fmt: skip
    assert [(one.verdict, one.status) for one in found] == [("failed", 0), ("failed", 0)]
    assert found[1].said.startswith("AWS refuses ListTaskDefinitions, which the emulator answers: sort is NONE")


def test_what_may_not_run_here_and_what_is_left_out_say_why(plan, emulator):
    found = typed(
        plan, emulator,
        (1, "docker", "docker ps", ""), (40, "shell", "vi", ""), (41, "shell", "x", "No program is given."),
        (42, "shell", "npm ci", ""),
    )  # fmt: skip
    assert [(one.verdict, one.said) for one in found] == [
        ("left out", "It needs Docker."), ("left out", "It opens an editor."), ("left out", "No program is given."),
        ("refused", "npm is not among the tools of a rehearsal"),
    ]  # fmt: skip


@walled
def test_a_script_as_written_ends_at_its_line_corrected_it_goes_on_and_ours_hands_outputs_on(plan, root, emulator):
    (script,) = plan.scripts
    written, corrected, ours = (
        guide.run_script(script, variant, [(WRONG, RIGHT)], plan, emulator.copy, root) for variant in script.variants
    )
    assert [(call.line, call.typed, call.answered) for call in written.calls] == [
        (105, "aws ecs list-clusters", "ListClusters 200"), (106, "aws ecs create-cluster", ""),
    ]  # fmt: skip
    assert (written.ended, written.status > 0, written.state) == (106, True, {"Clusters": SHOP})
    assert "--colour" in written.said
    assert (corrected.ended, corrected.status, corrected.last) == (0, 0, "never said")
    assert corrected.state == {"Clusters": f"{SHOP}, {SHOP}-new"}
    assert ours.state == {"Clusters": f"{SHOP}, {SHOP}-new-2"}
    assert [call.answered for call in ours.calls] == ["GetCallerIdentity 200", "CreateCluster 200"]
    assert ours.status == 0


@walled
def test_a_call_that_only_aws_refuses_ends_a_script_on_aws(plan, root, emulator):
    (root / "written.sh").write_text(
        "aws ecs list-task-definitions --sort NONE --query 'taskDefinitionArns'\necho done\n"
    )
    (script,) = plan.scripts
    found = guide.run_script(script, script.variants[0], [], plan, emulator.copy, root)
    assert (found.status, found.ended, found.last) == (0, 100, "done")
    assert "sort is NONE" in found.said


@walled
@pytest.mark.parametrize(
    ("file", "old", "new", "wanted"),
    [
        ("delivery.yml", "steps.look.outputs.cluster", "secrets.CLUSTER", "and `environment` gives it no value"),
        ("delivery.yml", "name: Deploy", "name: Ship", "has no step 'Deploy' that runs a command"),
        ("delivery.yml", "release:", "ship:", "the job 'release' cannot be read: 'release'"),
        ("delivery.yml", "id: look", "id: look\n        shell: pwsh", "step 'Look': the shell 'pwsh' is not run here"),
    ],
)  # fmt: skip
def test_a_workflow_that_is_not_what_the_plan_says_is_refused(plan, root, emulator, file, old, new, wanted):
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))
    (script,) = plan.scripts
    with pytest.raises(FaultError, match=wanted):
        guide.run_script(script, script.variants[2], [], plan, emulator.copy, root)


@walled
@pytest.mark.parametrize(
    ("old", "new", "ends"),
    [
        ("", "", True),
        ("        id: look\n", "        id: look\n        shell: bash\n", False),
        ("    steps:\n", "    defaults:\n      run:\n        shell: bash\n    steps:\n", False),
        ("jobs:\n", "defaults:\n  run:\n    shell: bash\njobs:\n", False),
    ],
)  # fmt: skip
def test_a_step_runs_with_the_flags_that_its_workflow_gives_its_shell(plan, root, emulator, old, new, ends):
    """GitHub runs a step that names no shell without pipefail, so that a failure before a pipe ends nothing."""
    failing = DELIVERY.replace(
        "aws sts get-caller-identity\n", "aws sts get-caller-identity\n          grep nothing /dev/null | cat\n"
    )
    (root / "delivery.yml").write_text(failing.replace(old, new))
    (script,) = plan.scripts
    found = guide.run_script(script, script.variants[2], [], plan, emulator.copy, root)
    assert (found.status == 0) is ends


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("stack = 5", "stack is 5, and no text"),
        ('stack = "x"\nfiles = 3', "files is 3, and no table"),
        ("stack = 1\nfault = 2", "there is no table 'fault'"),
        ("[world]\ndo = []", "is written wrongly: 'stack'"),
        ('stack = "x"\n[world]\ndo = [{ act = "dance" }]', "there is no act 'dance'"),
        ("stack =", "cannot be read"),
    ],
)
def test_a_plan_that_cannot_be_used_says_why(tmp_path, text, wanted):
    (tmp_path / "executed.toml").write_text(text)
    with pytest.raises(FaultError, match=wanted):
        guide.read(tmp_path / "executed.toml", "executed.toml")
