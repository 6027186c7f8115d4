"""Notebooks fail loudly, rest on everything they read, and take parameters by name and type."""

import ast
import re
import shutil
import tempfile
from contextlib import nullcontext
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.notebooks import execution
from analysis.notebooks.execution import NotebookError, ParameterError, Run, executed, given_values, with_parameters
from analysis.site import navigation

ROOT = Path(__file__).parents[2]
PARAMETERS = (
    "users = 5_000\ntask_cpu: int | None = None\npoll_s = 2.0\nspot = False\nregion = 'us-east-1'\nvariables: dict = {}"
)


def write(path: Path, *sources: str, tags: dict[int, list[str]] | None = None) -> Path:
    cells = [
        nbformat.v4.new_code_cell(source, id=f"cell-{number}", metadata={"tags": (tags or {}).get(number, [])})
        for number, source in enumerate(sources, start=1)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture(scope="module", autouse=True)
def begin():
    """One process for the kernels of all tests, whose imports take five seconds; given is what begins one of its own."""
    warm = execution._warm
    with warm(ROOT) as process, pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "_warm", lambda _root: nullcontext(process))
        yield warm


@pytest.fixture
def checkout(tmp_path):
    """A checkout in miniature, with one file of each kind that an output rests on."""
    for name in (
        "analysis/cost.py",
        "analysis/facts/prices.csv",
        "terraform/stacks/a/main.tf",
        "terraform/scenarios/final.toml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one\n")
    (tmp_path / "requirements.lock").write_text("lock\n")
    return tmp_path


@pytest.fixture
def counted(monkeypatch):
    """Execution replaced by a counter: what is asked here is whether a kernel would be started at all."""
    runs = []
    monkeypatch.setattr(execution, "_execute", lambda *run: runs.append(run))
    return runs


@pytest.mark.slow
def test_a_cell_that_raises_stops_the_build_and_names_notebook_cell_and_exception(tmp_path):
    path = write(tmp_path / "broken.ipynb", "x = 1", "x / 0", "x")
    with pytest.raises(NotebookError, match=r"broken\.ipynb, cell 2: ZeroDivisionError: division by zero"):
        executed([Run(path)], tmp_path / "cache", root=tmp_path)
    assert not list((tmp_path / "cache").glob("*.ipynb")), "a failed run must not be kept"


@pytest.mark.slow
def test_a_cell_that_exits_stops_the_build(tmp_path):
    path = write(tmp_path / "leaving.ipynb", "import sys; sys.exit(0)")
    with pytest.raises(NotebookError, match="cell 1: SystemExit"):
        executed([Run(path)], tmp_path / "cache", root=tmp_path)


def test_a_cell_may_not_be_excused_for_raising(tmp_path):
    path = write(tmp_path / "excused.ipynb", "1 / 0", tags={1: ["raises-exception"]})
    with pytest.raises(NotebookError, match="raises-exception"):
        executed([Run(path)], tmp_path / "cache", root=tmp_path)


@pytest.mark.slow
def test_two_kernels_at_once_do_not_hear_each_other_and_two_runs_give_the_same_bytes(tmp_path, begin, monkeypatch):
    source = """
class Shown:
    def _repr_html_(self):
        return '<table id="T_a1b2c"><style>#T_a1b2c td {}</style></table>'
import random, sys
print(object(), end=" ", flush=True); print("and more", flush=True)
print("a warning", file=sys.stderr)
object()"""
    paths = [write(tmp_path / f"n{number}.ipynb", f"name = {number}; name", source, "Shown()") for number in (1, 2)]
    runs = [Run(path) for path in paths]
    first = executed(runs, tmp_path / "first", parallel=2, root=tmp_path)
    monkeypatch.setattr(execution, "_warm", begin)
    second = executed(runs, tmp_path / "second", parallel=2, root=tmp_path)
    for number, (one, again) in enumerate(zip(first, second, strict=True), start=1):
        assert execution.text(one) == execution.text(again)
        assert one.cells[0].outputs[0].data["text/plain"] == str(number)
        assert "0x…" in execution.text(one)
        assert list(one.cells[2].outputs[0].data) == ["text/html"]
        assert "T_cell3" in one.cells[2].outputs[0].data["text/html"]
        assert not re.search(r"0x[0-9a-f]{6}", execution.text(one))


@pytest.mark.slow
def test_runs_about_one_stack_take_turns_in_one_kernel_and_see_nothing_of_each_other(tmp_path):
    source = "import os; 'left' in globals(), os.getpid()"
    one = write(tmp_path / "one.ipynb", "stack = 'a'", source, "left = 1; left", tags={1: ["parameters"]})
    other = write(tmp_path / "other.ipynb", "stack = 'a'", source, tags={1: ["parameters"]})
    runs = [Run(one, {"stack": "a"}), Run(other, {"stack": "a"}), Run(other, {"stack": "b"})]
    made = executed(runs, tmp_path / "cache", root=tmp_path)
    outputs = [notebook.cells[1].outputs[0] for notebook in made]
    found, processes = zip(*(ast.literal_eval(output.data["text/plain"]) for output in outputs), strict=True)
    assert found == (False, False, False)
    assert processes[0] == processes[1] != processes[2]
    assert {output.execution_count for output in outputs} == {2}, "where a notebook's turn came does not show"


@pytest.mark.slow
def test_a_section_whose_call_shows_nothing_is_left_out_with_its_prose(tmp_path):
    path = write(tmp_path / "n.ipynb", "x = 1", "None", "x")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell("## Nothing", id="cell-2-why"))
    notebook.cells.insert(3, nbformat.v4.new_markdown_cell("## Something", id="cell-3-why"))
    nbformat.write(notebook, path)
    (made,) = executed([Run(path)], tmp_path / "cache", root=tmp_path)
    assert [cell.id for cell in made.cells] == ["cell-1", "cell-3-why", "cell-3"]


@pytest.mark.slow
def test_a_notebook_runs_in_its_own_directory_and_finds_the_package_of_its_checkout(tmp_path, begin, monkeypatch):
    monkeypatch.setattr(execution, "_warm", begin)
    (tmp_path / "here").mkdir()
    (tmp_path / "marker.py").write_text("SAID = 'found'\n")
    path = write(tmp_path / "here" / "n.ipynb", "import os, marker; os.path.basename(os.getcwd()), marker.SAID")
    output = executed([Run(path)], tmp_path / "cache", root=tmp_path)[0].cells[0].outputs[0]
    assert output.data["text/plain"] == "('here', 'found')"


@pytest.mark.parametrize(
    "name", ["analysis/cost.py", "analysis/facts/prices.csv", "terraform/stacks/a/main.tf", "requirements.lock"]
)
def test_a_run_is_kept_until_something_it_rests_on_changes(checkout, counted, name):
    path = write(checkout / "notebooks" / "n.ipynb", "1")
    executed([Run(path)], checkout / "cache", root=checkout)
    executed([Run(path)], checkout / "cache", root=checkout)
    assert len(counted) == 1
    (checkout / name).write_text("two\n")
    executed([Run(path)], checkout / "cache", root=checkout)
    assert len(counted) == 2


def test_a_new_a_renamed_and_a_removed_file_count_as_changes(checkout, counted):
    path = write(checkout / "notebooks" / "n.ipynb", "1")
    stack = checkout / "terraform" / "stacks" / "a"

    def runs():
        executed([Run(path)], checkout / "cache", root=checkout)
        return len(counted)

    assert runs() == 1
    shutil.copy(stack / "main.tf", stack / "more.tf")
    assert runs() == 2
    (stack / "more.tf").rename(stack / "other.tf")
    assert runs() == 3
    (stack / "other.tf").unlink()
    assert runs() == 3, "back to the first state, whose run is still there"


def test_the_notebook_itself_and_the_given_values_count_but_caches_of_others_do_not(checkout, counted):
    path = write(checkout / "notebooks" / "n.ipynb", PARAMETERS, tags={1: ["parameters"]})
    executed([Run(path)], checkout / "cache", root=checkout)
    executed([Run(path, {"users": 1})], checkout / "cache", root=checkout)
    executed([Run(path, {"users": 2})], checkout / "cache", root=checkout)
    assert len(counted) == 3
    for name in ("analysis/__pycache__/cost.pyc", "terraform/stacks/a/.terraform/provider"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("binary")
    executed([Run(path, {"users": 2})], checkout / "cache", root=checkout)
    assert len(counted) == 3
    write(path, PARAMETERS + "\n", tags={1: ["parameters"]})
    executed([Run(path)], checkout / "cache", root=checkout)
    assert len(counted) == 4


def test_the_cache_keeps_the_newest_runs_only(checkout, counted):
    path = write(checkout / "notebooks" / "n.ipynb", PARAMETERS, tags={1: ["parameters"]})
    for users in range(execution.KEPT_RUNS + 3):
        executed([Run(path, {"users": users})], checkout / "cache", root=checkout)
    assert len(list((checkout / "cache").glob("*.ipynb"))) == execution.KEPT_RUNS


def test_values_are_read_in_the_types_that_the_notebook_states(tmp_path):
    path = write(tmp_path / "n.ipynb", PARAMETERS, tags={1: ["parameters"]})
    pairs = ["users=8_000", "task_cpu=1024", "poll_s=3", "spot=True", "region=eu-west-1"]
    assert given_values(path, pairs) == {
        "users": 8000,
        "task_cpu": 1024,
        "poll_s": 3.0,
        "spot": True,
        "region": "eu-west-1",
    }
    assert given_values(path, ["task_cpu=none"]) == {"task_cpu": None}
    pairs = ["variables.tasks.min=4", "variables.name=a=b"]
    assert given_values(path, pairs) == {"variables": {"tasks.min": "4", "name": "a=b"}}


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        (
            "user=1",
            r"n has no parameter 'user'; did you mean users\? it has users, task_cpu, poll_s, spot, region, variables",
        ),
        ("users=many", "users must be a whole number, not 'many'"),
        ("users=1.5", "users must be a whole number"),
        ("users=none", "users must be a whole number"),
        ("poll_s=nan", "poll_s must be a number"),
        ("spot=yes", "spot must be true or false"),
        ("users", "not of the form name=value"),
        ("variables=4", r"variables must be given by its keys, as in `name\.key=value`"),
        ("variables.=4", r"has no parameter 'variables\.'"),
        ("users.a=4", r"has no parameter 'users\.a'"),
    ],
)
def test_a_name_or_value_the_notebook_does_not_take_is_refused_in_a_sentence(tmp_path, pair, sentence):
    path = write(tmp_path / "n.ipynb", PARAMETERS, tags={1: ["parameters"]})
    with pytest.raises(ParameterError, match=sentence):
        given_values(path, [pair])


def test_a_parameter_given_twice_is_refused(tmp_path):
    path = write(tmp_path / "n.ipynb", PARAMETERS, tags={1: ["parameters"]})
    with pytest.raises(ParameterError, match="twice"):
        given_values(path, ["users=1", "users=2"])
    with pytest.raises(ParameterError, match=r"variables\.a is given twice"):
        given_values(path, ["variables.a=1", "variables.a=2"])


@pytest.mark.parametrize(
    "source", ["users = 2 * 5", "import os", "users: int = '5'", "users: list = []", "a, b = 1, 2", "users: int"]
)
def test_a_parameters_cell_holds_literals_only(tmp_path, source):
    path = write(tmp_path / "n.ipynb", source, tags={1: ["parameters"]})
    with pytest.raises(NotebookError, match=r"cell 1, line 1: a parameter is written"):
        given_values(path, [])


def test_a_missing_notebook_is_named_with_its_nearest_neighbour(tmp_path):
    write(tmp_path / "capacity.ipynb", "1")
    with pytest.raises(NotebookError, match="did you mean capacity"):
        given_values(tmp_path / "capacitiy.ipynb", [])


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    (tmp_path / "n.ipynb").write_text("not json")
    with pytest.raises(NotebookError, match="not a notebook"):
        given_values(tmp_path / "n.ipynb", [])


TWICE = f"""
class Shown:
    def _repr_mimebundle_(self, include=None, exclude=None):
        entry = {{"name": "Twice", "value": str(users * 2) + ' <script>', "amount": users * 2}}
        return {{
            "text/html": "<b>shown</b>",
            "{execution.HEADLINES}": [entry],
            "{execution.INPUTS}": [["variables.tasks.min", 3]],
            "{execution.WARNINGS}": ["many"] if users > 6000 else [],
        }}
Shown()"""


@pytest.mark.slow
def test_a_rerun_shows_in_one_table_base_given_and_change_and_says_what_it_warns_of(tmp_path):
    path = write(tmp_path / "n.ipynb", PARAMETERS, TWICE, tags={1: ["parameters"]})
    pairs = ["users=8000", "variables.tasks.min=6"]
    run = with_parameters(path, pairs, out=tmp_path / "out", cache=tmp_path / "cache", root=tmp_path)
    assert run.parameters == (
        execution.Change("users", "5,000", "8,000", "+3,000 (+60 %)"),
        execution.Change("variables.tasks.min", "3", "6", "+3 (+100 %)"),
    )
    assert run.headlines == (execution.Change("Twice", "10000 <script>", "16000 <script>", "+6,000 (+60 %)"),)
    assert run.warnings == ("many",)
    page = run.html.read_text()
    assert page.count("<table") == 1
    assert "8,000" in page
    assert "16000 &lt;script&gt;" in page
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["']https?:""", page)
    given = nbformat.read(run.notebook, as_version=4).cells[1].source
    assert given.endswith("users = 8000\nvariables = {'tasks.min': '6'}")


@pytest.mark.slow
def test_every_run_is_kept_under_a_name_of_its_own_and_its_base_is_about_the_same_stack(tmp_path):
    path = write(
        tmp_path / "n.ipynb", f"stack = 'a'\n{PARAMETERS}", f"users += len(stack)\n{TWICE}", tags={1: ["parameters"]}
    )
    out = {"out": tmp_path / "out", "cache": tmp_path / "cache", "root": tmp_path}
    runs = [with_parameters(path, pairs, **out) for pairs in (["users=1"], ["users=2"], ["stack=bb", "users=1"])]
    assert [run.html.name for run in runs] == ["n-a-users-1.html", "n-a-users-2.html", "n-bb-users-1.html"]
    assert [run.headlines[0].base for run in runs] == ["10002 <script>", "10002 <script>", "10004 <script>"]
    assert "stack" not in [change.name for change in runs[2].parameters]


@given(
    st.lists(
        st.lists(st.text(max_size=130), min_size=1, max_size=3),
        min_size=2,
        max_size=2,
        unique_by=lambda one: tuple(sorted(one)),
    )
)
def test_two_runs_with_different_values_never_share_a_file_name(pairs):
    names = [execution.run_name("cost", "a", one) for one in pairs]
    assert names[0] != names[1]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,140}", name) for name in names)


@pytest.mark.parametrize(
    ("base", "given", "unit", "said"),
    [
        (10.0, 12.5, "$", "+$2.50 (+25 %)"),
        (10.0, 4.0, "", "−6.00 (−60 %)"),
        (0, 4, "", "+4.00"),
        (1.0, 1.001, "$", "none"),
        (20.0, 30.0, "%", "+10.00 points"),
        ("a", 2, "", ""),
        (True, 2, "", ""),
        (None, 2, "", ""),
    ],
)
def test_a_change_has_a_sign_a_unit_and_a_share_of_the_base(base, given, unit, said):
    assert execution.difference(base, given, unit, 2) == said


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ((1e-7, "2e-7"), 7),
        ((0.25, "3"), 2),
        ((1, "2.0"), 0),
        ((1000, "2e3"), 0),
        ((None, "many"), 0),
        ((True, "nan"), 0),
    ],
)
def test_a_number_keeps_the_decimals_with_which_it_is_written(values, places):
    assert execution._decimals(*values) == places


COMMITTED = navigation.executed(ROOT, ROOT / "docs")
"""What the site publishes: the notebooks that each system names for its stacks."""


def test_cost_capacity_and_premortem_are_executed_for_every_stack_and_no_notebook_is_named_for_one():
    stacks = {path.parent.name for path in ROOT.glob("terraform/stacks/*/gameday.toml")}
    for question in ("cost", "capacity", "premortem"):
        assert {one.stack for one in COMMITTED if one.book.path.stem == question} == stacks
    questions = {path.stem for path in ROOT.glob("notebooks/*.ipynb")}
    assert questions == {one.book.path.stem for one in COMMITTED}
    assert not [name for name in questions if any(stack.partition("_")[0] in name for stack in stacks)]


@pytest.mark.slow
def test_the_committed_notebooks_run_and_show_tables_and_figures_only():
    # The cache is that of the build: what `make site` executed is not executed again.
    made = executed([Run(one.book.path, {"stack": one.stack}) for one in COMMITTED], ROOT / ".cache" / "notebooks")
    for one, notebook in zip(COMMITTED, made, strict=True):
        assert execution.headlines(notebook), f"{one.uri} states no main result"
        for cell in notebook.cells:
            for output in cell.get("outputs", ()):
                assert "text/html" in output.get("data", {}), f"{one.uri}, cell {cell.id}: {output}"
        page = execution.text(notebook)
        assert not [trace for trace in (str(ROOT), tempfile.gettempdir(), "site-packages") if trace in page]
        assert not re.search(r"""(?:src|href)=\\["']https?:|@import""", page)
        shown = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        assert not re.search(r"Redis|Buzzer|Flask|Kinesis|fans?\b", shown), (
            f"{one.uri} says of every stack what one has"
        )


@pytest.mark.slow
def test_other_numbers_give_other_results_beside_the_base(tmp_path):
    path = ROOT / "notebooks" / "cost.ipynb"
    run = with_parameters(path, ["stack=buzzer", "users=8000", "variables.task_size.cpu=1024"], out=tmp_path)
    assert [(change.name, change.base, change.given) for change in run.parameters] == [
        ("users", "5,000", "8,000"),
        ("variables.task_size.cpu", "512", "1024"),
    ]
    changed = {change.name for change in run.headlines if change.base != change.given}
    assert {"A month with its events", "What one game adds"} <= changed
    assert run.html.is_file()
    assert run.notebook.is_file()


@pytest.mark.slow
def test_what_terraform_refuses_stops_the_notebook_with_terraforms_sentence(tmp_path):
    path = ROOT / "notebooks" / "cost.ipynb"
    with pytest.raises(NotebookError, match=r"StudyError: .*poll_interval_s must be at least 0\.5") as refused:
        with_parameters(path, ["stack=buzzer", "variables.poll_interval_s=0.1"], out=tmp_path)
    assert "cell" not in refused.value.refusal
    assert "poll_interval_s must be at least 0.5" in refused.value.refusal
