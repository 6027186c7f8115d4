import copy
import datetime as dt
import json
from pathlib import Path

import pytest
from alarm_makers import CPU, START, at, drawn, stack
from hypothesis import given
from hypothesis import strategies as st

from analysis import terraform
from analysis.alarms import MetricKey, Pack, Series, dashboards, fill, read
from analysis.alarms.dashboards import metrics
from analysis.architecture import Architecture, Location, Resource, Unknown

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"
ERRORS = MetricKey.of("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", LoadBalancer="app/live/1")
REQUESTS = MetricKey.of("AWS/ApplicationELB", "RequestCount", LoadBalancer="app/live/1")


def graph(**properties):
    return {
        "type": "metric",
        "properties": {
            "metrics": [["AWS/ECS", "CPUUtilization", "ClusterName", "live", "ServiceName", "api"]],
            "period": 60,
            **properties,
        },
    }


def board(*widgets, **body):
    text = json.dumps({"widgets": list(widgets), **body})
    return Architecture(
        "hand-made",
        (
            Resource(
                "aws_cloudwatch_dashboard.a",
                "aws_cloudwatch_dashboard",
                "a",
                {"dashboard_name": "night", "dashboard_body": text},
                Location("main.tf", 1),
            ),
        ),
    )


def read_one(*widgets, **body):
    found, refused = dashboards(board(*widgets, **body))
    assert not refused, refused
    return found[0]


def refusal(*widgets, **body):
    found, refused = dashboards(board(*widgets, **body))
    assert not found
    return str(refused[0])


def pack(**more):
    series = {CPU: Series({"Average": drawn("__##__")}), **more}
    return Pack(series, START, origin="seed 7")


def test_a_graph_has_its_place_its_title_and_the_datapoints_of_the_night():
    found = read_one({**graph(title="Processors"), "x": 6, "y": 2, "width": 12, "height": 4})
    widget = found.widgets[0]
    assert (widget.kind, widget.x, widget.y, widget.width, widget.height) == ("graph", 6, 2, 12, 4)
    filled = fill(found, pack())[0]
    assert filled.widget.title == "Processors"
    assert filled.drawn[0].points == ((0, 50.0), (1, 50.0), (2, 90.0), (3, 90.0), (4, 50.0), (5, 50.0))
    assert filled.notes == ()


def test_a_widget_without_a_place_goes_where_there_is_room():
    found = read_one(*[graph() for _ in range(5)])
    assert [(widget.x, widget.y) for widget in found.widgets] == [(0, 0), (6, 0), (12, 0), (18, 0), (0, 6)]


def test_a_longer_period_gathers_its_minutes_and_is_stamped_with_its_begin():
    filled = fill(read_one(graph(period=120)), pack())[0]
    assert filled.drawn[0].points == ((0, 50.0), (2, 90.0), (4, 50.0))


def test_the_default_period_is_five_minutes_and_the_default_statistic_the_mean():
    widget = graph()
    del widget["properties"]["period"]
    line = read_one(widget).widgets[0].lines[0]
    assert (line.metric.period_s, line.metric.statistic) == (300, "Average")


def test_dots_stand_for_the_parts_of_the_row_above():
    rows = [
        ["AWS/ECS", "CPUUtilization", "ClusterName", "live", "ServiceName", "api"],
        [".", "MemoryUtilization", ".", ".", ".", ".", {"stat": "Maximum"}],
        ["...", "web", {"label": "the other"}],
    ]
    lines = read_one(graph(metrics=rows)).widgets[0].lines
    assert [(line.metric.name, line.metric.statistic) for line in lines] == [
        ("CPUUtilization", "Average"),
        ("MemoryUtilization", "Maximum"),
        ("MemoryUtilization", "Average"),
    ]
    assert dict(lines[2].metric.dimensions) == {"ClusterName": "live", "ServiceName": "web"}
    assert lines[2].label == "the other"


def test_an_expression_is_computed_from_the_lines_that_it_names():
    rows = [
        [{"expression": "100 * FILL(bad, 0) / all", "label": "failed, %"}],
        ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", "app/live/1", {"id": "bad", "visible": False}],
        [".", "RequestCount", ".", ".", {"id": "all", "visible": False}],
    ]
    more = {ERRORS: Series({"Sum": [None, 5.0, 10.0]}), REQUESTS: Series({"Sum": [100.0] * 3})}
    night = Pack(more, START)
    filled = fill(read_one(graph(metrics=rows, stat="Sum")), night)[0]
    assert [one.line.label for one in filled.drawn] == ["failed, %"]
    assert filled.drawn[0].points == ((0, 0.0), (1, 5.0), (2, 10.0))


def test_a_metric_that_does_not_exist_and_one_that_the_night_lacks_are_said_in_the_widget():
    rows = [
        ["AWS/ECS", "CPUUse", "ClusterName", "live", "ServiceName", "api"],
        [".", "MemoryUtilization", ".", ".", ".", "."],
    ]
    filled = fill(read_one(graph(metrics=rows)), pack())[0]
    assert filled.notes == (
        "CPUUse: no such metric, AWS/ECS has no metric CPUUse.",
        "MemoryUtilization: MemoryUtilization of live, api is not in this incident's data.",
    )
    assert all(one.points == () for one in filled.drawn)


def test_annotations_are_lines_and_a_band_is_two_of_them():
    annotations = {
        "horizontal": [
            {"label": "page", "value": 80},
            [{"label": "from", "value": 10}, {"label": "to", "value": 20}],
            {"label": "hidden", "value": 1, "visible": False},
        ]
    }
    marks = read_one(graph(annotations=annotations)).widgets[0].marks
    assert [(mark.label, mark.value) for mark in marks] == [("page", 80.0), ("from", 10.0), ("to", 20.0)]


ALARMED = """
resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name          = "cpu"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = "live", ServiceName = "api" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 1
  threshold           = 80
  comparison_operator = "GreaterThanThreshold"
}

resource "aws_cloudwatch_dashboard" "night" {
  dashboard_name = "night"
  dashboard_body = jsonencode({
    start = "-PT3H"
    widgets = [
      { type = "alarm", properties = { title = "Alarms", alarms = [aws_cloudwatch_metric_alarm.cpu.arn] } },
      { type = "metric", properties = { annotations = { alarms = [aws_cloudwatch_metric_alarm.cpu.arn] } } },
    ]
  })
}
"""


def test_an_alarm_is_shown_by_name_in_its_state_at_a_moment(tmp_path):
    found = stack(tmp_path, ALARMED)
    boards, refused = dashboards(found, read(found))
    assert not refused
    assert boards[0].span_s == 3 * 3600
    states = {"cpu": ("OK", "OK", "OK", "ALARM", "ALARM", "OK", "OK")}
    shown = fill(boards[0], pack(), found, states, at(4))[0].statuses[0]
    assert (shown.name, shown.state, shown.since) == ("cpu", "ALARM", at(3))
    assert fill(boards[0], pack(), found, {}, at(4))[0].statuses[0].note == "its metric is not in the incident"


def test_a_widget_that_is_given_an_alarm_draws_its_metric_and_its_threshold(tmp_path):
    found = stack(tmp_path, ALARMED)
    widget = dashboards(found, read(found))[0][0].widgets[1]
    assert [line.metric.name for line in widget.lines] == ["CPUUtilization"]
    assert [(mark.label, mark.value) for mark in widget.marks] == [("cpu", 80.0)]


def test_what_is_not_drawn_is_named_and_keeps_its_place():
    found = read_one({"type": "log", "width": 24, "properties": {"query": "…"}}, graph(view="pie"))
    assert [widget.kind for widget in found.widgets] == ["other", "other"]
    assert "type log" in found.widgets[0].problem
    assert "view pie" in found.widgets[1].problem


@pytest.mark.parametrize(
    ("widget", "said"),
    [
        ({**graph(), "width": 25}, "width is 25"),
        ({**graph(), "x": 20, "y": 0}, "reach beyond the 24 columns"),
        ({**graph(), "height": 0}, "height is 0"),
        (graph(metrics=[["AWS/ECS"]]), "no namespace, name and pairs"),
        (graph(metrics=[[".", "x"]]), "repeats a part"),
        (graph(metrics=["AWS/ECS"]), "is no list"),
        (graph(metrics="x"), "metrics is no list"),
        (graph(period=-1), "has the period -1"),
        (graph(stat="p101"), "statistic 'p101'"),
        ("x", "is no object"),
    ],
)
def test_a_body_that_cloudwatch_refuses_is_a_sentence_with_its_place(widget, said):
    sentence = refusal(widget)
    assert said in sentence
    assert sentence.startswith("main.tf:1:1: error: aws_cloudwatch_dashboard.a: ")


def test_a_body_that_is_no_json_or_not_known_is_refused():
    def body(value):
        resource = Resource(
            "aws_cloudwatch_dashboard.a",
            "aws_cloudwatch_dashboard",
            "a",
            {"dashboard_body": value},
            Location("main.tf", 1),
        )
        return str(dashboards(Architecture("x", (resource,)))[1][0])

    assert "is not JSON" in body("{")
    assert "no JSON object" in body("[]")
    assert "no list of widgets" in body("{}")
    assert "known only after apply" in body(Unknown("aws_lb.a.arn"))
    assert "is missing" in body(None)
    assert "is not JSON" in body("[" * 100_000)


def test_the_dashboards_of_our_stack_are_read_and_every_metric_in_them_can_exist():
    found = terraform.load(STACKS / "buzzer")
    boards, refused = dashboards(found, read(found))
    assert not refused
    assert len(boards) == 2
    night = Pack({CPU: Series({"Average": [1.0]})}, START)
    notes = [note for shown in boards for widget in fill(shown, night, found) for note in widget.notes]
    assert not [note for note in notes if "no such metric" in note]
    assert not [note for note in notes if "not drawn" in note]
    assert not [widget.problem for shown in boards for widget in shown.widgets if widget.problem]
    listed = {name for shown in boards for widget in shown.widgets for name in widget.alarms}
    assert listed >= {alarm.name for alarm in read(found).metric}


def test_a_line_that_a_dashboard_of_ours_calls_page_or_ticket_is_the_threshold_of_such_an_alarm():
    found = terraform.load(STACKS / "buzzer")
    told = read(found)
    thresholds = {}
    for alarm in told.metric:
        for _, metric in alarm.queries:
            thresholds.setdefault((metric.name, alarm.severity), set()).add(round(alarm.threshold, 6))
    seen = 0
    for shown in dashboards(found, told)[0]:
        for widget in shown.widgets:
            for mark in widget.marks:
                if mark.label in ("page", "ticket"):
                    seen += 1
                    assert round(mark.value, 6) in thresholds[widget.lines[0].metric.name, mark.label], widget.title
    assert seen >= 6


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 30) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def places(node, path=()):
    yield path
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in inner:
        yield from places(child, (*path, key))


@given(st.data())
def test_no_change_to_a_body_makes_anything_but_a_dashboard_or_a_sentence(data):
    body = copy.deepcopy(
        {
            "widgets": [
                {
                    **graph(annotations={"horizontal": [{"label": "a", "value": 1}], "alarms": ["arn:aws:x:alarm:b"]}),
                    "x": 0,
                    "y": 0,
                },
                {"type": "text", "properties": {"markdown": "x"}},
                {"type": "alarm", "properties": {"alarms": ["arn:aws:x:alarm:b"]}},
            ],
            "start": "-PT3H",
        }
    )
    *way, last = data.draw(st.sampled_from([place for place in places(body) if place]))
    node = body
    for key in way:
        node = node[key]
    node[last] = data.draw(JSON)
    widgets = body.pop("widgets")
    made = board(*widgets, **body) if isinstance(widgets, list) else board()
    found, refused = dashboards(made)
    assert len(found) + len(refused) == 1
    for shown in found:
        fill(shown, pack())


def test_each_metric_is_asked_for_once():
    assert len(metrics([read_one(graph(), graph())])) == 1


def test_a_moment_beyond_the_pack_shows_the_last_state(tmp_path):
    found = stack(tmp_path, ALARMED)
    shown = fill(
        dashboards(found, read(found))[0][0], pack(), found, {"cpu": ("OK", "ALARM")}, START + dt.timedelta(days=1)
    )
    assert shown[0].statuses[0].state == "ALARM"
