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
