"""Executed notebooks: in parallel, cached by everything they rest on, and re-run with other parameters.

A notebook is committed without outputs. The build executes it here and publishes the result; a cell that raises stops the build.
The same input gives the same bytes: what differs from run to run (memory addresses, random ids, times) is taken out.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import html
import math
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, CellTimeoutError, DeadKernelError

from analysis.notebooks import kernels
from analysis.drawing.figures import stylesheet

ROOT = Path(__file__).parents[2]
"""The checkout."""

DEPENDENCIES = ("analysis", "terraform", "requirements.lock", "docs/*/system.toml")
"""What an output may rest on besides the notebook itself: files by a glob, and directories with all that is in them."""

PASSED_OVER = frozenset({"__pycache__", ".terraform", ".cache"})
CELL_TIMEOUT_S = 300
KEPT_RUNS = 60
PARAMETERS_TAG = "parameters"
STACK = "stack"
"""The parameter that says which stack a run is about; the base of a run is the same notebook about the same stack."""

HEADLINES = "application/vnd.gameday.headlines+json"
"""The kind of output that holds a notebook's main results: a list of `{"name": ..., "value": ..., "amount": ..., ...}`."""

WARNINGS = "application/vnd.gameday.warnings+json"
"""The kind of output that holds sentences which whoever starts a run must read."""

INPUTS = "application/vnd.gameday.inputs+json"
"""The kind of output that holds what a run rests on, so that a value that was given has its base: a list of [name, value]."""

REFUSED = frozenset({"StudyError", "FactError", "NightError", "IncidentError", "PathError", "InputError", "PremortemError"})
"""The exceptions of a cell that refuse what it was given, with a sentence that needs no place."""

Notebook: TypeAlias = Any  # nbformat.NotebookNode, which is untyped
Value: TypeAlias = "int | float | bool | str | dict[str, Any] | None"


class NotebookError(Exception):
    """A notebook that cannot be read or executed; the message names the notebook, the cell and the exception.

    `refusal` is the sentence alone where a cell refused what it was given.
    """

    def __init__(self, message: str, refusal: str = "") -> None:
        super().__init__(message)
        self.refusal = refusal


class ParameterError(Exception):
    """A parameter that the notebook does not have, or a value it cannot take; one sentence."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One assignment of the cell tagged `parameters`. `optional` says that it may be None.

    `kind` is int, float, bool, str or dict; a value of a dict is given by its key, `variables.tasks.min=4`.
    """

    name: str
    kind: type
    value: Value
    optional: bool = False

    def parse(self, text: str) -> Value:
        """`text` as a value of this parameter. Raises ParameterError where it is none."""
        bare = text.strip()
        if self.optional and bare.lower() in {"none", "null", ""}:
            return None
        try:
            value: Value = _READERS[self.kind](bare)
        except ValueError:
            raise ParameterError(
                f"{self.name} must be {_KINDS[self.kind]}, not {text!r}; its base value is {self.value!r}"
            ) from None
        return value


def _flag(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)
    return text.lower() == "true"


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


_READERS: Mapping[type, Any] = {int: int, float: _finite, bool: _flag, str: str, dict: dict}
_KINDS: Mapping[type, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text",
    dict: "given by its keys, as in `name.key=value`",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A parameter or a headline result, with its base value, the value of the run and their difference, as they are shown."""

    name: str
    base: str
    given: str
    change: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A notebook to be executed, and the values that go before those of its cell of parameters."""

    path: Path
    given: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rerun:
    """A notebook executed with other parameters: where the results lie, both sides of the comparison, and what it warns of."""

    html: Path
    notebook: Path
    stack: str
    parameters: tuple[Change, ...]
    headlines: tuple[Change, ...]
    warnings: tuple[str, ...] = ()


def read(path: Path) -> Notebook:
    """The notebook at `path`. Raises NotebookError where there is none, or where it is not a notebook."""
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except FileNotFoundError:
        near = difflib.get_close_matches(path.stem, [p.stem for p in path.parent.glob("*.ipynb")], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise NotebookError(f"{path}: there is no such notebook{hint}") from None
    except (
        nbformat.ValidationError,
        nbformat.reader.NotJSONError,
        UnicodeDecodeError,
        AttributeError,
        KeyError,
    ) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise NotebookError(f"{path}: this is not a notebook of format 4: {first}") from None
    return notebook


def parameters(path: Path, notebook: Notebook | None = None) -> tuple[Parameter, ...]:
    """The parameters of a notebook: the assignments of literals in its cell tagged `parameters`, in order.

    `users = 5000` takes the type of its value; `task_cpu: int | None = None` states it. Raises NotebookError for anything else.
    """
    notebook = read(path) if notebook is None else notebook
    cells = _tagged(notebook, PARAMETERS_TAG)
    if len(cells) > 1:
        raise NotebookError(f"{path}: {len(cells)} cells are tagged {PARAMETERS_TAG}; there may be one")
    if not cells:
        return ()
    number = notebook.cells.index(cells[0]) + 1
    try:
        statements = ast.parse(cells[0].source).body
    except SyntaxError as error:
        raise NotebookError(f"{path}, cell {number}, line {error.lineno}: {error.msg}") from None
    return tuple(_parameter(f"{path}, cell {number}", statement) for statement in statements)


def _parameter(where: str, statement: ast.stmt) -> Parameter:
    refused = NotebookError(
        f"{where}, line {statement.lineno}: a parameter is written `name = literal` or `name: int | None = None`"
    )
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            annotation = None
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value):
            pass
        case _:
            raise refused
    try:
        base: Any = ast.literal_eval(value)
    except ValueError:
        raise refused from None
    stated = {part.strip() for part in ast.unparse(annotation).split("|")} if annotation else {type(base).__name__}
    kinds: list[type] = [kind for kind in _READERS if kind.__name__ in stated]
    optional = "None" in stated
    if len(kinds) != 1 or stated - {kinds[0].__name__, "None"}:
        raise refused
    if type(base) not in kinds and not (optional and base is None):
        raise refused
    return Parameter(name, kinds[0], base, optional)


def _tagged(notebook: Notebook, tag: str) -> list[Notebook]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", ())]


def dependency_digest(root: Path = ROOT, dependencies: Sequence[str] = DEPENDENCIES) -> str:
    """A hash of the names and contents of all files that an output may rest on, and of the Python that computes it."""
    digest = hashlib.sha256(f"python {sys.version_info.major}.{sys.version_info.minor}\0".encode())
    places = (place for name in dependencies for place in sorted(root.glob(name)))
    for path in (file for place in places for file in _files(place)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()}\0{content}\0".encode())
    return digest.hexdigest()


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    found = []
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(set(folders) - PASSED_OVER)
        found += [Path(folder, name) for name in sorted(names) if not name.endswith((".pyc", "~"))]
    return [file for file in found if file.is_file()]


def executed(runs: Iterable[Run], cache: Path, parallel: int = 2, *, root: Path = ROOT) -> list[Notebook]:
    """Each run's notebook with its outputs, `parallel` kernels at a time, from `cache` where nothing it rests on has changed.

    Runs about the same stack take turns in one kernel, which then has what it imported and what it remembers of the stack; its
    namespace is emptied between them. Raises NotebookError, with the notebook, the cell and the exception, for one that fails.
    """
    wanted = list(runs)
    environment = dependency_digest(root)
    groups: dict[Any, list[int]] = {}
    for at, run in enumerate(wanted):
        groups.setdefault(run.given.get(STACK, at), []).append(at)
    with _warm(root) as warm, ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        made = [pool.submit(_turns, [wanted[at] for at in group], cache, environment, warm) for group in groups.values()]
    done = {at: one for group, future in zip(groups.values(), made, strict=True) for at, one in zip(group, future.result(), strict=True)}
    return [done[at] for at in range(len(wanted))]


def _turns(runs: Sequence[Run], cache: Path, environment: str, warm: kernels.Warm) -> list[Notebook]:
    """The notebooks of some runs, one after the other in one kernel, which is started where one of them is not in the cache."""
    with _Turns(warm) as turns:
        return [_cached(run, cache, environment, turns) for run in runs]


class _Turns:
    """A kernel that executes one notebook after the other, started for the first."""

    def __init__(self, warm: kernels.Warm) -> None:
        self._warm = warm
        self._scratch = tempfile.TemporaryDirectory(prefix="gd-")
        self._client: Any = None

    def __enter__(self) -> _Turns:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client._cleanup_kernel()
        self._scratch.cleanup()

    def execute(self, notebook: Notebook, directory: Path) -> None:
        """Executes the notebook, in place, with nothing left of those before it. Raises as nbclient does."""
        if self._client is None:
            # Unix sockets instead of TCP ports, each kernel with a connection file of its own: two kernels that start at the
            # same time with the default one answer each other's messages and hang.
            self._client = NotebookClient(
                notebook,
                km=kernels.manager(self._warm, Path(self._scratch.name, "kernel.json"), directory.resolve()),
                timeout=CELL_TIMEOUT_S,
                record_timing=False,
                allow_errors=False,
            )
        else:
            emptied = nbformat.v4.new_code_cell(f"%reset -f\n%cd -q {directory.resolve()}")
            self._client.nb = nbformat.v4.new_notebook(cells=[emptied])
            self._client.execute()
            self._client.nb = notebook
        self._client.execute()


@contextmanager
def _warm(root: Path) -> Iterator[kernels.Warm]:
    """The process that kernels are forked from: of this very Python, whatever kernels the user has installed."""
    with tempfile.TemporaryDirectory(prefix="gd-") as scratch:
        environment = os.environ | {
            "IPYTHONDIR": scratch,
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")])),
        }
        with kernels.warm(environment) as process:
            yield process


def _cached(run: Run, cache: Path, environment: str, turns: _Turns) -> Notebook:
    path, given = run.path, run.given
    notebook = read(path)
    stated = repr((environment, sorted(given.items()))).encode()
    key = hashlib.sha256(path.read_bytes() + b"\0" + stated).hexdigest()[:32]
    kept = cache / f"{path.stem}-{key}.ipynb"
    if kept.is_file():
        return nbformat.read(kept, as_version=4)
    _override(path, notebook, given)
    _execute(path, notebook, turns)
    cache.mkdir(parents=True, exist_ok=True)
    # Under a name of its own first: two builds at once must not read each other's half-written file.
    handle, draft = tempfile.mkstemp(dir=cache, prefix=f".{path.stem}-", suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text(notebook))
    Path(draft).replace(kept)
    _prune(cache, path.stem)
    return notebook


def _prune(cache: Path, stem: str) -> None:
    """Drops all but the newest runs of a notebook, so that the cache does not grow with every edit."""
    runs = [(kept.stat().st_mtime, kept) for kept in cache.glob(f"{stem}-{'?' * 32}.ipynb")]
    for _, kept in sorted(runs, reverse=True)[KEPT_RUNS:]:
        kept.unlink(missing_ok=True)


def text(notebook: Notebook) -> str:
    """The notebook as it stands in a file."""
    return str(nbformat.writes(notebook)) + "\n"


def _override(path: Path, notebook: Notebook, given: Mapping[str, Value]) -> None:
    if not given:
        return
    missing = sorted(set(given) - {parameter.name for parameter in parameters(path, notebook)})
    if missing:
        raise ParameterError(f"{path.stem} has no parameter {missing[0]!r}")
    cell = _tagged(notebook, PARAMETERS_TAG)[0]
    lines = [f"{name} = {value!r}" for name, value in given.items()]
    cell.source = "\n".join([cell.source.rstrip(), "", "# Given for this run:", *lines])


def _execute(path: Path, notebook: Notebook, turns: _Turns) -> None:
    if _tagged(notebook, "raises-exception"):
        # nbclient passes over the exception of such a cell, and the page would show a traceback.
        raise NotebookError(f"{path}: a cell is tagged raises-exception; a published notebook may not fail on purpose")
    try:
        turns.execute(notebook, path.parent)
    except CellControlSignal as error:
        raise NotebookError(*_failure(path, notebook, error)) from None
    except (DeadKernelError, RuntimeError) as error:
        raise NotebookError(f"{path}: the kernel died: {error}") from None
    clean(notebook)


def _failure(path: Path, notebook: Notebook, error: Exception) -> tuple[str, str]:
    """What failed and where, and the sentence alone where a cell refused what it was given."""
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                refusal = output.evalue if output.ename in REFUSED else ""
                return f"{path}, cell {number}: {output.ename}: {output.evalue}", refusal
    if isinstance(error, CellTimeoutError):
        return f"{path}: a cell took longer than {CELL_TIMEOUT_S} s", ""
    return f"{path}: {type(error).__name__}: {error}", ""


_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_STYLER = re.compile(r"\bT_[0-9a-f]{5}(?=[_\"' {#])")


def clean(notebook: Notebook) -> None:
    """Takes out, in place, what differs from run to run or would be shown twice, and sections that have nothing to show."""
    _without_empty(notebook)
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        cell.execution_count = number
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
            data = output.get("data", {})
            if "text/html" in data:
                data["text/html"] = _STYLER.sub(f"T_cell{number}", data["text/html"])
                data.pop("text/plain", None)
            elif "text/plain" in data:
                data["text/plain"] = _ADDRESS.sub("0x…", data["text/plain"])
            if output.output_type == "stream":
                output.text = _ADDRESS.sub("0x…", output.text)
        cell.outputs = _joined(cell.outputs)
    language = notebook.metadata.get("language_info", {})
    for key in ("version", "codemirror_mode"):
        language.pop(key, None)


def titled(notebook: Notebook, name: str) -> None:
    """Adds what a run is about to its title, in place."""
    first, newline, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = f"{first}: {name}{newline}{rest}"


def _without_empty(notebook: Notebook) -> None:
    """Drops a cell that is a call for something to show and shows nothing, and with it the prose before it, its `-why`."""
    empty = {
        cell.id
        for cell in notebook.cells
        if cell.cell_type == "code" and not cell.outputs and isinstance(_last(cell.source), ast.Expr)
    }
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.id not in empty and not (cell.cell_type == "markdown" and cell.id.removesuffix("-why") in empty)
    ]


def _last(source: str) -> ast.stmt | None:
    return next(iter(reversed(ast.parse(source).body)), None)


def _joined(outputs: Sequence[Notebook]) -> list[Notebook]:
    """Neighbouring pieces of one stream as one output: where the kernel cuts it depends on timing."""
    joined: list[Notebook] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def given_values(path: Path, pairs: Sequence[str]) -> dict[str, Value]:
    """The values in `pairs` ("users=8000", "variables.tasks.min=4"), by name, in the types that the notebook states.

    Raises ParameterError for a name that the notebook does not have, a value of the wrong type, or a pair without "=".
    """
    stated = {parameter.name: parameter for parameter in parameters(path)}
    found: dict[str, Value] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ParameterError(f"{pair!r} is not of the form name=value")
        group, dot, key = name.partition(".")
        keyed = bool(dot and key) and group in stated and stated[group].kind is dict
        parameter = stated.get(group if keyed else name)
        if parameter is None:
            near = difflib.get_close_matches(name, stated, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ParameterError(f"{path.stem} has no parameter {name!r}; {hint}it has {', '.join(stated) or 'none'}")
        whole = found.setdefault(group, {}) if keyed else found
        if not isinstance(whole, dict) or (key if keyed else name) in whole:
            raise ParameterError(f"{name} is given twice")
        whole[key if keyed else name] = value.strip() if keyed else parameter.parse(value)
    return found


def with_parameters(
    path: Path,
    pairs: Sequence[str],
    *,
    out: Path = ROOT / "out",
    cache: Path = ROOT / ".cache" / "notebooks",
    root: Path = ROOT,
) -> Rerun:
    """The notebook at `path` executed with `pairs` ("users=8000") in place of its base values, written below `out`.

    The page and the notebook are named for the notebook, the stack and the values, and begin with a table of what was given and
    what came of it, beside the base. Raises ParameterError for a name or value the notebook does not take, NotebookError where a
    cell fails.
    """
    stated = parameters(path)
    given = given_values(path, pairs)
    about = {one.name: given.get(one.name, one.value) for one in stated if one.name == STACK}
    base, rerun = executed([Run(path, about), Run(path, {**about, **given})], cache, root=root)
    changes = tuple(
        change
        for parameter in stated
        if parameter.name in given and parameter.name != STACK
        for change in _given(parameter, given[parameter.name], dict(_entries(base, INPUTS)))
    )
    results = _results(base, rerun)
    document = nbformat.from_dict(rerun)
    summary = nbformat.v4.new_markdown_cell(_comparison(changes, results), id="given-beside-base")
    document.cells = [summary, *document.cells]
    out.mkdir(parents=True, exist_ok=True)
    stack = str(about.get(STACK, ""))
    name = run_name(path.stem, stack, pairs)
    notebook_file, page = out / f"{name}.ipynb", out / f"{name}.html"
    notebook_file.write_text(text(document), encoding="utf-8")
    page.write_text(as_page(document, " ".join(filter(None, (path.stem, stack)))), encoding="utf-8")
    return Rerun(page, notebook_file, stack, changes, results, warnings(rerun))


_PLAIN = re.compile(r"[A-Za-z0-9._]+=[A-Za-z0-9._]+")

NAME_CHARACTERS = 120
"""Characters of the name of a run, without what tells it from others."""


def run_name(stem: str, stack: str, pairs: Sequence[str]) -> str:
    """The file name of a run, without its ending; two runs with different values never share one."""
    values = sorted(pair for pair in pairs if not pair.startswith(f"{STACK}="))
    plain = "-".join([*filter(None, (stem, stack)), *(value.replace("=", "-") for value in values)])
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", plain)[:NAME_CHARACTERS]
    if name == plain and all(map(_PLAIN.fullmatch, values)):
        return name
    return f"{name}-{hashlib.sha256(repr(values).encode()).hexdigest()[:8]}"


def _given(parameter: Parameter, value: Value, inputs: Mapping[str, Any]) -> Iterator[Change]:
    """What was given for a parameter, beside what the base rests on; one row for each key of a dict."""
    named = {f"{parameter.name}.{key}": one for key, one in value.items()} if isinstance(value, dict) else {}
    for name, given in (named or {parameter.name: value}).items():
        base = inputs.get(name, None if named else parameter.value)
        yield Change(name, _shown(base), _shown(given), difference(base, _number(given), decimals=_decimals(base, given)))


def _number(value: Any) -> Any:
    """The number that a text reads as, else the value."""
    with suppress(ValueError, TypeError):
        return value if isinstance(value, bool | int) else float(value)
    return value


def _decimals(*values: Any) -> int:
    """As many decimals as one of the values is written with."""
    numbers = [value for value in map(_number, values) if isinstance(value, int | float) and math.isfinite(value)]
    places = (Decimal(str(float(value))).normalize().as_tuple().exponent for value in numbers)
    return max([0, *(-int(place) for place in places)])


def difference(base: Any, given: Any, unit: str = "", decimals: int = 0) -> str:
    """By how much a number differs, with its sign, and in per cent of the base; blank where one of them is no number."""
    numbers = [isinstance(one, int | float) and not isinstance(one, bool) for one in (base, given)]
    if not all(numbers):
        return ""
    change = given - base
    if round(change, decimals) == 0:
        return "none"
    sign = "+" if change > 0 else "−"
    amount = f"{abs(change):,.{decimals}f}"
    shown = f"{sign}${amount}" if unit == "$" else f"{sign}{amount}{' points' if unit == '%' else unit}"
    return f"{shown} ({100 * change / abs(base):+,.0f} %)".replace("-", "−") if base and unit != "%" else shown


def _results(base: Notebook, given: Notebook) -> tuple[Change, ...]:
    """The main results of both runs side by side."""
    sides = [{entry["name"]: entry for entry in _entries(one, HEADLINES)} for one in (base, given)]
    changes = []
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        before, after = (side.get(name, {}) for side in sides)
        unit, decimals = after.get("unit", ""), after.get("decimals", 0)
        amounts = before.get("amount"), after.get("amount")
        said = difference(*amounts, unit, decimals)
        if None in amounts:
            said = "none" if before.get("value") == after.get("value") else "another"
        changes.append(Change(name, before.get("value", ""), after.get("value", ""), said))
    return tuple(changes)


def headlines(notebook: Notebook) -> tuple[tuple[str, str], ...]:
    """The main results an executed notebook states of itself, as (name, value) in its order."""
    return tuple((entry["name"], entry["value"]) for entry in _entries(notebook, HEADLINES))


def warnings(notebook: Notebook) -> tuple[str, ...]:
    """What an executed notebook warns of."""
    return tuple(str(sentence) for sentence in _entries(notebook, WARNINGS))


def _entries(notebook: Notebook, kind: str) -> Iterator[Any]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            yield from output.get("data", {}).get(kind, ())


def _shown(value: Value) -> str:
    if value is None:
        return "as it stands"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _comparison(changes: Sequence[Change], results: Sequence[Change]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in ("", "Base", "Given", "Change"))
    body = "".join(
        f'<tr><th scope="row">{html.escape(row.name)}</th>'
        f"<td>{html.escape(row.base)}</td><td>{html.escape(row.given)}</td><td>{html.escape(row.change)}</td></tr>"
        for row in (*changes, *results)
    )
    return f"## Given beside base\n\n<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_PAGE = """<!doctype html>
<html lang="en" class="gd-page"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
{colours}
html{{color-scheme:light dark}}
body{{margin:0;background:var(--gd-paper);color:var(--gd-ink);font-size:16px;line-height:1.5}}
main{{max-width:60rem;margin:2rem auto;padding:0 1rem}}h1,h2{{line-height:1.2}}
pre{{overflow-x:auto;padding:.6rem;background:var(--gd-sunken);font-size:.85rem}}
table{{border-collapse:collapse;margin:1rem 0}}caption{{text-align:left;font-weight:600}}tfoot{{font-weight:600}}
th,td{{padding:.3rem 1rem .3rem 0;text-align:left;border-bottom:1px solid var(--gd-rule);vertical-align:top}}
td{{font-variant-numeric:tabular-nums}}.g-num{{text-align:right;white-space:nowrap}}.g-table,.jp-OutputArea{{overflow-x:auto}}
.g-table--tall{{max-height:24rem;overflow:auto;font-size:.8rem}}.g-table--tall td{{overflow-wrap:anywhere}}th{{text-align:left}}
figure{{margin:1rem 0}}figcaption{{color:var(--gd-soft);font-size:.85rem}}
.anchor-link,.jp-InputPrompt,.jp-OutputPrompt,.prompt{{display:none}}
</style></head><body class="gd"><main>
{body}
</main></body></html>
"""


def as_page(notebook: Notebook, title: str) -> str:
    """The notebook as one HTML page that loads nothing."""
    from nbconvert import HTMLExporter  # noqa: PLC0415 - takes a second to import, and only a re-run needs it

    # The template `basic` is the body alone; the others load MathJax and RequireJS from a public server.
    body, _ = HTMLExporter(template_name="basic", sanitize_html=False).from_notebook_node(notebook)
    return _PAGE.format(title=html.escape(title), colours=stylesheet(), body=body.strip())
