"""The ledger of a brief: amounts with units, rows that are refused, verdicts that follow, and changes that turn one."""

import csv
import io
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis import ledger
from analysis.commands import app
from analysis.facts import prices
from analysis.frontmatter import PlacedError
from analysis.ledger.dimensions import Amount, DimensionError, unit
from analysis.ledger.judging import words
from analysis.ledger.records import COLUMNS, INPUT_COLUMNS
from analysis.studies import Studies

ROOT = Path(__file__).parents[2]
SYSTEMS = sorted(path.parent.name for path in (ROOT / "docs").glob(f"*/{ledger.FILE_NAME}"))

GIVEN = (
    ("visits", "360_000_000", "req/day", "5", "visits a day"),
    ("hours", "720", "h/month", "9", "hours of a month"),
    ("servers", "ceil(visits / each)", "instance", "", "servers"),
    ("each", "300", "req/s", "7", "what a server carries"),
)
ROW = {
    "id": "X-1", "line": "5", "says": "~4,167 a second", "quoted": "4_167", "unit": "req/s", "formula": "visits",
    "verdict": "holds", "reason": "holds", "note": "As computed.",
}  # fmt: skip
WRONG = {"verdict": "wrong", "reason": "wrong price", "breaks": "money"}


def text(columns, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


@pytest.fixture
def book(tmp_path):
    """A ledger of rows, each ROW with changes, over the inputs GIVEN and more."""

    def made(*rows, given=()):
        filled = [[{**ROW, **row}.get(column, "") for column in COLUMNS] for row in rows]
        (tmp_path / ledger.FILE_NAME).write_text(text(COLUMNS, filled), encoding="utf-8")
        (tmp_path / ledger.INPUTS).write_text(text(INPUT_COLUMNS, [*GIVEN, *given]), encoding="utf-8")
        return ledger.load(tmp_path, Studies(ROOT / "terraform" / "stacks"), "shop")

    return made


def refused(book, *rows, given=()):
    with pytest.raises(PlacedError) as error:
        list(book(*rows, given=given).judged)
    return str(error.value)


# ---- units ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "of", "expected", "into"),
    [
        ("360000000", "req/day", "4166.6667", "req/s"),  # 360 million / 86,400
        ("1", "TB", "1000", "GB"),
        ("13.07", "GiB", "14033.81", "MB"),  # 13.07 x 1,073.741824
        ("0.2", "USD/1M requests", "0.0000002", "USD/req"),
        ("1", "LCU-hour", "3600", "s"),
        ("5", "%", "0.05", ""),
        ("0.115", "USD/GB-month", "115", "USD/TB-month"),
        ("1", "year", "12", "months"),
    ],
)
def test_a_unit_turns_into_another_of_the_same_kind(amount, of, expected, into):
    assert Amount.of(Decimal(amount), of).into(into) == pytest.approx(Decimal(expected), rel=Decimal("1e-5"))


@pytest.mark.parametrize(("of", "into"), [("USD/month", "USD"), ("GB", "GB-month"), ("h", "month"), ("req/s", "req")])
def test_a_month_is_no_number_of_hours_and_a_rate_no_amount(of, into):
    with pytest.raises(DimensionError, match="and the unit"):
        Amount.of(Decimal(1), of).into(into)


def test_what_cannot_be_a_unit_is_refused():
    with pytest.raises(DimensionError, match="is no unit"):
        unit("USD//h")


# ---- verdicts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ({}, "holds"),
        ({"quoted": "4_200"}, "holds"),  # 0.8 % off
        ({"quoted": "4_300"}, "wrong"),  # 3 % off
        ({"quoted": "4_300", "tolerance": "0.05"}, "holds"),
        ({"quoted": "5_000", "must": "at most"}, "holds"),
        ({"quoted": "5_000", "must": "at least"}, "wrong"),
        ({"quoted": "4_000", "must": "at most"}, "wrong"),
        ({"quoted": "14", "unit": "instance", "formula": "servers"}, "holds"),  # 4,166.7 / 300 = 13.9
        ({"quoted": "16.2", "unit": "USD/month", "formula": 'hours * price.unit(sku = "alb.hour")'}, "holds"),
        ({"quoted": "0", "unit": "", "formula": "1 - 1"}, "holds"),
    ],
)
def test_the_verdict_follows_from_the_value(book, row, verdict):
    assert book(row).judged[0].verdict == verdict


@pytest.mark.parametrize("verdict", ["unsupported", "cannot be verified"])
def test_what_has_no_formula_keeps_its_verdict_and_no_value(book, verdict):
    (one,) = book({"formula": "", "quoted": "soon", "verdict": verdict, "reason": "cannot be verified"}).judged
    assert (one.verdict, one.value, one.broken) == (verdict, None, None)


def test_a_statement_that_another_line_contradicts_is_wrong_by_reading_and_has_no_value(book):
    read = {
        "formula": "",
        "quoted": "shop.io",
        "verdict": "wrong",
        "reason": "contradicts another line",
        "breaks": "record",
    }
    (one,) = book(read).judged
    assert (one.verdict, one.value, one.broken) == ("wrong", None, None)


def test_a_verdict_that_does_not_follow_is_named_with_its_row_and_both_figures(book):
    (sentence,) = book({}, {"id": "X-2", "quoted": "9_000"}).broken
    assert sentence.startswith("shop/ledger.csv:3: X-2 is stated as 'holds' and is 'wrong': 4,167 req/s is computed")
    assert "within 1 % of 9,000 req/s" in sentence


def test_a_value_that_is_not_the_audits_says_why_and_only_then(book):
    why = {"differs": "It takes another month."}
    assert book({"audit": "4166.67"}, {"id": "X-2", "audit": "9000", **why}).broken == ()
    silent, needless = book({"audit": "9000"}, {"id": "X-2", "audit": "4166.67", **why}).broken
    assert "`differs` does not say why" in silent
    assert "and it is" in needless


def test_the_worst_stands_first(book):
    rows = (
        {"id": "holds"},
        {"id": "near", **WRONG, "quoted": "5_000", "breaks": "target", "reason": "wrong base"},
        {"id": "dollar", **WRONG, "quoted": "1", "unit": "USD/h", "formula": 'price.unit(sku = "alb.hour")'},
        {"id": "far", **WRONG, "quoted": "100", "breaks": "target", "reason": "wrong base"},
        {"id": "ranked", **WRONG, "quoted": "4_000", "breaks": "record", "reason": "wrong base", "rank": "1"},
    )
    assert [one.statement.id for one in book(*rows).judged] == ["ranked", "dollar", "far", "near", "holds"]


def test_a_result_names_every_input_with_its_line_or_source(book):
    row = {"quoted": "0.3125", "unit": "USD/h", "formula": 'servers * price.unit(sku = "alb.hour")'}
    leaves = {leaf.name: (leaf.kind, leaf.where) for leaf in book(row).judged[0].leaves}
    assert leaves == {
        "servers": ("formula", "rounded up (visits ÷ each)"),
        "visits a day": ("brief", "5"),
        "what a server carries": ("brief", "7"),
        "alb.hour": ("price", "alb.hour"),
    }


def test_a_formula_reads_as_words():
    formula = (
        'ceil(mean_rate * (1 - cdn_share)) / limit.at(name = "a_b") + price.of(sku = "x.gb", quantity = "sent_data")'
    )
    said = "rounded up (mean rate × (1 − cdn share)) ÷ limit a_b + price of sent data at x.gb"
    assert words(formula) == said


def test_a_name_in_a_figure_may_hold_the_other_kind_of_quotes():
    assert words("""measured.figure(name = "Index the guide's: pages")""") == "measured: Index the guide's: pages"
    assert words("""command.refused(text = "jq 'del(.a)' x | y")""") == "faults of the command"
    assert words("""metric.published(namespace = 'A', metric = 'b') / 2""") == "whether A publishes b ÷ 2"


# ---- sources ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "in_unit", "expected"),
    [
        ('limit.at(name = "kinesis.shard.write_records_per_s")', "record/s", 1000),
        ('instance.has(type = "t3.medium", of = "baseline")', "vCPU", 0.4),
        ('metric.published(namespace = "AWS/ElastiCache", metric = "CurrConnections")', "", 1),
        ('metric.published(namespace = "AWS/ElastiCache", metric = "ConnectionCount")', "", 0),
        ('metric.published(namespace = "AWS/ECS", metric = "CPUUtilization", dimensions = "")', "", 0),
        ('command.refused(text = "aws ecs list-task-definitions --sort NONE")', "", 1),
        ('command.refused(text = "aws ecs list-task-definitions --sort DESC")', "", 0),
        ('log.discovers(log = "lambda", field = "@duration")', "", 1),
        ('log.discovers(log = "lambda", field = "@message")', "", 1),
        ('log.discovers(log = "any", field = "@duration")', "", 0),
        ('rule.fails(stack = "engine_as_written", rule = "FIT-05")', "", 3),
        ('alarm.able(stack = "scoreboard_as_written")', "", 1),  # the one on a metric of the program's own
        (
            'stack.with(stack = "olympics_as_written", type = "aws_db_instance", argument = "multi_az", is = "false")',
            "",
            1,
        ),
        ('terraform.count(stack = "olympics_as_written", type = "aws_nat_gateway")', "", 1),
        # Tier by tier: 10,240 x 0.09 + 8,120 x 0.085 = 1,611.80; 100 GB of it free leave 1,603.30.
        ('price.of(sku = "transfer.internet_out.gb", quantity = "sent")', "USD", 1611.8),
        ('price.of(sku = "transfer.internet_out.gb", quantity = "sent", free = "account")', "USD", 1603.3),
        ('price.of(sku = "transfer.internet_out.gb", quantity = "sent", free = "sent")', "USD", 0),
        ('price.unit(sku = "transfer.internet_out.gb", above = 10240)', "USD/GB", 0.085),
    ],
)
def test_a_source_gives_what_aws_publishes_or_the_stack_says(book, formula, in_unit, expected):
    given = (("sent", "18_360", "GB", "8", "data sent"),)
    (one,) = book({"quoted": expected, "unit": in_unit, "formula": formula, "tolerance": "0.0001"}, given=given).judged
    assert one.value == pytest.approx(Decimal(str(expected)), rel=Decimal("1e-4"))


@pytest.mark.parametrize(
    ("formula", "unit", "changed", "says"),
    [
        (
            'measured.figure(name = "Memory of an open stream")',
            "B",
            "local/scoreboard/schema.sql",
            "since then changed: stand-in; measure it again",
        ),
        (
            'script.left(script = "rollback", form = "As written", what = "Serves", ends = "1")',
            "",
            "docs/scoreboard/guide/rollback.sh",
            "since then changed: scripts; `gameday guide docs/scoreboard --record` runs it again",
        ),
    ],
    ids=["measured", "script"],
)
def test_a_figure_of_a_record_is_refused_once_what_it_rests_on_has_changed(tmp_path, formula, unit, changed, says):
    for name in ("docs/scoreboard", "local/scoreboard"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("terraform", ".github", "apps"):
        (tmp_path / name).symlink_to(ROOT / name)
    folder = tmp_path / "docs" / "scoreboard"
    row = {**ROW, "formula": formula, "unit": unit, "must": "at least", "quoted": "0"}
    (folder / ledger.FILE_NAME).write_text(
        text(COLUMNS, [[row.get(column, "") for column in COLUMNS]]), encoding="utf-8"
    )

    def judged():
        return ledger.load(folder, Studies(ROOT / "terraform" / "stacks"), "scoreboard").judged

    assert judged()
    path = tmp_path / changed
    path.write_text(path.read_text(encoding="utf-8") + "\n# another line\n", encoding="utf-8")
    with pytest.raises(PlacedError, match=re.escape(says)):
        judged()


# ---- rows that are refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"formula": "nobody * 2"}, "'nobody * 2' names nobody, which is no input of shop/ledger_inputs.csv"),
        ({"formula": "visits * hours"}, "does not give req/s: it is a plain number / months, and the unit"),
        ({"formula": "visits + hours"}, "do not add up"),
        ({"formula": "visits / 0"}, "something is divided by zero"),
        ({"formula": "ceil(visits)"}, "only a plain number is rounded up"),
        ({"formula": "visits < 3"}, "this is no arithmetic"),
        ({"formula": "visits *"}, "it ends too early"),
        ({"formula": 'price.unit(sku = "no.such")'}, "has no no.such"),
        ({"formula": 'price.unit(name = "alb.hour")'}, "price.unit takes sku"),
        ({"formula": 'limit.at(name = "no.such")'}, "no.such is not in analysis/facts/limits.csv"),
        ({"formula": 'rule.fails(stack = "engine", rule = "NO-1")'}, "'NO-1' is no rule"),
        ({"formula": 'rule.fails(stack = "../engine_as_written/x", rule = "FIT-05")'}, "names no stack that exists"),
        ({"formula": 'log.discovers(log = "ecs", field = "@log")'}, "the kinds of log that are known are any, lambda"),
        ({"formula": "statement.accepted(line = 1.5)"}, "line is a whole number, not 1.5"),
        (
            {"verdict": "wrong", "formula": "", "reason": "wrong base", "breaks": "record"},
            "with the verdict wrong needs a formula",
        ),
        ({"formula": 'measured.figure(name = "speed")'}, "nothing called 'speed' was measured on the stand-in"),
        (
            {"formula": 'script.left(script = "a", form = "Ours", what = "Serves", ends = "1")'},
            "no run of the script a ours says anything of 'Serves'",
        ),
        ({"formula": 'statement.accepted(line = 5)'}, "not executed yet; `gameday claims"),
        ({"formula": 'alarm.able(stack = "engine", alarm = "none")'}, "engine has no alarm none"),
        ({"formula": "no.measure(stack = \"engine\")"}, "there is no measure 'no.measure'"),
        ({"line": ""}, "shop/ledger.csv:2:1: X-1 names no line of the brief"),
        ({"line": "0"}, "names no line of the brief"),
        ({"unit": "USD//h"}, "is no unit"),
        ({"quoted": "many"}, "what is quoted is no number: 'many'"),
        ({"verdict": "fine"}, "has the verdict 'fine'"),
        ({"formula": ""}, "with the verdict holds needs a formula"),
        ({"verdict": "unsupported", "reason": "cannot be verified"}, "has a formula, so it is not 'unsupported'"),
        ({"verdict": "wrong", "reason": "holds", "breaks": "money"}, "its reason is 'holds'"),
        ({"verdict": "wrong", "reason": "unit mix"}, "what it breaks is said of a wrong statement"),
        ({"breaks": "money"}, "and only of one"),
        ({"rank": "1"}, "each rank is there once, and of a wrong statement"),
        ({"note": ""}, "has no note"),
        ({"tolerance": "much"}, "has the tolerance 'much'"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_gets_a_sentence_with_file_and_line(book, row, says):
    sentence = refused(book, row)
    assert says in sentence
    assert sentence.startswith("shop/ledger.csv:2:")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("lost", "5", "GB", "", "data"), "shop/ledger_inputs.csv:6:1: lost names no line of the brief"),
        (("visits", "5", "GB", "3", "data"), "'visits' is there twice"),
        (("a-b", "5", "GB", "3", "data"), "is no name of an input"),
        (("mute", "5", "GB", "3", ""), "has no words of its own"),
    ],
)
def test_an_input_without_line_name_or_words_gets_a_sentence_with_file_and_line(book, given, says):
    assert says in refused(book, {}, given=(given,))


def test_inputs_that_lead_back_to_themselves_are_named_in_their_order(book):
    given = (("a", "b * 2", "GB", "", "one"), ("b", "a / 2", "GB", "", "other"))
    assert (
        refused(book, {"formula": "a"}, given=given) == "shop/ledger_inputs.csv:7:1: a -> b -> a leads back to itself"
    )


def test_an_input_whose_formula_gives_another_unit_is_named_there(book):
    given = (("a", "visits", "GB", "", "one"),)
    assert refused(book, {"formula": "a"}, given=given).startswith(
        "shop/ledger_inputs.csv:6:1: a: 'visits' does not give GB"
    )


@pytest.mark.parametrize(("old", "new"), [("id,line", "id,place"), ("holds,,", "holds,,,"), ('"', '"x"')])
def test_a_file_that_is_no_ledger_gets_a_sentence(book, tmp_path, old, new):
    book({"note": 'As "computed".'})
    path = tmp_path / ledger.FILE_NAME
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PlacedError, match=r"shop/ledger.csv:\d"):
        ledger.load(tmp_path, Studies(ROOT), "shop")


# ---- the ledgers of this checkout -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def books():
    studies = Studies(ROOT / "terraform" / "stacks")
    return {name: ledger.load(ROOT / "docs" / name, studies, f"docs/{name}") for name in SYSTEMS}


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_verdict_of_a_brief_follows(books, system):
    assert books[system].broken == ()


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_input_is_used(books, system):
    formulas = [one.formula.text for one in books[system].statements.values() if one.formula]
    formulas += [str(getattr(one.value, "text", "")) for one in books[system].inputs.values()]
    used = set(re.findall(r"\w+", " ".join(formulas)))
    assert books[system].inputs.keys() - used == set()


def test_a_changed_price_turns_a_verdict_and_names_the_row(monkeypatch):
    monkeypatch.setattr(
        "analysis.ledger.sources.prices", lambda *given: prices(*given).repriced("nat_gateway.hour", Decimal(2))
    )
    book = ledger.load(ROOT / "docs" / "olympics", Studies(ROOT / "terraform" / "stacks"), "docs/olympics")
    assert any(
        ": O-C126 is stated as 'holds' and is 'wrong': $64.80 per month is computed" in one for one in book.broken
    )


def test_a_changed_stack_turns_a_verdict_and_names_the_row(tmp_path):
    stacks = tmp_path / "terraform" / "stacks"
    stacks.mkdir(parents=True)
    for folder in ("modules", "scenarios"):
        (tmp_path / "terraform" / folder).symlink_to(ROOT / "terraform" / folder)
    written = ROOT / "terraform" / "stacks" / "olympics_as_written"
    copy = stacks / written.name
    copy.mkdir()
    for path in written.glob("*.t*ml"):
        (copy / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    main = (written / "main.tf").read_text(encoding="utf-8")
    changed = main.replace('cidr_ipv4         = "0.0.0.0/0"', 'cidr_ipv4         = "192.0.2.0/24"')
    assert changed != main
    (copy / "main.tf").write_text(changed, encoding="utf-8")
    book = ledger.load(ROOT / "docs" / "olympics", Studies(stacks), "docs/olympics")
    assert [one.split(":")[2].split()[0] for one in book.broken] == ["O-C054"]


def test_the_command_prints_the_ledger_and_refuses_what_has_none():
    done = CliRunner().invoke(app, ["claims", "olympics", "--json"])
    assert done.exit_code == 0
    assert '"id": "O-C011"' in done.stdout
    done = CliRunner().invoke(app, ["claims", "../docs/olympics"])
    assert done.exit_code == 2
    assert "there is no ledger of '../docs/olympics'; there are" in done.stderr


def test_a_verdict_that_no_longer_follows_is_an_exit_status_of_one(book, tmp_path, monkeypatch):
    (tmp_path / "docs" / "shop").mkdir(parents=True)
    book({"quoted": "9_000"})
    for name in (ledger.FILE_NAME, ledger.INPUTS):
        (tmp_path / name).rename(tmp_path / "docs" / "shop" / name)
    monkeypatch.setattr("analysis.commands.claims.ROOT", tmp_path)
    done = CliRunner().invoke(app, ["claims", "shop"])
    assert done.exit_code == 1
    assert "docs/shop/ledger.csv:2: X-1 is stated as 'holds' and is 'wrong'" in done.stderr


def test_every_line_of_the_briefs_that_was_audited_has_a_row_and_most_are_computed(books):
    rows = {name: len(book.statements) for name, book in books.items()}
    computed = {name: sum(one.value is not None for one in book.judged) for name, book in books.items()}
    assert rows == {"buzzer": 17, "engine": 42, "olympics": 189, "scoreboard": 73}  # the audit's rows of each brief
    assert sum(computed.values()) >= 0.74 * sum(rows.values()), computed


@pytest.mark.parametrize("system", ["engine", "olympics", "scoreboard"])
def test_ten_statements_of_a_brief_are_ranked(books, system):
    ranks = [one.rank for one in books[system].statements.values() if one.rank]
    assert sorted(ranks) == list(range(1, 11))
