"""A migration is data: what its file says, what it may not say, and what a plan is made of."""

import contextlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from analysis.commands import app
from analysis.migration import MigrationError, changes, difference, findings, partial, read, stage_findings
from analysis.migration.changes import Change
from analysis.migration.stages import matches, order_findings
from analysis.validation.terraform_cli import TerraformError, Workspace

ROOT = Path(__file__).parents[2]
FILE = ROOT / "terraform" / "migrations" / "buzzer.toml"
STACKS = ROOT / "terraform" / "stacks"

DB = "aws_db_instance.main"
ONE = """
title = "One"
from = "old"
to = "new"

[[stage]]
name = "alarms"
title = "Alarms"
why = "First."
brings = ["aws_sns_topic.*"]
minutes = 1
quiet = "Nothing serves."
back = "Leave them."

[[stage]]
name = "class"
title = "Class"
why = "Then."
brings = ["aws_db_instance.main: instance_class multi_az"]
minutes = 1
quiet = "Nothing serves."
back = "Back."

[[stage.allow]]
rule = "DB-05"
address = "aws_db_instance.*"
reason = "In a quiet hour."
"""


@pytest.fixture
def write(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()

    def written(text=ONE):
        path = tmp_path / "one.toml"
        path.write_text(text)
        return path

    return written


def updated(before, after, address=DB, **given):
    return Change(address, address.split(".")[-2], "update", before, after, **given)


def test_a_stage_brings_what_its_lines_cover_and_the_first_that_does_owns_it(write):
    migration = read(write())
    assert migration.owner(DB, "multi_az").name == "class"
    assert migration.owner(DB, "port") is None
    assert migration.owner("aws_sns_topic.pages").name == "alarms"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Alarms"', "", "one.toml:6: stage[0].title: is missing"),
        ("minutes = 1", 'minutes = "soon"', "one.toml:11: stage[0].minutes: must be a number"),
        ('brings = ["aws_sns_topic.*"]', "brings = []", "nothing to do is no stage"),
        ('name = "class"', 'name = "alarms"', "is 'alarms' twice"),
        ('to = "new"', 'to = "newer"', "names newer, which is no directory"),
        ('title = "One"', "title = One", "one.toml:2:"),
        ('quiet = "Nothing serves."', "", "name the faults that the change resembles"),
        ('quiet = "Nothing serves."', 'risk = ["deployment"]', "a night needs the profile of what runs"),
        ('title = "One"', 'title = "One"\ntypo = 1', "typo"),
        ('from = "old"', 'from = "old"\nstate = "gone"', "one.toml:4: state: names gone"),
        ("instance_class multi_az", " ", "names no argument after its colon"),
    ],
)
def test_a_file_that_says_something_impossible_is_refused_with_its_line(write, old, new, said):
    with pytest.raises(MigrationError) as refused:
        read(write(ONE.replace(old, new, 1)))
    assert said in str(refused.value)


def test_a_line_that_names_nothing_in_the_plan_is_refused_with_its_line(write):
    migration = read(write())
    whole = (updated({"multi_az": False}, {"multi_az": True}),)
    with pytest.raises(
        MigrationError, match=r"one\.toml:10: stage alarms: 'aws_sns_topic\.\*', but .* holds no such address"
    ):
        order_findings(migration, whole)
    topic = Change("aws_sns_topic.pages", "aws_sns_topic", "create")
    still = (topic, updated({"port": 1}, {"port": 2}))
    with pytest.raises(MigrationError, match=r"one\.toml:19: stage class: .* changes none of these arguments there"):
        order_findings(migration, still)
    both = (topic, updated({"multi_az": False, "port": 1}, {"multi_az": True, "port": 2}))
    assert order_findings(migration, both) == (
        "aws_db_instance.main: port changes, and no stage of one.toml brings it",
    )


def test_what_a_stage_changes_without_saying_so_is_named_with_the_stage_that_brings_it(write):
    migration = read(write())
    alarms, _ = migration.stages
    found = stage_findings(migration, alarms, (updated({"multi_az": True}, {"multi_az": False}),))
    order = next(one for one in found if one.rule == "ORDER-01")
    assert "stage class brings it" in order.says
    assert order.blocks


def test_a_deletion_before_the_last_stage_is_named_and_one_of_data_in_any(write):
    migration = read(write())
    gone = (Change(DB, "aws_db_instance", "delete"),)
    assert {"ORDER-02", "KEEP-01"} <= {one.rule for one in stage_findings(migration, migration.stages[0], gone)}
    assert "ORDER-02" not in {one.rule for one in stage_findings(migration, migration.stages[1], gone)}


def test_a_reason_takes_a_risk_and_never_a_loss(write):
    migration = read(write())
    stage = migration.stages[1]
    before = {"instance_class": "db.t3.micro", "multi_az": True}
    larger = updated(before, {**before, "instance_class": "db.t4g.medium"})
    (taken,) = stage_findings(migration, stage, (larger,))
    assert (taken.rule, taken.allowed, taken.blocks) == ("DB-05", "In a quiet hour.", False)
    lost = replace(larger, action="replace", forces=frozenset({"instance_class"}))
    generous = replace(stage, allow=tuple(replace(one, rules=("KEEP-02", "DB-05")) for one in stage.allow))
    assert any(one.rule == "KEEP-02" and one.blocks for one in stage_findings(migration, generous, (lost,)))


def test_a_task_definition_is_replaced_only_where_the_old_revision_stays():
    old = {"cpu": "256", "skip_destroy": False}
    new = Change(
        "aws_ecs_task_definition.a",
        "aws_ecs_task_definition",
        "replace",
        old,
        {"cpu": "512"},
        forces=frozenset({"cpu"}),
    )
    assert "KEEP-03" in {one.rule for one in findings((new,))}
    kept = replace(new, before={**old, "skip_destroy": True})
    assert "KEEP-03" not in {one.rule for one in findings((kept,))}


def test_the_way_back_leaves_what_the_stage_says_stays(write):
    migration = read(write())
    stays = replace(migration.stages[1], stays=migration.stages[1].brings)
    whole = (updated({"multi_az": False}, {"multi_az": True}),)
    assert partial.held(migration, whole, 0)[0].arguments == {"multi_az": False}
    assert partial.held(migration, whole, 0, leaving=stays) == ()
    assert partial.held(migration, whole, 1) == ()


def test_what_is_held_back_is_written_as_configuration(write):
    migration = read(
        write(
            ONE.replace("instance_class multi_az", "health_check stickiness deregistration_delay name_prefix").replace(
                DB, "aws_lb_target_group.a"
            )
        )
    )
    check = {"path": "/${x}", "interval": 30, "port": "", "protocol": None}
    before = {"health_check": [check], "stickiness": [], "deregistration_delay": "300", "name_prefix": ""}
    after = {
        "health_check": [{}],
        "stickiness": [{"type": "lb_cookie"}],
        "deregistration_delay": "30",
        "name_prefix": "a",
    }
    (held,) = partial.held(migration, (updated(before, after, "aws_lb_target_group.a"),), 0)
    assert held.arguments == {
        "health_check": [{"path": "/$${x}", "interval": 30}],
        "dynamic": {"stickiness": {"for_each": [], "content": {}}},
        "deregistration_delay": "300",
        "name_prefix": None,
    }


def test_a_module_that_is_called_twice_is_not_held_back_in_one_call(write):
    migration = read(write(ONE.replace(DB, "module.a.aws_db_instance.main")))
    whole = (updated({"multi_az": False}, {"multi_az": True}, "module.a.aws_db_instance.main"),)
    frozen = partial.held(migration, whole, 0)
    both = {"": Path(), "a": Path("m"), "b": Path("m")}
    with pytest.raises(MigrationError, match=r"its module is called 2 times \(a, b\)"):
        partial.overrides(frozen, (), both)
    assert partial.overrides(frozen, (), {"a": Path("m")})[Path("m")]["resource"]["aws_db_instance"]["main"] == {
        "multi_az": False
    }


def test_a_secret_is_never_written_into_a_file(write):
    migration = read(write(ONE.replace("instance_class multi_az", "password")))
    with pytest.raises(MigrationError, match="password is a secret"):
        partial.held(migration, (updated({"password": "a"}, {"password": "b"}),), 0)


values = st.dictionaries(st.sampled_from(["multi_az", "port", "iops"]), st.integers(0, 2))


@given(values, values, values)
def test_what_one_plan_does_beyond_another_leads_from_the_one_to_the_other(start, middle, end):
    def planned(after):
        return Change(DB, "aws_db_instance", "update" if after != start else "no-op", start, after)

    step = difference((planned(middle),), (planned(end),))
    now = middle if planned(middle).action != "no-op" else start
    differing = {name for name in {*now, *end} if now.get(name) != end.get(name)}
    if planned(end).action == "no-op":
        assert step == ()
    else:
        assert set(step[0].attributes if step else ()) == differing


def test_an_argument_that_is_known_to_neither_plan_changes_where_what_it_refers_to_is_made_anew():
    made = Change(
        "aws_ecs_task_definition.a",
        "aws_ecs_task_definition",
        "replace",
        {"cpu": "1"},
        {"cpu": "2"},
        forces=frozenset({"cpu"}),
    )
    again = replace(made, after={"cpu": "4"})
    service = Change(
        "aws_ecs_service.a", "aws_ecs_service", "update", {"task_definition": "a:1"}, {},
        unknown=frozenset({"task_definition"}), rests_on={"task_definition": frozenset({"aws_ecs_task_definition.a"})},
    )  # fmt: skip
    steps = {one.address: one for one in difference((made, service), (again, service))}
    assert steps["aws_ecs_service.a"].attributes == ("task_definition",)
    assert difference((made, service), (made, service)) == ()


def test_a_plan_is_read_argument_by_argument():
    resource = {"address": "aws_lb.a", "expressions": {"name": {"references": ["var.n"]}}}
    change = {
        "actions": ["delete", "create"],
        "replace_paths": [["name"]],
        "before": {"name": "b", "arn": "arn", "idle_timeout": 60, "ip_address_type": "ipv4", "tags": None},
        "after": {"idle_timeout": 60, "tags": {}},
        "after_unknown": {"name": True, "arn": True, "ip_address_type": True, "subnets": [False]},
    }
    managed = {"type": "aws_lb", "mode": "managed", "previous_address": "aws_lb.b", "change": change}
    data = {"address": "data.aws_region.a", "type": "aws_region", "mode": "data", "change": {"actions": ["read"]}}
    plan = {
        "configuration": {"root_module": {"resources": [resource]}},
        "resource_changes": [{"address": 'aws_lb.a["x.y"]', **managed}, data],
    }
    (one,) = changes(plan)
    assert (one.action, one.moved_from, one.create_first, one.forces) == ("replace", "aws_lb.b", False, {"name"})
    # The address type is filled in by the provider, the subnets are known, an empty map is as good as none.
    assert one.attributes == ("name",)


@pytest.mark.parametrize(
    ("glob", "address", "does"),
    [
        ("a.b*", "a.b[0]", True),
        ("a.b[0]", "a.b[0]", True),
        ("a.b[0]", "a.b0", False),
        ("*: x", "a", False),
        ("*.b", "a.c.b", True),
    ],
)
def test_only_the_star_of_a_glob_is_special(glob, address, does):
    assert matches(glob, address) is does


def refusal(*arguments):
    done = CliRunner().invoke(app, ["migrate", *map(str, arguments)])
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    return " ".join(done.output.split())


@pytest.mark.parametrize("flags", [["--sample"], ["--apply", "--sample", "--record"]])
def test_flags_that_do_not_go_together_are_refused(flags):
    assert "--" in refusal(STACKS / "buzzer_baseline", STACKS / "buzzer", *flags)


def test_a_pair_of_stacks_without_a_migration_is_refused():
    said = refusal(STACKS / "buzzer", STACKS / "buzzer_baseline")
    assert "write one and name it with --migration" in said
    assert "leads from buzzer_baseline to buzzer" in refusal(STACKS / "buzzer", STACKS / "buzzer", "--migration", FILE)


def test_a_source_that_does_not_evaluate_is_refused_with_its_line(write, tmp_path):
    path = write()
    (tmp_path / "old" / "main.tf").write_text('resource "aws_sns_topic" "a" {\n  name = nowhere.at.all\n}\n')
    (tmp_path / "new" / "main.tf").write_text('resource "aws_sns_topic" "a" {}\n')
    assert "main.tf:2" in refusal(tmp_path / "old", tmp_path / "new", "--migration", path)


def test_a_migration_without_a_state_says_how_to_get_one(write, tmp_path):
    path = write()
    for name in ("old", "new"):
        (tmp_path / name / "main.tf").write_text('resource "aws_sns_topic" "a" {}\n')
    assert "terraform state pull" in refusal(tmp_path / "old", tmp_path / "new", "--migration", path)


@pytest.mark.parametrize("trust", [False, True])
def test_terraform_starts_what_a_stack_names_only_where_it_is_trusted(write, tmp_path, monkeypatch, trust):
    path = write()
    for name in ("old", "new"):
        (tmp_path / name / "main.tf").write_text('resource "aws_sns_topic" "a" {}\n')
    state = tmp_path / "state.json"
    state.write_text("{}")
    started = []

    def entered(workspace):
        started.append(workspace.trust)
        raise TerraformError("the test ends here")

    monkeypatch.setattr(Workspace, "__enter__", entered)
    emulator = SimpleNamespace(url="http://127.0.0.1:9")
    monkeypatch.setattr(sys.modules["analysis.commands.migrate"], "running", lambda: contextlib.nullcontext(emulator))
    flags = ["--trust"] if trust else []
    for more in (["--state", state], ["--apply"]):
        assert "the test ends here" in refusal(tmp_path / "old", tmp_path / "new", "--migration", path, *more, *flags)
    assert started == [trust, trust]


def test_the_kept_state_holds_no_password():
    state = json.loads((FILE.parent / "buzzer_baseline.state.json").read_text())
    held = [i["attributes"] for r in state["resources"] for i in r["instances"]]
    assert {a["password"] for a in held if a.get("password")} == {"recorded on the emulator"}
    assert len(json.dumps(state)) < 60_000


def test_every_command_of_a_step_is_one_that_the_aws_command_line_takes(tmp_path):
    from analysis.runbooks import check, parse

    steps = [step for stage in read(FILE).stages for step in stage.steps]
    commands = [command for step in steps for command in (step.command, step.undo) if command]
    page = "# Steps\n\n```bash\n" + "\n".join(commands) + "\n```\n"
    assert len(commands) > 10
    assert not [str(found) for found in check(parse(page, "steps.md")).findings]
    wrong = page.replace("--apply-immediately", "--at-once")
    assert check(parse(wrong, "steps.md")).findings
