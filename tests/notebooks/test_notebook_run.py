"""Notebooks fail loudly, rest on everything they read, and take parameters by name and type."""

import re
import shutil
import tempfile
from pathlib import Path

import nbformat
import pytest

from analysis.notebooks import execution
from analysis.notebooks.execution import NotebookError, ParameterError, executed, given_values, with_parameters

PARAMETERS = "users = 5_000\ntask_cpu: int | None = None\npoll_s = 2.0\nspot = False\nregion = 'us-east-1'"


def write(path: Path, *sources: str, tags: dict[int, list[str]] | None = None) -> Path:
    cells = [
        nbformat.v4.new_code_cell(source, id=f"cell-{number}", metadata={"tags": (tags or {}).get(number, [])})
        for number, source in enumerate(sources, start=1)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


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
        executed([path], tmp_path / "cache", root=tmp_path)
    assert not list((tmp_path / "cache").glob("*.ipynb")), "a failed run must not be kept"


@pytest.mark.slow
def test_a_cell_that_exits_stops_the_build(tmp_path):
    path = write(tmp_path / "leaving.ipynb", "import sys; sys.exit(0)")
    with pytest.raises(NotebookError, match="cell 1: SystemExit"):
        executed([path], tmp_path / "cache", root=tmp_path)


def test_a_cell_may_not_be_excused_for_raising(tmp_path):
    path = write(tmp_path / "excused.ipynb", "1 / 0", tags={1: ["raises-exception"]})
    with pytest.raises(NotebookError, match="raises-exception"):
        executed([path], tmp_path / "cache", root=tmp_path)


@pytest.mark.slow
def test_two_kernels_at_once_do_not_hear_each_other_and_two_runs_give_the_same_bytes(tmp_path):
    source = """
class Shown:
    def _repr_html_(self):
        return '<table id="T_a1b2c"><style>#T_a1b2c td {}</style></table>'
import random, sys
print(object(), end=" ", flush=True); print("and more", flush=True)
print("a warning", file=sys.stderr)
object()"""
    paths = [write(tmp_path / f"n{number}.ipynb", f"name = {number}; name", source, "Shown()") for number in (1, 2)]
    first = executed(paths, tmp_path / "first", parallel=2, root=tmp_path)
    second = executed(paths, tmp_path / "second", parallel=2, root=tmp_path)
    for number, path in enumerate(paths, start=1):
        assert execution.text(first[path]) == execution.text(second[path])
        assert first[path].cells[0].outputs[0].data["text/plain"] == str(number)
        assert "0x…" in execution.text(first[path])
        assert list(first[path].cells[2].outputs[0].data) == ["text/html"]
        assert "T_cell3" in first[path].cells[2].outputs[0].data["text/html"]
        assert not re.search(r"0x[0-9a-f]{6}", execution.text(first[path]))


@pytest.mark.slow
def test_a_notebook_runs_in_its_own_directory_and_finds_the_package_of_its_checkout(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "marker.py").write_text("SAID = 'found'\n")
    path = write(tmp_path / "here" / "n.ipynb", "import os, marker; os.path.basename(os.getcwd()), marker.SAID")
    output = executed([path], tmp_path / "cache", root=tmp_path)[path].cells[0].outputs[0]
    assert output.data["text/plain"] == "('here', 'found')"


@pytest.mark.parametrize(
    "name", ["analysis/cost.py", "analysis/facts/prices.csv", "terraform/stacks/a/main.tf", "requirements.lock"]
)
def test_a_run_is_kept_until_something_it_rests_on_changes(checkout, counted, name):
    path = write(checkout / "notebooks" / "n.ipynb", "1")
    executed([path], checkout / "cache", root=checkout)
    executed([path], checkout / "cache", root=checkout)
    assert len(counted) == 1
    (checkout / name).write_text("two\n")
    executed([path], checkout / "cache", root=checkout)
    assert len(counted) == 2


def test_a_new_a_renamed_and_a_removed_file_count_as_changes(checkout, counted):
    path = write(checkout / "notebooks" / "n.ipynb", "1")
    stack = checkout / "terraform" / "stacks" / "a"

    def runs():
        executed([path], checkout / "cache", root=checkout)
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
    executed([path], checkout / "cache", root=checkout)
    executed([path], checkout / "cache", root=checkout, given={"users": 1})
    executed([path], checkout / "cache", root=checkout, given={"users": 2})
    assert len(counted) == 3
    for name in ("analysis/__pycache__/cost.pyc", "terraform/stacks/a/.terraform/provider"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("binary")
    executed([path], checkout / "cache", root=checkout, given={"users": 2})
    assert len(counted) == 3
    write(path, PARAMETERS + "\n", tags={1: ["parameters"]})
    executed([path], checkout / "cache", root=checkout)
    assert len(counted) == 4


def test_the_cache_keeps_the_newest_runs_only(checkout, counted):
    path = write(checkout / "notebooks" / "n.ipynb", PARAMETERS, tags={1: ["parameters"]})
    for users in range(execution.KEPT_RUNS + 3):
        executed([path], checkout / "cache", root=checkout, given={"users": users})
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
    assert given_values(path, {"task_cpu": "none"}) == {"task_cpu": None}


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ("user=1", r"n has no parameter 'user'; did you mean users\? it has users, task_cpu, poll_s, spot, region"),
        ("users=many", "users must be a whole number, not 'many'"),
        ("users=1.5", "users must be a whole number"),
        ("users=none", "users must be a whole number"),
        ("poll_s=nan", "poll_s must be a number"),
        ("spot=yes", "spot must be true or false"),
        ("users", "not of the form name=value"),
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


@pytest.mark.parametrize(
    "source", ["users = 2 * 5", "import os", "users: int = '5'", "users: list = []", "a, b = 1, 2", "users: int"]
)
def test_a_parameters_cell_holds_literals_only(tmp_path, source):
    path = write(tmp_path / "n.ipynb", source, tags={1: ["parameters"]})
    with pytest.raises(NotebookError, match=r"cell 1, line 1: a parameter is written"):
        given_values(path, [])


def test_a_missing_notebook_is_named_with_its_nearest_neighbour(tmp_path):
    write(tmp_path / "buzzer_cost.ipynb", "1")
    with pytest.raises(NotebookError, match="did you mean buzzer_cost"):
        given_values(tmp_path / "buzzer_cots.ipynb", [])


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    (tmp_path / "n.ipynb").write_text("not json")
    with pytest.raises(NotebookError, match="not a notebook"):
        given_values(tmp_path / "n.ipynb", [])


@pytest.mark.slow
def test_a_rerun_shows_what_was_given_beside_the_base_and_what_came_of_it(tmp_path):
    source = f"""
class Shown:
    def _repr_mimebundle_(self, include=None, exclude=None):
        value = str(users * 2) + ' <script>'
        return {{"text/html": "<b>shown</b>", "{execution.HEADLINES}": [{{"name": "Twice", "value": value}}]}}
Shown()"""
    path = write(tmp_path / "n.ipynb", PARAMETERS, source, tags={1: ["parameters"]})
    run = with_parameters(path, ["users=8000"], out=tmp_path / "out", cache=tmp_path / "cache", root=tmp_path)
    assert run.parameters == (execution.Change("users", "5,000", "8,000"),)
    assert run.headlines == (execution.Change("Twice", "10000 <script>", "16000 <script>"),)
    page = run.html.read_text()
    assert "8,000" in page
    assert "16000 &lt;script&gt;" in page
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["']https?:""", page)
    assert nbformat.read(run.notebook, as_version=4).cells[1].source.endswith("users = 8000")


ROOT = Path(__file__).parents[2]
COMMITTED = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.slow
def test_the_committed_notebooks_run_and_show_tables_and_figures_only():
    # The cache is that of the build: what `make site` executed is not executed again.
    for path, notebook in executed(COMMITTED, ROOT / ".cache" / "notebooks").items():
        assert execution.headlines(notebook), f"{path.name} states no main result"
        for cell in notebook.cells:
            for output in cell.get("outputs", ()):
                assert "text/html" in output.get("data", {}), f"{path.name}, cell {cell.id}: {output}"
        page = execution.text(notebook)
        assert not [trace for trace in (str(ROOT), tempfile.gettempdir(), "site-packages") if trace in page]
        assert not re.search(r"""(?:src|href)=\\["']https?:|@import""", page)


@pytest.mark.slow
def test_other_numbers_give_other_results_beside_the_base(tmp_path):
    path = ROOT / "notebooks" / "buzzer_cost.ipynb"
    run = with_parameters(path, ["users=8000", "task_cpu=1024", "task_memory=2048"], out=tmp_path)
    assert [(change.name, change.given) for change in run.parameters] == [
        ("users", "8,000"),
        ("task_cpu", "1,024"),
        ("task_memory", "2,048"),
    ]
    assert all(change.base != change.given for change in run.headlines if "games" in change.name)
    assert run.html.is_file()
    assert run.notebook.is_file()


@pytest.mark.slow
def test_what_terraform_refuses_stops_the_notebook_with_terraforms_sentence(tmp_path):
    path = ROOT / "notebooks" / "buzzer_cost.ipynb"
    with pytest.raises(NotebookError, match=r"StudyError: .*poll_interval_s must be at least 0\.5"):
        with_parameters(path, ["poll_interval_s=0.1"], out=tmp_path)
