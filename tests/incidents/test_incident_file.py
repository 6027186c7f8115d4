"""The incident's file: what it must say, and the sentence for each thing that is wrong."""

import datetime as dt

import pytest

from analysis.facts import FactError
from analysis.incidents.timeline import read, within

PACK = '[pack]\nfile = "pack.json"\n'
ENTRY = '[[entry]]\nat = {at}\nwhat = "It broke."\nsource = "chat"\n'
START = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)


def incident(tmp_path, text, title='title = "Night"\n'):
    path = tmp_path / "incident.toml"
    path.write_text(title + text, encoding="utf-8")
    return read(path)


def test_an_incident_needs_no_more_than_a_title_and_a_pack(tmp_path):
    found = incident(tmp_path, PACK)
    assert (found.title, found.pack.file, found.entries) == ("Night", tmp_path / "pack.json", ())


def test_entries_are_read_with_their_kind_and_evidence(tmp_path):
    entry = ENTRY.format(at="2026-11-27T09:05:00Z")
    found = incident(tmp_path, PACK + entry + 'kind = "engaged"\nevidence = { metric = "AWS/ECS CPUUtilization" }\n')
    assert found.entries[0].at == START + dt.timedelta(minutes=5)
    assert (found.entries[0].kind, found.entries[0].evidence.metric) == ("engaged", "AWS/ECS CPUUtilization")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", r"needs either \[night\], to simulate, or \[pack\]"),
        (PACK + '[night]\nstack = "."\nkick_off = 2026-03-07T20:00:00Z\nseeds = [1]\n', "not both"),
        (PACK + ENTRY.format(at="2026-11-27T09:05:00"), "without a zone"),
        (PACK + ENTRY.format(at="2026-11-27T10:05:00+01:00"), "not in UTC; write 2026-11-27T09:05:00Z"),
        (PACK + ENTRY.format(at='"2026-11-27T09:05:00Z"'), "without quotes"),
        (PACK + ENTRY.format(at="2026-11-27"), "no point in time"),
        (PACK + ENTRY.format(at="2026-11-27T25:05:00Z"), "not valid TOML"),
        (PACK + ENTRY.format(at="2026-11-27T09:05:00Z") + ENTRY.format(at="2026-11-27T09:04:00Z"), "sort them"),
        (PACK + ENTRY.format(at="2026-11-27T09:05:00Z") + 'kind = "blamed"\n', "must be one of note, news"),
        (PACK + ENTRY.format(at="2026-11-27T09:05:00Z") + 'who = "Bob"\n', "not a key"),
        (PACK + '[[entry]]\nat = 2026-11-27T09:05:00Z\nwhat = "x"\n', "source: is missing"),
        (PACK + ENTRY.format(at="2026-11-27T09:05:00Z") + "evidence = {}\n", "needs one of metric"),
        (PACK + ENTRY.format(at="2026-11-27T09:05:00Z") + 'evidence = { metric = "CPU" }\n', "namespace and name"),
        (PACK + "[harm]\nlate_s = 0\n", "above 0"),
        (PACK + "[harm]\nlate_s = nan\n", "finite"),
        (PACK + "[harm]\nquiet_minutes = 1.5\n", "whole number"),
        (PACK + "[objective]\navailability = 1\nnights = 1\n", "without a budget"),
        (PACK + "[objective]\navailability = 0.99\n", "needs either requests"),
        (PACK + '[pack.signals]\nmood = "a b"\n', "the signals are"),
        ('[pack]\nfile = "x"\ngaps = "fill"\n', "refuse or missing"),
        ('[pack]\nfile = "x"\nstack = "nowhere"\n', "no directory"),
        ('[night]\nstack = "."\nkick_off = 2026-03-07T20:00:00Z\nseeds = []\n', "one at least"),
        ('[night]\nstack = "."\nkick_off = 2026-03-07T20:00:00Z\nseeds = [1, 1]\n', "twice"),
        ('[night]\nstack = "."\nkick_off = 2026-03-07T20:00:00Z\nseeds = [-1]\n', "whole numbers"),
        (PACK + '[[factor]]\nid = "B1"\nname = "x"\n', "changes nothing"),
        (PACK + 2 * '[[factor]]\nid = "B1"\nname = "x"\nwithout = ["a.b"]\n', "taken by an earlier"),
        (PACK + '[[action]]\nid = "a"\nname = "x"\nwithout = ["a.b"]\n', "now: is missing"),
        (PACK + '[[factor]]\nid = "B1"\nname = "x"\narguments = { "a.b" = 1 }\n', "maps each address"),
        (PACK + '[[factor]]\nid = "B1"\nname = "x"\nenvironment = { "a.b" = { N = 1 } }\n', "table of texts"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_in_a_sentence(tmp_path, text, wanted):
    with pytest.raises(FactError, match=wanted):
        incident(tmp_path, text)


def test_a_timeline_outside_the_pack_is_refused_and_its_edges_are_inside(tmp_path):
    found = incident(tmp_path, PACK + ENTRY.format(at="2026-11-27T09:05:00Z"))
    within(found, START, 5)
    with pytest.raises(FactError, match=r"entry\[0\].at: is 2026-11-27T09:05:00Z, outside the pack, which lasts from"):
        within(found, START, 4)
    with pytest.raises(FactError, match="outside the pack"):
        within(found, START + dt.timedelta(minutes=6), 10)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FactError, match="is missing; write one, with title"):
        read(tmp_path / "nothing.toml")
