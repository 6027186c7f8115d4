"""The database's page holds SQL that runs: each block on a real PostgreSQL with the parameters of the stack's group."""

import json
import re
from pathlib import Path

import pytest
from page_blocks import blocks

PAGE = Path(__file__).parents[3] / "docs" / "olympics" / "schema.md"
SQL = dict(blocks(PAGE, "sql"))

AS_WRITTEN = """
CREATE TABLE results (
    id SERIAL PRIMARY KEY, event_id INTEGER, athlete_id INTEGER, score DECIMAL(10,3), rank INTEGER, medal VARCHAR(10),
    recorded_at TIMESTAMP DEFAULT NOW(),
    INDEX idx_event_rank (event_id, rank),
    INDEX idx_athlete (athlete_id)
);
"""
"""The brief's table, lines 227 to 242, without its references."""

UNIQUE = "results_event_id_athlete_id_key"

RESULTS, EVENTS, ATHLETES = 100_000, 200, 3_000

FILL = f"""
SET statement_timeout = 0;
ALTER TABLE results DISABLE TRIGGER note_change;
INSERT INTO athletes (id, name, country_code, sport)
SELECT n, 'Athlete ' || n, chr(65 + n % 26) || chr(65 + n % 7) || 'A', 'skiing' FROM generate_series(1, {ATHLETES}) n;
INSERT INTO events (id, sport, event_name, status, start_time)
SELECT n, 'skiing', 'Event ' || n, (ARRAY['scheduled', 'live', 'completed']::event_status[])[1 + n % 3],
       timestamptz '2027-02-06' + n * interval '1 hour' FROM generate_series(1, {EVENTS}) n;
INSERT INTO results (event_id, athlete_id, score, rank, version)
SELECT e, a, a, a, 1 FROM generate_series(1, {EVENTS}) e, generate_series(1, {RESULTS // EVENTS}) a;
ALTER TABLE results ENABLE TRIGGER note_change;
ANALYZE;
"""


@pytest.fixture(scope="module")
def parameter_group(architecture):
    """What the group sets, by name, but for what only RDS has."""
    group = next(iter(architecture.of_type("aws_db_parameter_group")))
    return {one["name"]: one["value"] for one in group.values["parameter"] if not one["name"].startswith("rds.")}


@pytest.fixture(scope="module")
def filled(postgres_server):
    """The page's tables with rows of a scaled size."""
    postgres_server.run("CREATE DATABASE olympics", database="postgres")
    for name in ("Schema", "Audit", "Counts", "Roles"):
        postgres_server.run(SQL[name])
    postgres_server.run(FILL)
    return postgres_server


def prepared(*names):
    return "\n".join(SQL[name] for name in names)


def test_the_schema_as_written_is_refused(filled):
    done = filled.tried(AS_WRITTEN)
    assert done.returncode
    assert 'type "idx_event_rank" does not exist' in done.stderr


def test_every_block_of_the_page_runs(filled):
    """Those that fill the database have run already; a block that is new to the page is run as well."""
    ran = {"Schema", "Audit", "Counts", "Roles"}
    assert len(SQL) >= len(ran) + 10
    for name, text in SQL.items():
        if name not in ran:
            filled.run(text)


def test_the_server_obeys_the_stacks_parameter_group(filled, parameter_group):
    assert {"statement_timeout", "log_min_duration_statement", "shared_preload_libraries"} <= set(parameter_group)
    assert filled.run("SHOW statement_timeout") == f"{int(parameter_group['statement_timeout']) // 1000}s"
    assert filled.run("SHOW shared_preload_libraries") == parameter_group["shared_preload_libraries"]


class TestPlans:
    """The plan of a prepared query, with the index and in a transaction that leaves it out and is rolled back.

    So is the unique key, which the brief's table has not: its index would stand in for the one that is left out.
    """

    def plan(self, server, query, call, *, without=""):
        drop = f"DROP INDEX {without}; ALTER TABLE results DROP CONSTRAINT {UNIQUE};" if without else ""
        said = server.run(
            f"BEGIN; {drop} {SQL[query]} EXPLAIN (FORMAT JSON) EXECUTE {call}; ROLLBACK;",
        )
        return {
            (node["Node Type"], node.get("Index Name"), node.get("Relation Name"))
            for node in self.nodes(json.loads(said))
        }

    def nodes(self, value):
        if isinstance(value, list):
            for one in value:
                yield from self.nodes(one)
        elif isinstance(value, dict):
            if "Node Type" in value:
                yield value
            for one in value.values():
                if isinstance(one, dict | list):
                    yield from self.nodes(one)

    @pytest.mark.parametrize(
        ("query", "call", "index"),
        [
            ("Query: leaderboard", "leaderboard(7, 10)", "results_by_rank"),
            ("Query: athlete", "athlete(7)", "results_by_athlete"),
        ],
    )
    def test_a_query_uses_its_index_and_reads_the_whole_table_without_it(self, filled, query, call, index):
        with_it = self.plan(filled, query, call)
        assert index in {name for _, name, _ in with_it}
        assert ("Seq Scan", None, "results") not in with_it
        without = self.plan(filled, query, call, without=index)
        assert index not in {name for _, name, _ in without}
        assert ("Seq Scan", None, "results") in without


def test_a_result_that_arrives_twice_or_late_changes_nothing(filled):
    write = prepared("Write: result")
    said = filled.run(
        f"BEGIN; {write} EXECUTE put_result(1, 2001, 91.5, 1, 'gold', 7); EXECUTE put_result(1, 2001, 91.5, 1, 'gold', 7);"
        "EXECUTE put_result(1, 2001, 99.9, 9, NULL, 6);"
        "SELECT score, rank, medal, version FROM results WHERE event_id = 1 AND athlete_id = 2001; "
        "SELECT count(*) FROM result_changes WHERE athlete_id = 2001; ROLLBACK;"
    )
    assert said.splitlines() == ["91.500|1|gold|7", "1"]


def test_a_corrected_result_corrects_the_medals(filled):
    """Event 2 is completed; the medal moves from athlete 1 of one country to athlete 2 of another."""
    said = filled.run(
        f"BEGIN; {prepared('Write: result', 'Write: medals')}"
        "EXECUTE put_result(2, 1, 1, 1, 'gold', 2); EXECUTE count_medals;"
        "SELECT country_code, gold, total FROM medal_counts WHERE total > 0;"
        "EXECUTE put_result(2, 1, 1, 2, 'silver', 3); EXECUTE put_result(2, 2, 1, 1, 'gold', 2); EXECUTE count_medals;"
        "SELECT country_code, gold, silver, total FROM medal_counts WHERE total > 0 ORDER BY 1; ROLLBACK;"
    )
    assert said.splitlines() == ["BBA|1|1", "BBA|0|1|1", "CCA|1|0|1"]


@pytest.mark.parametrize(
    "wrong",
    [
        "INSERT INTO results (event_id, athlete_id, medal, version) VALUES (1, 2500, 'platinum', 1)",
        "INSERT INTO results (event_id, athlete_id, rank, version) VALUES (1, 2500, 0, 1)",
        "INSERT INTO results (event_id, athlete_id, version) VALUES (1, 999999, 1)",
        "INSERT INTO athletes (name, country_code, sport) VALUES ('A', 'it', 'skiing')",
        "UPDATE events SET status = 'cancelled' WHERE id = 1",
        "UPDATE events SET end_time = start_time - interval '1 hour' WHERE id = 1",
        "UPDATE medal_counts SET total = 99",
    ],
)
def test_what_is_no_result_is_refused(filled, wrong):
    assert filled.tried(wrong).returncode


def test_what_a_visitor_sends_is_a_value_and_never_sql(filled):
    hostile = "x''; DROP TABLE results; --"
    said = filled.run(f"{prepared('Query: search')} EXECUTE search('{hostile}'); SELECT count(*) FROM results;")
    assert said == str(RESULTS)
    assert filled.run(f"{prepared('Query: search')} EXECUTE search('ATHLETE 12');") == "12|Athlete 12"


def test_no_list_is_longer_than_the_query_allows(filled):
    said = filled.run(f"{prepared('Query: leaderboard')} EXECUTE leaderboard(7, 100000);")
    assert len(said.splitlines()) == 200


def test_a_query_that_runs_too_long_is_ended(filled, parameter_group):
    """With the parameter's time cut to a hundredth, so that the test does not wait for all of it."""
    short = int(parameter_group["statement_timeout"]) // 100
    done = filled.tried(f"SET statement_timeout = {short}; SELECT pg_sleep(5);")
    assert done.returncode
    assert "canceling statement due to statement timeout" in done.stderr


@pytest.mark.parametrize(
    ("role", "wrong"),
    [
        ("api", "UPDATE results SET rank = 1"),
        ("api", "DELETE FROM event_views"),
        ("processor", "DELETE FROM result_changes"),
        ("processor", "UPDATE result_changes SET entered_by = 'feed'"),
        ("processor", "DROP TABLE results"),
    ],
)
def test_a_role_may_not_do_what_is_not_its_work(filled, role, wrong):
    done = filled.tried(f"SET ROLE {role}; {wrong};")
    assert done.returncode
    assert re.search("permission denied|must be owner", done.stderr)


def test_an_entry_by_hand_waits_for_somebody_else(filled):
    """Entered by one person, it is listed; that person cannot review it, another can, and then it is listed no more."""
    entered = (
        "BEGIN; SET LOCAL olympics.person = 'ada'; "
        "UPDATE results SET score = 88.1, version = 5 WHERE event_id = 3 AND athlete_id = 4; COMMIT;"
    )
    waiting = (
        "SELECT entered_by, after->>'score' FROM result_changes WHERE reviewed_by IS NULL AND entered_by <> 'feed';"
    )
    review = "UPDATE result_changes SET reviewed_by = '{}', reviewed_at = now() WHERE entered_by = 'ada';"
    assert filled.run(entered + waiting) == "ada|88.100"
    assert "result_changes_check" in filled.tried(review.format("ada")).stderr
    assert filled.run(review.format("grace") + waiting) == ""


def test_the_monitoring_queries_count_what_was_added(filled):
    added = "".join(
        f"EXECUTE add_views({event}, now() - interval '{age}', {views});"
        for event, age, views in ((1, "5 min", 10), (1, "5 min", 5), (2, "50 min", 40), (3, "2 hours", 999))
    )
    said = filled.run(f"BEGIN; {prepared('Write: views')} {added} {SQL['Monitoring: views']} ROLLBACK;")
    assert said.splitlines() == ["Event 2|40", "Event 1|15"]
    counts = """
INSERT INTO request_counts VALUES
    (now(), 'cache', 3), (now(), 'database', 1), (now() - interval '1 hour', 'cache', 9);
"""
    assert filled.run(f"BEGIN; {counts} {SQL['Monitoring: cache']} ROLLBACK;") == "75.0"
    assert filled.run(SQL["Monitoring: cache"]) == ""


def test_statements_are_counted_without_the_values_in_them(filled):
    filled.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset();")
    for number in (41, 42, 43):
        filled.run(f"SELECT name FROM athletes WHERE id = {number};")
    rows = [row.split("|") for row in filled.run(SQL["Monitoring: statements"]).splitlines()]
    counted = {query: int(calls) for calls, _, query in rows}
    assert counted["SELECT name FROM athletes WHERE id = $1"] == 3
