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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, CellTimeoutError, DeadKernelError

from analysis.notebooks import kernels
from analysis.drawing.figures import stylesheet

ROOT = Path(__file__).parents[2]
"""The checkout."""

DEPENDENCIES = ("analysis", "terraform", "requirements.lock")
"""What an output may rest on besides the notebook itself: files, and directories with all that is in them."""

PASSED_OVER = frozenset({"__pycache__", ".terraform", ".cache"})
CELL_TIMEOUT_S = 300
KEPT_RUNS = 12
PARAMETERS_TAG = "parameters"
HEADLINES = "application/vnd.gameday.headlines+json"
"""The kind of output that holds a notebook's main results: a list of `{"name": ..., "value": ...}`."""

Notebook: TypeAlias = Any  # nbformat.NotebookNode, which is untyped
Scalar: TypeAlias = "int | float | bool | str | None"


class NotebookError(Exception):
    """A notebook that cannot be read or executed; the message names the notebook, the cell and the exception."""


class ParameterError(Exception):
    """A parameter that the notebook does not have, or a value it cannot take; one sentence."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One assignment of the cell tagged `parameters`. `kind` is int, float, bool or str; `optional` says that it may be None."""

    name: str
    kind: type
    value: Scalar
    optional: bool = False

    def parse(self, text: str) -> Scalar:
        """`text` as a value of this parameter. Raises ParameterError where it is none."""
        bare = text.strip()
        if self.optional and bare.lower() in {"none", "null", ""}:
            return None
        try:
            value: Scalar = _READERS[self.kind](bare)
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


_READERS: Mapping[type, Any] = {int: int, float: _finite, bool: _flag, str: str}
_KINDS: Mapping[type, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A parameter or a headline result, with its base value and the value of the re-run, as they are shown."""

    name: str
    base: str
    given: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """A notebook executed with other parameters: where the results lie, and both sides of the comparison."""

    html: Path
    notebook: Path
    parameters: tuple[Change, ...]
    headlines: tuple[Change, ...]


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
    for name in dependencies:
        for path in _files(root / name):
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


def executed(
    paths: Iterable[Path],
    cache: Path,
    parallel: int = 2,
    *,
    given: Mapping[str, Scalar] | None = None,
    root: Path = ROOT,
) -> dict[Path, Notebook]:
    """Each notebook with its outputs, `parallel` kernels at a time, from `cache` where nothing it rests on has changed.

    `given` overrides parameters of every notebook, as `given_values` returns them. Raises NotebookError, with the notebook, the
    cell and the exception, for the first that fails in the order of `paths`.
    """
    wanted = list(dict.fromkeys(paths))
    environment = dependency_digest(root)
    with _warm(root) as warm, ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        runs = {path: pool.submit(_cached, path, cache, dict(given or {}), environment, warm) for path in wanted}
    return {path: run.result() for path, run in runs.items()}


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


def _cached(path: Path, cache: Path, given: Mapping[str, Scalar], environment: str, warm: kernels.Warm) -> Notebook:
    notebook = read(path)
    stated = repr((environment, sorted(given.items()))).encode()
    key = hashlib.sha256(path.read_bytes() + b"\0" + stated).hexdigest()[:32]
    kept = cache / f"{path.stem}-{key}.ipynb"
    if kept.is_file():
        return nbformat.read(kept, as_version=4)
    _override(path, notebook, given)
    _execute(path, notebook, warm)
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


def _override(path: Path, notebook: Notebook, given: Mapping[str, Scalar]) -> None:
    if not given:
        return
    missing = sorted(set(given) - {parameter.name for parameter in parameters(path, notebook)})
    if missing:
        raise ParameterError(f"{path.stem} has no parameter {missing[0]!r}")
    cell = _tagged(notebook, PARAMETERS_TAG)[0]
    lines = [f"{name} = {value!r}" for name, value in given.items()]
    cell.source = "\n".join([cell.source.rstrip(), "", "# Given for this run:", *lines])


def _execute(path: Path, notebook: Notebook, warm: kernels.Warm) -> None:
    if _tagged(notebook, "raises-exception"):
        # nbclient passes over the exception of such a cell, and the page would show a traceback.
        raise NotebookError(f"{path}: a cell is tagged raises-exception; a published notebook may not fail on purpose")
    with tempfile.TemporaryDirectory(prefix="gd-") as scratch:
        try:
            # Unix sockets instead of TCP ports, each kernel with a connection file of its own: two kernels that start at the
            # same time with the default one answer each other's messages and hang.
            client = NotebookClient(
                notebook,
                km=kernels.manager(warm, Path(scratch, "kernel.json"), path.parent.resolve()),
                timeout=CELL_TIMEOUT_S,
                record_timing=False,
                allow_errors=False,
            )
            client.execute(cleanup_kc=True)
        except CellControlSignal as error:
            raise NotebookError(_failure(path, notebook, error)) from None
        except (DeadKernelError, RuntimeError) as error:
            raise NotebookError(f"{path}: the kernel died: {error}") from None
    clean(notebook)


def _failure(path: Path, notebook: Notebook, error: Exception) -> str:
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                return f"{path}, cell {number}: {output.ename}: {output.evalue}"
    if isinstance(error, CellTimeoutError):
        return f"{path}: a cell took longer than {CELL_TIMEOUT_S} s"
    return f"{path}: {type(error).__name__}: {error}"


_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_STYLER = re.compile(r"\bT_[0-9a-f]{5}(?=[_\"' {#])")


def clean(notebook: Notebook) -> None:
    """Takes out of the outputs, in place, what differs from run to run or would be shown twice."""
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        for output in cell.outputs:
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


def given_values(path: Path, pairs: Sequence[str] | Mapping[str, str]) -> dict[str, Scalar]:
    """The values in `pairs` ("users=8000"), by name, in the types that the notebook states.

    Raises ParameterError for a name that the notebook does not have, a value of the wrong type, or a pair without "=".
    """
    stated = {parameter.name: parameter for parameter in parameters(path)}
    texts: dict[str, str] = {}
    for pair in pairs.items() if isinstance(pairs, Mapping) else pairs:
        name, equals, value = pair.partition("=") if isinstance(pair, str) else (pair[0], "=", pair[1])
        if not equals:
            raise ParameterError(f"{pair!r} is not of the form name=value")
        if name not in stated:
            near = difflib.get_close_matches(name, stated, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ParameterError(f"{path.stem} has no parameter {name!r}; {hint}it has {', '.join(stated) or 'none'}")
        if name in texts:
            raise ParameterError(f"{name} is given twice")
        texts[name] = value
    return {name: stated[name].parse(value) for name, value in texts.items()}


def with_parameters(
    path: Path,
    pairs: Sequence[str] | Mapping[str, str],
    *,
    out: Path = ROOT / "out",
    cache: Path = ROOT / ".cache" / "notebooks",
    root: Path = ROOT,
) -> Rerun:
    """The notebook at `path` executed with `pairs` ("users=8000") in place of its base values, written below `out`.

    `out/<name>.html` and `out/<name>.ipynb` begin with a table of what was given and what came of it, beside the base. Raises
    ParameterError for a name or value the notebook does not take, NotebookError where a cell fails.
    """
    given = given_values(path, pairs)
    with ThreadPoolExecutor(max_workers=2) as pool:
        base_run = pool.submit(executed, [path], cache, 1, root=root)
        rerun = executed([path], cache, 1, given=given, root=root)[path] if given else base_run.result()[path]
        base = base_run.result()[path]
    changes = tuple(
        Change(parameter.name, _shown(parameter.value), _shown(given[parameter.name]))
        for parameter in parameters(path)
        if parameter.name in given
    )
    before, after = dict(headlines(base)), dict(headlines(rerun))
    results = tuple(
        Change(name, before.get(name, ""), after.get(name, "")) for name in dict.fromkeys((*before, *after))
    )
    document = nbformat.from_dict(rerun)
    summary = nbformat.v4.new_markdown_cell(_comparison(changes, results), id="given-beside-base")
    document.cells = [summary, *document.cells]
    out.mkdir(parents=True, exist_ok=True)
    notebook_file, page = out / f"{path.stem}.ipynb", out / f"{path.stem}.html"
    notebook_file.write_text(text(document), encoding="utf-8")
    page.write_text(as_page(document, path.stem), encoding="utf-8")
    return Rerun(page, notebook_file, changes, results)


def headlines(notebook: Notebook) -> tuple[tuple[str, str], ...]:
    """The main results an executed notebook states of itself, as (name, value) in its order."""
    return tuple(
        (entry["name"], entry["value"])
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        for entry in output.get("data", {}).get(HEADLINES, ())
    )


def _shown(value: Scalar) -> str:
    if value is None:
        return "as it stands"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int | float) else value


def _comparison(changes: Sequence[Change], results: Sequence[Change]) -> str:
    def table(caption: str, rows: Sequence[Change]) -> str:
        if not rows:
            return ""
        body = "".join(
            f'<tr><th scope="row">{html.escape(row.name)}</th>'
            f"<td>{html.escape(row.base)}</td><td>{html.escape(row.given)}</td></tr>"
            for row in rows
        )
        head = '<tr><th scope="col">What</th><th scope="col">Base</th><th scope="col">This run</th></tr>'
        return f"<table><caption>{caption}</caption><thead>{head}</thead><tbody>{body}</tbody></table>"

    tables = [table("Parameters given for this run", changes), table("What came of it", results)]
    return "\n\n".join(["## Given beside base", *filter(None, tables)])


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
