"""The grid of "What if": its plan and mistakes in one, its points against the commands, what the model promises of them."""

import json
import math
import random
import re
import shutil
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis import evidence
from analysis.commands import app, records
from analysis.facts import FactError, scenario
from analysis.studies import Studies, whatif

ROOT = Path(__file__).parents[2]
STACKS = ROOT / "terraform" / "stacks"
PLANS = sorted((ROOT / "docs").glob(f"*/{whatif.PLAN}"))
SEED, DRAWN = 20261130, 5
MOST_BYTES = 200_000

GOOD = """stack = "buzzer"

[[axis]]
name = "users"
label = "Users at the peak"
sets = "audience.peak_users"
values = [1_000, 5_000]
"""


def gameday(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def planned(folder, text):
    """The grid of a text in a folder of pages that is called docs/own."""
    pages = folder / "docs" / "own"
    pages.mkdir(parents=True, exist_ok=True)
    (pages / whatif.PLAN).write_text(text, encoding="utf-8")
    return whatif.grid(pages / whatif.PLAN)


def plan_id(path):
    return path.parent.name


def read(path):
    plan = whatif.grid(path)
    return whatif.answers(STACKS / plan.stack, plan)


# ---- the plan --------------------------------------------------------------------------------------------------------------


def test_an_axis_has_keys_and_labels_and_the_last_one_changes_fastest(tmp_path):
    plan = planned(
        tmp_path,
        GOOD
        + '[[axis]]\nname = "size"\nlabel = "Size"\nsets = ["var.a", "var.b.c"]\nvalues = [["x", 1.5], ["y", 2]]\n'
        + 'labels = ["small", "large"]\n',
    )
    users, size = plan.axes
    assert (users.keys, users.labels, users.is_number) == (("1000", "5000"), ("1,000", "5,000"), True)
    assert (size.keys, size.labels, size.is_number) == (("x", "y"), ("small", "large"), False)
    assert list(plan.points) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert plan.chosen((0, 1)) == {"audience.peak_users": Decimal(1000), "var.a": "y", "var.b.c": Decimal(2)}


MISTAKES = {
    "no axis": ('stack = "buzzer"\n', "own/what-if.toml: axis: needs at least 1 entries"),
    "no name": (GOOD.replace('name = "users"\n', ""), "own/what-if.toml:3: axis[0].name: is missing"),
    "a name with a space": (GOOD.replace('"users"', '"my users"'), ":4: axis[0].name: is 'my users'; it is typed"),
    "an unknown key": (GOOD + "low = 1\n", "own/what-if.toml:8: axis[0].low: is not a key of this table; it knows label"),
    "one value": (GOOD.replace("[1_000, 5_000]", "[5_000]"), ":7: axis[0].values: must be a list of at least two"),
    "not in order": (GOOD.replace("[1_000, 5_000]", "[5_000, 1_000]"), ":7: axis[0].values: are not in order"),
    "twice the same": (GOOD.replace("[1_000, 5_000]", "[5_000, 5_000.0]"), ":7: axis[0].values: begin alike in two places"),
    "mixed kinds": (GOOD.replace("[1_000, 5_000]", '[1_000, "many"]'), ":7: axis[0].values: must be numbers, texts or flags"),
    "not finite": (GOOD.replace("[1_000, 5_000]", "[1, inf]"), ":7: axis[0].values: must be numbers, texts or flags"),
    "no input": (GOOD.replace('"audience.peak_users"', "[]"), ":6: axis[0].sets: must be the name of an input"),
    "too deep": (GOOD.replace("audience.peak_users", "var.a.b.c"), ":6: axis[0].sets: names var.a.b.c; of a variable one key"),
    "too few values": (
        GOOD.replace('"audience.peak_users"', '["var.a", "var.b"]'),
        ":7: axis[0].values: hold 1 each, and `sets` names 2",
    ),
    "too many labels": (GOOD + 'labels = ["a", "b", "c"]\n', ":8: axis[0].labels: are 3, and there are 2 values"),
    "a name twice": (GOOD + GOOD.partition("\n\n")[2], ":9: axis[1].name: 'users' is taken"),
    "an input twice": (
        GOOD + GOOD.partition("\n\n")[2].replace('"users"', '"more"'),
        ":11: axis[1].sets: names audience.peak_users, which an earlier axis sets",
    ),
    "five axes": (
        GOOD + "".join(
            f'[[axis]]\nname = "a{n}"\nlabel = "A"\nsets = "var.a{n}"\nvalues = [1, 2]\n' for n in range(4)
        ),
        "own/what-if.toml:23: a3: is axis 5; a page has 4 at most",
    ),
    "too many points": (
        GOOD.replace("[1_000, 5_000]", str(list(range(1, 41))))
        + f'[[axis]]\nname = "b"\nlabel = "B"\nsets = "var.b"\nvalues = {list(range(26))}\n',
        "own/what-if.toml:8: b: makes 40 x 26 = 1,040 points; 1,000 at most",
    ),
    "no TOML": ("stack = \n", "own/what-if.toml: is not valid TOML: Invalid value (at line 1"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_plan_is_said_with_file_and_line(mistake, tmp_path):
    text, sentence = MISTAKES[mistake]
    with pytest.raises(FactError, match=re.escape(sentence)):
        planned(tmp_path, text)


@pytest.mark.parametrize(
    ("sets", "values", "sentence"),
    [
        ("var.nodes", "[1, 2]", "users: sets var.nodes, which is not there in buzzer; there are var.region, var.account_id"),
        ("var.tasks", "[1, 2]", "users: sets var.tasks, which has no single value in buzzer"),
        ("var.tasks.most", "[1, 2]", "users: sets var.tasks.most, which is not there in buzzer"),
        ("settings.cache_ttl_s", "[1, 2]", "users: sets settings.cache_ttl_s, which is not there in buzzer; there are none"),
        ("argument.aws_vpc.x.y", "[1, 2]", "users: sets argument.aws_vpc.x.y, which is not there in buzzer; there are other"),
        ("audience.peak", "[1, 2]", "users: sets audience.peak, which is not there in buzzer; there are audience.peak_users"),
        ("audience.peak_users", "[1_000, 2_000]", "users: has no value 5000, which buzzer has as it stands; put it among"),
    ],
)  # fmt: skip
def test_an_axis_that_does_not_fit_its_stack_is_named_with_its_line(sets, values, sentence, tmp_path):
    plan = planned(tmp_path, GOOD.replace("audience.peak_users", sets).replace("[1_000, 5_000]", values))
    with pytest.raises(FactError, match=re.escape(f"own/what-if.toml:3: {sentence}")):
        whatif.present(Studies(STACKS).study("buzzer"), plan)


# ---- a verdict, by hand ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("users", "held", "most", "said"),
    [
        (100, [None, None, None], [None, None, None], "endless"),
        (100, [100, 200, 300], [400, 500, 600], "yes"),
        (101, [100, 200, 300], [400, 500, 600], "central"),
        (201, [100, 200, 300], [400, 500, 600], "scaled"),
        (501, [100, 200, 600], [400, 500, 700], "optimistic"),
        (501, [100, 200, 300], [400, 500, 600], "no"),
        (501, [100, 200, None], [100, 200, None], "optimistic"),
        (501, [100, 200, 300], [100, None, None], "scaled"),
        (0, [0, 0, 0], [0, 0, 0], "no"),
        (0, [0, 0, 0], [100, 100, 100], "scaled"),
    ],
)
def test_a_point_holds_where_its_limits_leave_room(users, held, most, said):
    assert whatif.verdict({"users": users, "held": held, "held_most": most}) == said


# ---- the records -----------------------------------------------------------------------------------------------------------


def test_every_system_that_has_the_page_has_a_plan_and_each_plan_its_record():
    asked = {path.parent for path in (ROOT / "docs").glob("*/system.toml") if '"what-if"' in path.read_text("utf-8")}
    assert {path.parent for path in PLANS} == asked != set()
    assert {f"what-if/{whatif.grid(path).stack}" for path in PLANS} <= set(records.plans())


@pytest.mark.parametrize("path", PLANS, ids=plan_id)
def test_a_record_is_small_and_of_what_the_stack_is_now(path):
    import gzip

    plan = whatif.grid(path)
    directory = STACKS / plan.stack
    answers = whatif.answers(directory, plan)
    assert evidence.changed(answers.record, whatif.basis(directory, plan)) == ()
    assert len(answers.points) == len(list(plan.points)) <= whatif.MOST_POINTS
    assert len(gzip.compress(evidence.beside(directory, whatif.KIND).read_bytes())) <= MOST_BYTES
    assert answers.today == whatif.present(Studies(STACKS).study(plan.stack), plan)


def drawn(plan):
    """Points to ask the commands about: those that they can be asked, so without replaced arguments, by a named seed."""
    today = whatif.present(Studies(STACKS).study(plan.stack), plan)
    fixed = [
        n for n, axis in enumerate(plan.axes) if any(s.startswith((whatif.ARGUMENT, whatif.SETTING)) for s in axis.sets)
    ]
    possible = [where for where in plan.points if all(where[n] == today[n] for n in fixed)]
    return random.Random(SEED).sample(possible, DRAWN)


def options(plan, where, folder):
    """The point as options of the commands: `--var` with whole values, and a scenario in which each number is another."""
    own = Studies(STACKS).study(plan.stack)
    files = shutil.copytree(ROOT / "terraform" / "scenarios", folder / f"scenarios-{'-'.join(map(str, where))}")
    text = own.about.scenario.read_text(encoding="utf-8")
    variables = {}
    for name, value in plan.chosen(where).items():
        if name.startswith(whatif.VARIABLE):
            first, _, key = name.removeprefix(whatif.VARIABLE).partition(".")
            whole = variables.setdefault(first, own.architecture.variables[first].value if key else None)
            plain = json.loads(whatif.written(value)) if isinstance(value, Decimal) else value
            variables[first] = {**whole, key: plain} if key else plain
        elif not name.startswith((whatif.ARGUMENT, whatif.SETTING)):
            text = with_value(text, own.assumptions[name], value)
    path = files / own.about.scenario.name
    path.write_text(text, encoding="utf-8")
    given = [f"--var={name}={json.dumps(v) if not isinstance(v, str) else v}" for name, v in variables.items()]
    assert scenario(path).peak_users.value == plan.chosen(where).get(
        "audience.peak_users", own.scenario.peak_users.value
    )
    return ["--scenario", path, *given]


def with_value(text, assumption, value):
    """The scenario's text with another number for an assumption and its range in proportion."""
    group, _, key = assumption.name.rpartition(".")
    kind, _, row = group.partition(".")
    table = f"[{assumption.name}]" if kind not in {"feed", "connection"} else f'[[{kind}]]\nname = "{row}"'
    before, found, rest = text.partition(table)
    assert found, f"{assumption.file} says {assumption.name} elsewhere"
    end = re.search(r"\n\[|\Z", rest).start()
    part = rest[:end]
    if table.startswith("[["):
        line = re.search(rf"^{key} = .*$", part, re.MULTILINE)
        start, stop = line.span()
    else:
        start, stop = 0, len(part)
    numbers = re.sub(
        r"\b(value|low|high) = ([\d_.]+)",
        lambda match: f"{match[1]} = {Decimal(match[2].replace('_', '')) * value / assumption.value:f}",
        part[start:stop],
    )
    return before + found + part[:start] + numbers + part[stop:] + rest[end:]


@pytest.mark.parametrize("path", PLANS, ids=plan_id)
def test_a_point_is_what_the_commands_say_when_they_are_asked_the_same(path, tmp_path):
    answers = read(path)
    plan = answers.plan
    directory = STACKS / plan.stack
    for where in drawn(plan):
        point = answers.points[list(plan.points).index(where)]
        words = options(plan, where, tmp_path)
        if "refused" in point:
            assert gameday("capacity", directory, *words, "--json").exit_code != 0
            continue
        holds = json.loads(gameday("capacity", directory, *words, "--json").stdout)
        bill = json.loads(gameday("cost", directory, *words, "--json").stdout)
        assert point["users"] == holds["users"]
        for ours, theirs in ((point["held"], holds["at_start"]), (point["held_most"], holds["at_most"])):
            assert ours == [theirs["users"][level] for level in ("low", "value", "high")], where
        station = next(s for s in holds["stations"] if s["name"] == holds["bottleneck"])
        assert point["binds"][0] == station["address"]
        binding = [limit for limit in station["limits"] if limit["name"] == point["binds"][1]]
        assert [limit["users_held"]["value"] for limit in binding] == [holds["users_held"]["value"]]
        assert Decimal(point["month_usd"]) == round(Decimal(bill["total"]), 2), where
        assert Decimal(point["event_usd"]) == round(Decimal(bill["windows"]["days"][0]["adds"]), 2), where
        fresh = holds["freshness"]
        assert point["late"] == (None if fresh is None else pytest.approx(1 - fresh["share_within_target"], abs=1e-4))


def columns(answers, name):
    """The points along the axis of that name, once for each combination of the other inputs."""
    number = [axis.name for axis in answers.plan.axes].index(name)
    sizes = [range(size) for n, size in enumerate(answers.plan.sizes) if n != number]
    at = dict(zip(answers.plan.points, answers.points, strict=True))
    for rest in product(*sizes):
        yield [at[(*rest[:number], index, *rest[number:])] for index in range(answers.plan.sizes[number])]


@pytest.mark.parametrize(
    ("system", "axis", "sense"),
    [
        ("buzzer", "tasks", 1),
        ("buzzer", "poll", 1),
        ("buzzer", "cdn", 1),
        ("scoreboard", "tasks", 1),
        ("scoreboard", "streams", 1),
        ("scoreboard", "updates", -1),
        ("engine", "updates", -1),
        ("engine", "follows", -1),
        ("olympics", "interval", 1),
        ("olympics", "leaderboards", 1),
    ],
)
def test_more_room_or_less_load_holds_no_fewer_users(system, axis, sense):
    for column in columns(read(ROOT / "docs" / system / whatif.PLAN), axis):
        for level in range(3):
            held = [math.inf if point["held"][level] is None else point["held"][level] for point in column[::sense]]
            assert held == sorted(held)


@pytest.mark.parametrize("path", PLANS, ids=plan_id)
def test_more_users_change_no_limit_and_make_no_month_cheaper(path):
    answers = read(path)
    users = next(axis.name for axis in answers.plan.axes if axis.sets == ("audience.peak_users",))
    for column in columns(answers, users):
        known = [point for point in column if "refused" not in point]
        assert len(known) in {0, len(column)}  # Terraform knows no users
        assert len({tuple(point["held"]) for point in known}) <= 1
        months = [Decimal(point["month_usd"]) for point in known]
        assert months == sorted(months)


# ---- the command -----------------------------------------------------------------------------------------------------------


def test_the_command_computes_a_recorded_point_and_one_beside_the_grid():
    answers = read(ROOT / "docs" / "buzzer" / whatif.PLAN)
    users = answers.plan.axes[0].keys.index("20000")
    where = (users, *answers.today[1:])
    said = gameday("what-if", "docs/buzzer", "users=20000", "--json")
    assert json.loads(said.stdout) == answers.points[list(answers.plan.points).index(where)]
    assert json.loads(gameday("what-if", "docs/buzzer", "users=20001", "--json").stdout)["users"] == 20_001
    table = gameday("what-if", "docs/buzzer").stdout
    assert answers.present["month_usd"] in table
    assert whatif.VERDICTS["yes"] in table


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["docs/nowhere"], "docs/nowhere/what-if.toml: is missing; write one with the stack and its axes"),
        (["docs/buzzer", "users"], "users: write AXIS=VALUE with an axis of buzzer/what-if.toml: users, poll"),
        (["docs/buzzer", "games=3"], "games=3: write AXIS=VALUE with an axis of buzzer/what-if.toml: users"),
        (["docs/buzzer", "users=many"], "users=many: write a whole number from 0 to 1,000,000,000,000"),
        (["docs/buzzer", "users=-1"], "users=-1: write a whole number from 0 to 1,000,000,000,000"),
        (["docs/buzzer", "users=nan"], "users=nan: write a whole number from 0 to 1,000,000,000,000"),
        (["docs/buzzer", "users=1.5"], "users=1.5: write a whole number from 0 to"),
        (["docs/buzzer", "users=1e400"], "users=1e400: write a whole number from 0 to"),
        (["docs/olympics", "interval=-2"], "interval=-2: write a number from 0 to"),
        (["docs/olympics", "interval=0"], "client.poll_interval_s must be above 0, not 0"),
        (["docs/engine", "follows=2"], "connection.live.follows must be above 0 and at most 1, not 2"),
        (["docs/buzzer", "cdn=2"], "cdn=2: write one of 0, 1"),
        (["docs/buzzer", "poll=0.1"], "poll_interval_s must be at least 0.5"),
        (["docs/buzzer", "users=1", "--record"], "--record computes every point of the grid; leave out AXIS=VALUE"),
        (["docs/buzzer", "--record", "--date", "soon"], "--date soon: write YYYY-MM-DD"),
    ],
)  # fmt: skip
def test_the_command_refuses_what_it_cannot_compute_in_a_sentence(words, sentence):
    refused = gameday("what-if", *words)
    assert refused.exit_code == 2
    assert refused.stderr.splitlines()[-1].startswith("gameday: ")
    assert sentence in refused.stderr


def test_a_plan_of_a_stack_that_is_not_there_is_refused(tmp_path):
    planned(tmp_path, GOOD)
    refused = gameday("what-if", tmp_path / "docs" / "own")
    assert refused.exit_code == 2
    assert "own/what-if.toml: stack: names buzzer, and there is no" in refused.stderr


def test_a_record_of_another_grid_is_refused_and_says_what_makes_it_again(tmp_path):
    plan = planned(tmp_path, GOOD)
    with pytest.raises(
        FactError, match=r"is not the grid of what-if\.record\.json; run `gameday what-if docs/own --record`"
    ):
        whatif.answers(STACKS / "buzzer", plan)
    with pytest.raises(FactError, match="has no record beside buzzer; run `gameday what-if docs/own --record`"):
        whatif.answers(tmp_path, plan)


def test_what_terraform_refuses_is_a_point_with_its_sentence(tmp_path):
    text = GOOD.replace("[1_000, 5_000]", "[5_000, 6_000]") + (
        '[[axis]]\nname = "least"\nlabel = "Least"\nsets = "var.tasks.min"\nvalues = [1, 3]\n'
    )
    content = whatif.computed(STACKS / "buzzer", planned(tmp_path, text))
    refused, kept = content["points"][0], content["points"][1]
    assert "tasks.min must be at least 2" in refused
    assert kept[0] == 5_000
    assert content["today"] == [0, 1]
