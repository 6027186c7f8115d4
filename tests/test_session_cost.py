"""A whole session leaves what it cost; a part of the suite leaves nothing."""

import json
from types import SimpleNamespace

import pytest
import session_cost


def config(source=pytest.Config.ArgsSource.TESTPATHS, **options):
    option = SimpleNamespace(**{"keyword": "", "markexpr": "", "collectonly": False, "all": False} | options)
    return SimpleNamespace(option=option, args_source=source)


def test_only_the_whole_suite_counts():
    assert session_cost.is_whole(config())
    for part in ({"keyword": "heredoc"}, {"markexpr": "not slow"}, {"collectonly": True}, {"all": True}):
        assert not session_cost.is_whole(config(**part))
    assert not session_cost.is_whole(config(pytest.Config.ArgsSource.ARGS))
    worker = config()
    worker.workerinput = {}
    assert not session_cost.is_whole(worker)


def test_the_cost_is_kept_with_a_yardstick_of_the_same_session(tmp_path):
    session_cost.keep(tmp_path / "cost" / "test.json", 812.34, 3)
    row = json.loads((tmp_path / "cost" / "test.json").read_text())
    assert (row["cpu_s"], row["stacks"]) == (812.3, 3)
    assert row["yardstick_s"] > 0.005


def test_what_ended_children_used_is_counted():
    assert session_cost.used_cpu_s() > 0.1
