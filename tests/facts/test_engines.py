"""How long what AWS runs is supported: every row has a source, its days are in order, and a version finds its row."""

import datetime as dt

import pytest

from analysis.facts import FactError
from analysis.facts.engines import DATA, newer, support, supports


def test_every_version_names_its_source_and_its_days_are_in_order():
    rows = [row for rows in supports().values() for row in rows]
    assert len(rows) > 120
    for row in rows:
        assert row.source, row
        days = [day for day in (row.standard_ends, row.year1_from, row.year3_from, row.extended_ends) if day]
        assert days == sorted(days), row


@pytest.mark.parametrize(
    ("engine", "version", "row"),
    [
        ("rds-mysql", "8.0.36", "8.0"),
        ("rds-mysql", "8.4", "8.4"),
        ("rds-postgresql", "11.22", "11"),
        ("rds-postgresql", "9.6.1", "9.6"),
        ("eks", "1.32", "1.32"),
        ("opensearch", "Elasticsearch 7.10", None),
        ("opensearch", "Elasticsearch 7.1", "Elasticsearch 7.1"),
        ("elasticache-redis", "6.2", "6"),
        ("rds-mysql", "5.5", None),
        ("cobol", "1", None),
    ],
)
def test_a_version_is_that_of_its_longest_beginning(engine, version, row):
    found = support(engine, version)
    assert (found and found.version) == row


def test_a_version_after_all_known_ones_is_newer_and_one_before_them_is_not():
    assert newer("rds-mysql", "9.1")
    assert not newer("rds-mysql", "5.5")
    assert not newer("cobol", "1")


@pytest.mark.parametrize(
    ("engine", "version", "day", "year"),
    [
        ("rds-mysql", "8.0", "2026-07-31", 0),
        ("rds-mysql", "8.0", "2026-08-01", 1),
        ("rds-mysql", "8.0", "2028-08-01", 3),
        ("rds-postgresql", "11", "2024-03-15", 0),  # free between the end of support and the first priced day
        ("rds-postgresql", "11", "2024-04-01", 1),
        ("aurora-mysql", "2", "2024-11-15", 0),
        ("documentdb", "3.6", "2026-06-30", 0),
        ("documentdb", "3.6", "2026-07-01", 1),
        ("rds-mariadb", "10.5", "2026-12-01", 0),  # none is sold
    ],
)
def test_extended_support_is_charged_from_its_first_priced_day(engine, version, day, year):
    assert support(engine, version).charged(dt.date.fromisoformat(day)) == year


def test_a_row_that_cannot_be_used_is_refused_with_its_line(tmp_path):
    head, first, *_ = DATA.read_text(encoding="utf-8").splitlines()
    path = tmp_path / "engine_support.csv"
    for line, sentence in (
        (first.replace("2029-07-31", "soon"), "line 2"),
        (first.replace("medium", "sure"), "confidence 'sure'"),
        (f"{first}\n{first}", "line 3: rds-mysql 8.4 is there twice"),
    ):
        path.write_text(f"{head}\n{line}\n", encoding="utf-8")
        with pytest.raises(FactError, match=sentence):
            supports(path)
