"""`gameday notebook`: a notebook for a stack, with other numbers."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from analysis.commands.common import ROOT, AsJson, err, out, print_json, refuse


def notebook(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A notebook of notebooks/, without its ending.")
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE", help="Values in place of its own: stack=NAME, users=8000, variables.tasks.min=4."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Executes a notebook for a stack with other numbers into out/, beside that stack's own. Without a name: the notebooks."""
    from analysis.notebooks import execution  # noqa: PLC0415 (pulls in Jupyter)

    books = sorted((ROOT / "notebooks").glob("*.ipynb"))
    if name is None:
        for book in books:
            known = ", ".join(f"{p.name}={p.value}" for p in execution.parameters(book))
            out.print(f"[bold]{book.stem}[/]  {escape(known)}", highlight=False)
        return
    path = next((book for book in books if book.stem == name.removesuffix(".ipynb")), None)
    if path is None:
        refuse(f"there is no notebook {name!r}; there are {', '.join(book.stem for book in books) or 'none'}")
    try:
        with err.status(f"executing {path.stem}"):
            rerun = execution.with_parameters(path, parameters or [])
    except execution.ParameterError as error:
        refuse(str(error))
    except execution.NotebookError as error:
        refuse(error.refusal or str(error))
    for sentence in rerun.warnings:
        err.print(f"gameday: warning: {escape(sentence)}", highlight=False, soft_wrap=True)
    if as_json:
        rows = {
            "page": str(rerun.html),
            "notebook": str(rerun.notebook),
            "stack": rerun.stack,
            "given": [asdict(change) for change in rerun.parameters],
            "results": [asdict(change) for change in rerun.headlines],
            "warnings": list(rerun.warnings),
        }
        print_json(rows)
        return
    table = Table(rerun.stack, "Base", "Given", "Change")
    for change in (*rerun.parameters, *rerun.headlines):
        table.add_row(*map(escape, (change.name, change.base, change.given, change.change)))
    out.print(table)
    out.print(f"{rerun.html}\n{rerun.notebook}", highlight=False, soft_wrap=True)
