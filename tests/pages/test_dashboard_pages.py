import datetime as dt
import re

import pytest

from analysis.alarms import MetricKey, Pack, Series
from analysis.alarms.dashboards import Dashboard, Drawn, Filled, Line, Mark, Metric, Status, Widget
from analysis.drawing import charts, dashboards

START = dt.datetime(2026, 3, 7, 19, 0, tzinfo=dt.UTC)
PACK = Pack({MetricKey.of("Own", "A"): Series({"Average": [1.0] * 60})}, START, origin="seed <7>")
METRIC = Metric("Own", "A", (), "Average", 60)


def line(label, points, note=""):
    return Drawn(Line(label, metric=METRIC, period_s=60), tuple(enumerate(points)), note)


def shown(widget, **filled):
    return str(dashboards.board(Dashboard("night", "a", (widget,)), [Filled(widget, **filled)], PACK, key="k"))


def test_a_text_widget_shows_html_instead_of_running_it_and_loads_nothing():
    made = str(
        dashboards.text(
            "# Head\n<script>alert(1)</script> **bold** `code`\n\n- one\n\n"
            "[good](https://example.org) [bad](javascript:alert(1)) ![x](https://example.org/x.png)"
        )
    )
    assert "<script" not in made
    assert "&lt;script&gt;" in made
    assert "<h1" not in made
    assert 'class="g-dash__h"' in made
    assert "<strong>bold</strong>" in made
    assert "<img" not in made
    assert 'href="https://example.org"' in made
    assert 'href="javascript' not in made


def test_a_relative_link_leads_nowhere():
    assert 'href="#"' in str(dashboards.text("[a](../../secret)"))


def test_a_widget_stands_at_its_place_and_carries_its_title_its_lines_and_their_statistics():
    widget = Widget("graph", 8, 2, 8, 6, "Load <b>", marks=(Mark("page", 80.0),), unit="%")
    made = shown(widget, drawn=(line("mean", [50.0, 60.0, None]), line("other", [1.0, 2.0, 3.0])))
    assert "--x:8;--y:2;--w:8;--h:6" in made
    assert "Load &lt;b&gt;" in made
    assert "<b>" not in made
    assert "mean (Average, 60 s)" in made
    assert "page" in made
    assert "highest 60" in made  # in words, for those who do not see it


def test_a_point_between_two_gaps_is_a_dot():
    widget = Widget("graph", 0, 0, 8, 6, "Errors")
    alone = shown(widget, drawn=(line("e", [None, 4.0, None, 5.0, 6.0]),))
    together = shown(widget, drawn=(line("e", [None, 4.0, 5.0, 5.0, 6.0]),))
    assert alone.count("<path") > together.count("<path")


def test_what_cannot_be_shown_is_said_inside_the_widget():
    widget = Widget("graph", 0, 0, 8, 6, "A", problem="It <fails>.")
    made = shown(widget, drawn=(line("a", [], "a: no such metric."), line("b", [None, None])))
    assert "It &lt;fails&gt;." in made
    assert "a: no such metric." in made
    assert "b: no datapoint all night." in made
    assert "<svg" not in made


def test_more_lines_than_can_be_told_apart_are_named():
    widget = Widget("graph", 0, 0, 8, 6, "A")
    made = shown(widget, drawn=tuple(line(f"line {n}", [1.0, 2.0]) for n in range(10)))
    assert "Not drawn, for want of distinguishable lines: line 8, line 9." in made
    with pytest.raises(charts.ChartError, match="cannot be told apart"):
        charts.graph("A", [charts.Series(str(n), ((0.0, 1.0),)) for n in range(9)], key="k", size=(300, 200), y="")


def test_no_two_lines_of_a_graph_are_drawn_alike():
    assert len({charts.swatch(number) for number in range(charts.MOST_IN_GRAPH)}) == charts.MOST_IN_GRAPH


def test_a_single_value_is_the_last_that_is_there():
    widget = Widget("number", 0, 0, 6, 3, "Tasks", unit="tasks")
    assert "12<small>now, tasks</small>" in shown(widget, drawn=(line("now", [3.0, 12.0, None]),))


def test_alarms_in_alarm_come_first_and_say_so_in_words():
    statuses = (
        Status("a-ok", "OK"),
        Status("b-rings", "ALARM", START + dt.timedelta(minutes=5)),
        Status("c-unknown", None),
    )
    made = shown(Widget("alarms", 0, 0, 24, 4, "Alarms"), statuses=statuses)
    assert made.index("b-rings") < made.index("a-ok") < made.index("c-unknown")
    assert "In alarm since 19:05" in made
    assert "Not modelled" in made


def test_the_origin_is_escaped_and_the_same_input_gives_the_same_bytes():
    widget = Widget("graph", 0, 0, 8, 6, "A")
    made = shown(widget, drawn=(line("a", [1.0, 2.0]),))
    assert "seed &lt;7&gt;" in made
    assert made == shown(widget, drawn=(line("a", [1.0, 2.0]),))
    assert re.search(r">19:00<", made)
