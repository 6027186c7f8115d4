"""The link checker finds what is broken and nothing else."""

import pytest

from analysis.pages import links


def site(tmp_path, **pages):
    for name, text in pages.items():
        path = tmp_path / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [f"{problem.page}: {problem.address}: {problem.what}" for problem in links.problems(tmp_path)]


def test_a_sound_site_has_no_problems(tmp_path):
    assert not site(
        tmp_path,
        index_html='<link rel="stylesheet" href="a.css"><a href="sub/b.html#x">b</a><a href="#top">t</a><i id="top"></i>',
        sub__b_html='<a href="../index.html">up</a><p id="x"><a href="https://example.org/">out</a><img src="data:,"></p>',
        a_css="a { background: url('pic.svg') }",
        pic_svg="<svg/>",
    )


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ('<a href="gone.html">', "gone.html: does not exist"),
        ('<a href="#gone">', "#gone: has no anchor gone"),
        ('<a href="index.html#gone">', "has no anchor gone"),
        ('<a href="/index.html">', "begins with a slash"),
        ('<a href="../../x.html">', "leaves the site"),
        ('<a href="http://example.org">', "is not https"),
        ('<img src="https://example.org/x.png">', "is loaded from outside"),
        ('<script src="//example.org/x.js"></script>', "is loaded from outside"),
        ('<link rel="stylesheet" href="https://example.org/x.css">', "is loaded from outside"),
        ('<img srcset="https://example.org/x.png 2x">', "is loaded from outside"),
        ('<svg><image href="https://example.org/x.png"/></svg>', "is loaded from outside"),
        ('<p style="background: url(https://example.org/x.png)">', "is loaded from outside"),
        ("<style>@import url(https://example.org/x.css)</style>", "is loaded from outside"),
    ],
)
def test_each_kind_of_broken_address_is_named(tmp_path, html, what):
    (problem,) = site(tmp_path, index_html=html)
    assert what in problem


def test_a_style_sheet_is_read_too(tmp_path):
    (problem,) = site(tmp_path, assets__a_css="@font-face { src: url(https://example.org/f.woff2) }")
    assert "is loaded from outside" in problem


def test_links_between_pages_are_relative():
    assert links.relative("a/b.md", "a/c.md", "x") == "c.html#x"
    assert links.relative("index.md", "a/c.ipynb") == "a/c.html"
    assert links.relative("a/b/c.md", "index.md") == "../../index.html"


def test_what_is_remembered_of_the_last_build_hides_no_broken_link(tmp_path):
    site, memory = tmp_path / "site", tmp_path / "memory.json"
    site.mkdir()
    (site / "a.html").write_text('<p id="here"></p><a href="b.html#x">b</a> <a href="#here">here</a>')
    (site / "b.html").write_text('<p id="x"></p><a href="c.html">c</a>')
    (site / "c.html").write_text("<p></p>")

    def wrong():
        found = links.problems(site, memory)
        assert found == links.problems(site)
        return [f"{problem.page}: {problem.address}" for problem in found]

    assert wrong() == wrong() == []
    (site / "b.html").write_text('<p id="y"></p>')
    assert wrong() == wrong() == ["a.html: b.html#x"]
    (site / "b.html").write_text('<p id="x"></p><a href="c.html">c</a>')
    assert wrong() == []
    (site / "c.html").unlink()
    assert wrong() == wrong() == ["b.html: c.html"]


def test_an_unchanged_page_is_not_checked_twice(tmp_path, monkeypatch):
    site, memory = tmp_path / "site", tmp_path / "memory.json"
    site.mkdir()
    for name in "ab":
        (site / f"{name}.html").write_text('<p id="x"></p><a href="a.html#x">a</a>')
    checked = []
    problem = links._problem
    monkeypatch.setattr(links, "_problem", lambda *asked: checked.append(asked) or problem(*asked))
    links.problems(site, memory)
    assert checked
    checked.clear()
    links.problems(site, memory)
    assert checked == []
