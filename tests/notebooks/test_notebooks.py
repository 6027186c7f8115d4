"""Notebooks are committed without outputs and without logic: a cell makes one call and shows one thing."""

import ast
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
SCRATCH = FOLDER / "scratch"
"""Where whoever explores may compute in cells; nothing of it is published or committed, so none of these rules hold there."""

NOTEBOOKS = sorted(path for path in FOLDER.glob("**/*.ipynb") if SCRATCH not in path.parents)

# What a person who opens a notebook expects to be kept; editors add far more.
NOTEBOOK_METADATA = {"kernelspec", "language_info", "title", "description"}
CELL_METADATA = {"tags", "editable", "slideshow"}
TAGS = {"parameters", "hide-input", "remove-input", "remove-cell"}

LOGIC = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.For, ast.AsyncFor, ast.While, ast.If, ast.IfExp, ast.Try, ast.With, ast.Match),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    *(ast.BinOp, ast.BoolOp, ast.Compare, ast.AugAssign, ast.NamedExpr, ast.Assert, ast.Delete),
)


def is_literal(node):
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def logic_in(source, parameters=False):
    """What a code cell holds besides imports, calls and names for what a call returned; literals only among the parameters."""
    found = []
    for statement in ast.parse(source).body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            continue
        if parameters and isinstance(statement, (ast.Assign, ast.AnnAssign)) and is_literal(statement.value):
            continue
        if not isinstance(statement, (ast.Expr, ast.Assign)):
            found.append(f"line {statement.lineno}: {type(statement).__name__}")
        elif isinstance(statement, ast.Assign) and is_literal(statement.value):
            found.append(f"line {statement.lineno}: a literal outside the cell of parameters")
        found += [
            f"line {node.lineno}: {type(node).__name__}"
            for node in ast.walk(statement)
            if isinstance(node, LOGIC) and not (isinstance(node, ast.stmt) and node is statement)
        ]
    return found


def faults(notebook):
    """What is wrong with a notebook's hygiene, as sentences."""
    found = [f"notebook metadata {name!r} is not kept" for name in notebook.metadata if name not in NOTEBOOK_METADATA]
    ids = [cell.get("id") for cell in notebook.cells]
    found += [f"cell {index} has no id" for index, value in enumerate(ids) if not value]
    found += [f"the id {value!r} is used twice" for value in set(ids) if value and ids.count(value) > 1]
    found += [f"the id {value!r} is only a position; give it a name" for value in ids if value and value.isdigit()]
    if sum("parameters" in cell.metadata.get("tags", ()) for cell in notebook.cells) > 1:
        found.append("there is more than one cell of parameters")
    for cell in notebook.cells:
        name = f"cell {cell.get('id')}"
        tags = set(cell.metadata.get("tags", ()))
        found += [f"{name}: metadata {key!r} is not kept" for key in cell.metadata if key not in CELL_METADATA]
        found += [f"{name}: the tag {tag!r} is not allowed" for tag in sorted(tags - TAGS)]
        if cell.cell_type != "code":
            continue
        if cell.outputs:
            found.append(f"{name} has outputs")
        if cell.execution_count is not None:
            found.append(f"{name} has an execution count")
        found += [f"{name}: {fault}" for fault in logic_in("".join(cell.source), "parameters" in tags)]
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_has_no_output_and_no_logic(path):
    # Not nbformat.read, which repairs duplicate ids in silence.
    notebook = nbformat.v4.reads(path.read_text(encoding="utf-8"))
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5), "cell ids came with format 4.5"
    assert not faults(notebook)
    nbformat.validate(notebook)


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    pass",
        "class C:\n    pass",
        "for x in y:\n    show(x)",
        "while True:\n    pass",
        "if x:\n    show(x)",
        "f = lambda x: x",
        "show([x for x in y])",
        "show(sum(x for x in y))",
        "show(users * 2)",
        "total = a + b",
        "total += 1",
        "show(x if y else z)",
        "show(a < b)",
        "users = 5000",
        "with open('x') as f:\n    show(f)",
    ],
)
def test_logic_is_noticed(source):
    assert logic_in(source)


@pytest.mark.parametrize(
    "source",
    [
        "from analysis import cost",
        "result = cost.estimate(stack, users=users)",
        "result.table()",
        "show(result.total, result.rows['a'])",
    ],
)
def test_imports_and_calls_are_no_logic(source):
    assert not logic_in(source)


def test_parameters_are_literals():
    assert not logic_in("users = 5_000\nprice: float = -0.5\nnames = ['a']", parameters=True)
    assert logic_in("users = 5_000 * 2", parameters=True)


def test_what_is_explored_in_scratch_is_neither_committed_nor_published():
    ignored = (FOLDER.parent / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/notebooks/scratch/" in ignored
    assert not [path for path in NOTEBOOKS if "scratch" in path.parts]


def code_cell(**changes):
    return nbformat.v4.new_code_cell(**{"id": "total", "source": "show(x)"} | changes)


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ([code_cell(), code_cell()], "the id 'total' is used twice"),
        ([code_cell(id="7")], "the id '7' is only a position; give it a name"),
        ([code_cell(execution_count=3)], "cell total has an execution count"),
        ([code_cell(outputs=[nbformat.v4.new_output("stream", text="x")])], "cell total has outputs"),
        ([code_cell(metadata={"tags": ["raises-exception"]})], "cell total: the tag 'raises-exception' is not allowed"),
        ([code_cell(metadata={"collapsed": True})], "cell total: metadata 'collapsed' is not kept"),
        (
            [code_cell(id=name, source="a = 1", metadata={"tags": ["parameters"]}) for name in ("first", "second")],
            "there is more than one cell of parameters",
        ),
    ],
)
def test_bad_hygiene_is_noticed(cells, fault):
    assert faults(nbformat.from_dict({"metadata": {}, "cells": cells})) == [fault]
