"""A chart is static, the same to the byte, readable in both schemes and without colour, and says its numbers in words."""

import os
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from analysis.drawing import charts
from analysis.drawing.charts import ChartError, Limit, Series, bars, graph, lines
from analysis.drawing.figures import COLOURS

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</svg><script>alert(1)</script>&\"'"
BILL = [("RDS", "Before", 14.7), ("RDS", "After", 203.1), ("CDN", "Before", 46.0), ("CDN", "After", 36.5)]
NIGHT = [Series("Before", ((0, 10), (45, 40), (90, 90))), Series("After", ((0, 5), (45, None), (90, 30)))]


def bill(title="Monthly cost", rows=BILL):
    return bars(title, rows, unit="US dollars a month", number="$,.2f")


def night(title="The night", series=NIGHT):
    limits = [Limit(60, "limit"), Limit(45, "half-time", vertical=True)]
    return lines(title, series, x="Minutes from kick-off", y="Users", limits=limits)


FIGURES = {"bars": bill, "lines": night}
both = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)


@both
def test_the_same_numbers_give_the_same_bytes(figure):
    assert figure().html() == figure().html()


def unpacked(woff):
    """The bytes of a WOFF file as a TrueType font: https://www.w3.org/TR/WOFF/"""
    count = struct.unpack(">H", woff[12:14])[0]
    entries = [struct.unpack(">4s4I", woff[44 + 20 * n : 64 + 20 * n]) for n in range(count)]
    head, body = woff[4:8] + struct.pack(">4H", count, 0, 0, 0), b""
    for tag, offset, packed, length, checksum in entries:
        table = woff[offset : offset + packed]
        table = zlib.decompress(table) if packed < length else table
        head += struct.pack(">4s3I", tag, checksum, 12 + 16 * count + len(body), length)
        body += table + bytes(-length % 4)
    return head + body


def test_a_font_that_a_user_has_installed_changes_no_chart(tmp_path):
    fonts = tmp_path / ".local/share/fonts"
    fonts.mkdir(parents=True)
    for woff in Path(charts.__file__).with_name("fonts").glob("*.woff"):
        (fonts / f"{woff.stem}.ttf").write_bytes(unpacked(woff.read_bytes()))
    code = "import sys; sys.path.insert(0, 'tests/drawing'); import test_charts as t; print(t.bill().html(), t.night().html())"
    code += "; t.charts.FONT = 'Inter'; print('<!-- measured -->', t.night().html())"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "HOME": str(tmp_path)}, cwd=Path(__file__).parents[2],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    drawn, _, with_inter = done.stdout.partition("<!-- measured -->")
    assert drawn.split() == f"{bill().html()} {night().html()}".split()
    assert night().html().split() != with_inter.split()  # the font is seen where it is asked for


@both
def test_the_svg_is_well_formed_named_and_loads_nothing(figure):
    made = figure()
    tree = ET.fromstring(made.svg)
    title, description = tree.find(f"{SVG}title"), tree.find(f"{SVG}desc")
    assert tree.attrib["role"] == "img"
    assert tree.attrib["aria-labelledby"].split() == [title.attrib["id"], description.attrib["id"]]
    assert title.text == made.title
    assert "Before" in description.text
    assert not re.search(r"https?:|@import|xlink:href", made.svg.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    assert not list(tree.iter(f"{SVG}image"))


@both
def test_no_colour_is_fixed_so_that_both_schemes_are_followed(figure):
    tree = ET.fromstring(figure().svg)
    fixed = {element.attrib[name] for element in tree.iter() for name in ("fill", "stroke") if name in element.attrib}
    assert fixed <= {"none", "transparent"}
    used = set(re.findall(r"(?:fill|stroke):var\(--gd-([a-z]+)\)", figure().svg))
    assert {"ink", "amber", "pitch"} <= used <= set(COLOURS)


def test_every_mark_of_a_limit_and_a_series_end_is_labelled_in_the_picture():
    shown = [text.text for text in ET.fromstring(night().svg).iter(f"{SVG}text")]
    assert {"Before", "After", "limit", "half-time", "Users", "Minutes from kick-off"} <= set(shown)


def test_bars_carry_value_and_series_in_words():
    shown = [re.sub(r"\s+", " ", text.text or "") for text in ET.fromstring(bill().svg).iter(f"{SVG}text")]
    assert {"$14.70 Before", "$203.10 After", "$46.00 Before", "$36.50 After"} <= set(shown)


def test_a_long_name_of_a_bar_takes_a_second_line_and_is_not_clipped():
    tree = ET.fromstring(bill(rows=[("Statistics of the Games, as the brief has written it down", "x", 2.0)]).svg)
    shown = " ".join(" ".join(text.itertext()) for text in tree.iter(f"{SVG}text"))
    assert "…" not in shown
    assert {"Statistics", "Games,", "down"} <= set(shown.split())


def test_lines_differ_by_dash_and_shape_as_well_as_by_colour():
    tree = ET.fromstring(night().svg)
    dashes = {
        e.attrib.get("stroke-dasharray") for e in tree.iter(f"{SVG}path") if e.attrib.get("stroke-width") == "2.2"
    }
    assert len(dashes) == 2
    assert len(charts.SERIES) == len(charts.DASHES) == len(charts.SHAPES)


def luminance(colour):
    def channel(value):
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [1, 2], ids=["day", "night"])
def test_series_and_text_stand_out_from_the_ground(scheme):
    paper = COLOURS["paper"][scheme]
    for name in charts.SERIES:
        assert contrast(COLOURS[name][scheme], paper) >= 3
    for name in ("ink", "soft"):
        assert contrast(COLOURS[name][scheme], paper) >= 4.5


def test_the_numbers_stand_in_a_table_beside_the_picture():
    assert "<td>$203.10</td>" in bill().html() or "<td>203.10</td>" in bill().html()
    page = night().html()
    assert "<details>" in page
    assert re.search(r'<th scope="row">45</th><td>40</td><td></td>', page), "a gap is an empty cell, not a zero"


def test_words_and_table_count_without_an_exponent():
    found = lines(
        "The crowd",
        [Series("Cost", ((125_000, 5_227), (1_000_000, 19_638)))],
        x="Visitors",
        y="US dollars",
        number=",.3g",
    )
    assert "at 1,000,000" in found.description
    assert '<th scope="row">1,000,000</th>' in found.html()
    small = graph("Load", [Series("p95", ((0, 11_300.0), (9, -1.9e-11)))], size=(300, 120), y="ms", key="load")
    assert "from 11,300 at 00:00 to 0 at 00:09" in small.description


def test_text_is_escaped_everywhere():
    rows = [(HOSTILE, HOSTILE, 1.0), ("b", "c", 2.0)]
    for page in (bill(HOSTILE, rows).html(), night(HOSTILE, [Series(HOSTILE, ((0, 1), (1, 2)))]).html()):
        assert "<script" not in page
        assert "&lt;script&gt;" in page


def test_two_charts_on_one_page_share_no_id():
    first, second = (set(re.findall(r'\bid="([^"]+)"', night(title).svg)) for title in ("One", "Two"))
    assert first
    assert not first & second


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ChartError, match="not a finite number"):
        bill(rows=[("RDS", "Before", value)])
    with pytest.raises(ChartError, match="not a finite number"):
        night(series=[Series("Before", ((0, value),))])


def test_nothing_and_too_much_are_refused():
    with pytest.raises(ChartError, match="nothing to draw"):
        bill(rows=[])
    with pytest.raises(ChartError, match="nothing to draw"):
        night(series=[Series("Before", ())])
    with pytest.raises(ChartError, match="more than 4"):
        bill(rows=[("RDS", str(n), 1.0) for n in range(5)])


def test_one_series_needs_no_name_in_its_bars():
    shown = [text.text for text in ET.fromstring(bill(rows=[("RDS", "x", 2.0)]).svg).iter(f"{SVG}text")]
    assert "$2.00" in shown


def test_the_colours_are_those_of_the_site():
    from pathlib import Path

    css = (Path(__file__).parents[2] / "analysis" / "theme" / "assets" / "css" / "site.css").read_text()
    for scheme, rule in ((1, "[data-md-color-scheme] {"), (2, '[data-md-color-scheme="slate"] {')):
        block = css.split(rule)[1].split("}")[0]
        site = dict(re.findall(r"(--g-[a-z-]+):\s*(#[0-9a-f]{6})", block))
        assert all(site[colours[0]] == colours[scheme] for colours in COLOURS.values())
