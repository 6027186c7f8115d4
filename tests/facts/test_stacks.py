from pathlib import Path

import pytest

from analysis.facts import FactError, runtime, scenario, stack

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"

FILE = """
title = "A stack"
summary = "For a test."
scenario = "night.toml"
runtime = "flask_connect"

[environment]
pool_size = "DB_POOL_SIZE"

[pages]
"aws_db_instance.*" = "runbooks/database.md"
"aws_db_instance.main" = "runbooks/primary.md"
"module.app[0].*" = "runbooks/app.md"
"""


@pytest.fixture
def written(tmp_path):
    def written(text):
        (tmp_path / "night.toml").write_text("")
        (tmp_path / "gameday.toml").write_text(text)
        return tmp_path

    return written


def test_a_stack_says_what_terraform_cannot(written):
    found = stack(written(FILE))
    assert (found.title, found.runtime, found.environment["pool_size"]) == ("A stack", "flask_connect", "DB_POOL_SIZE")
    assert found.scenario.is_file()


def test_a_stack_says_units_of_time_and_that_its_cache_is_written_through(written):
    found = stack(written(FILE + '[units]\nHEARTBEAT = "ms"\n\n[cache]\nwritten_through = true\n'))
    assert (found.units, found.written_through) == ({"HEARTBEAT": "ms"}, True)
    plain = stack(written(FILE))
    assert (plain.units, plain.written_through) == ({}, False)


def test_a_page_is_found_by_the_longest_pattern_that_matches(written):
    found = stack(written(FILE))
    assert found.page("aws_db_instance.main") == "runbooks/primary.md"
    assert found.page("aws_db_instance.replica[0]") == "runbooks/database.md"
    assert found.page("module.app[0].aws_ecs_service.this") == "runbooks/app.md"
    assert found.page("aws_lb.main") is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (FILE.replace("night.toml", "day.toml"), "scenario: names day.toml, which does not exist"),
        (FILE.replace("pool_size", "pool_sise"), "environment.pool_sise: is not known; the keys are pool_size"),
        (FILE.replace('title = "A stack"', ""), "title: is missing"),
        ('colour = "red"\n' + FILE, "colour: is not a key of this table"),
        (FILE.replace('"DB_POOL_SIZE"', "20"), "environment.pool_size: must be a text, not 20"),
        (FILE + '[units]\nHEARTBEAT = "years"\n', "units.HEARTBEAT: is 'years'; it must be one of ms, s, min, h"),
        (FILE + '[cache]\nwritten_through = "yes"\n', "cache.written_through: must be true or false"),
        (FILE + "[cache]\nwritten_through = true\nttl = 3\n", "cache.ttl: is not a key of this table"),
    ],
)
def test_what_is_wrong_is_said_with_the_file_and_the_key(written, text, sentence):
    with pytest.raises(FactError) as refusal:
        stack(written(text))
    assert "/gameday.toml: " in str(refusal.value)
    assert sentence in str(refusal.value)


def test_a_directory_without_the_file_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(FactError, match=r"gameday\.toml: is missing; write one, or name a scenario and a runtime"):
        stack(tmp_path)


@pytest.mark.parametrize(
    "directory", sorted(path.parent for path in STACKS.glob("*/gameday.toml")), ids=lambda d: d.name
)
def test_every_scenario_and_runtime_that_a_stack_of_the_project_names_exists(directory):
    found = stack(directory)
    if found.modelled:
        assert scenario(found.scenario).title
        assert runtime(found.runtime).title


def test_a_stack_may_say_nothing_of_its_load_and_whoever_asks_for_it_is_refused(written):
    text = FILE.replace('scenario = "night.toml"', "").replace('runtime = "flask_connect"', "")
    found = stack(written(text))
    assert not found.modelled
    with pytest.raises(
        FactError, match=r"gameday\.toml: scenario: is missing .*nothing that rests on load is computed"
    ):
        _ = found.scenario
    with pytest.raises(FactError, match=r"gameday\.toml: runtime: is missing .*nothing that rests on load is computed"):
        _ = found.runtime


PLANS = """
[[plan]]
name = "Errors"
service = "Sentry"
month = { value = 29, low = 26, high = 80, unit = "USD", reason = "Given by the tests." }

[[plan]]
name = "Edge"
service = "Cloudflare"
price = "cloudflare.pro.month_monthly_billing"
count = 2
"""


def test_plans_are_paid_by_the_month_by_a_row_of_the_price_book_or_by_an_amount(tmp_path):
    (tmp_path / "gameday.toml").write_text('title = "t"\nsummary = "s"\n' + PLANS)
    errors, edge = stack(tmp_path).plans
    assert (errors.service, errors.month.value, errors.line) == ("Sentry", 29, 4)
    assert (edge.sku, edge.count, edge.month, edge.line) == ("cloudflare.pro.month_monthly_billing", 2, None, 9)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'price = "cloudflare.pro.month_monthly_billing"\n',
            "",
            "plan[1].price: of 'Edge': name a row of the price book, or",
        ),
        (
            'service = "Sentry"',
            'service = "Sentry"\nprice = "x.y"',
            "plan[0].price: of 'Errors': name a row of the price book, or",
        ),
        ('name = "Edge"', 'name = "Errors"', "plan[1].name: 'Errors' is taken by an earlier plan"),
        ('unit = "USD"', 'unit = "EUR"', "plan[0].month: is in 'EUR'; it must be in 'USD'"),
        ("count = 2", "count = 0", "plan[1].count: is 0; it must not be below 1"),
        ("count = 2", "seats = 2", "plan[1].seats: is not a key of this table"),
    ],
)
def test_a_mistake_in_a_plan_is_said_with_its_key(tmp_path, old, new, sentence):
    assert old in PLANS
    (tmp_path / "gameday.toml").write_text('title = "t"\nsummary = "s"\n' + PLANS.replace(old, new, 1))
    with pytest.raises(FactError) as refusal:
        stack(tmp_path)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[metrics]\nStreams = "users"\n', "metrics.Streams: is 'users'; it must be one of connection, delivery"),
        ('[kept_days]\n"aws_dynamodb_table.*" = 0\n', "kept_days.aws_dynamodb_table.*: must be above zero"),
        ('[kept_days]\n"aws_dynamodb_table.*" = "a week"\n', "kept_days.aws_dynamodb_table.*: must be a number"),
    ],
)
def test_a_mistake_about_metrics_and_tables_is_said_with_its_key(tmp_path, text, sentence):
    (tmp_path / "gameday.toml").write_text('title = "t"\nsummary = "s"\n' + text)
    with pytest.raises(FactError) as refusal:
        stack(tmp_path)
    assert sentence in str(refusal.value)


def test_the_longest_pattern_says_how_long_a_table_keeps_an_item(tmp_path):
    text = '[kept_days]\n"aws_dynamodb_table.*" = 30\n"aws_dynamodb_table.seen" = 1\n'
    (tmp_path / "gameday.toml").write_text('title = "t"\nsummary = "s"\n' + text)
    found = stack(tmp_path)
    assert (found.kept("aws_dynamodb_table.seen"), found.kept("aws_dynamodb_table.a"), found.kept("aws_lb.a")) == (
        1,
        30,
        None,
    )
