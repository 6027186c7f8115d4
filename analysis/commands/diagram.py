"""`gameday diagram`: the stack as a picture."""

from pathlib import Path
from typing import Annotated

import typer

from analysis import cost as cost_layer
from analysis import demand, facts
from analysis.commands.common import (
    ROOT,
    AsJson,
    DataFile,
    Directory,
    FilesFrom,
    Placeholders,
    Var,
    VarFile,
    about,
    answered,
    coverage,
    ended,
    holes,
    out,
    print_json,
    refusals,
)


def diagram(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    placeholders: Placeholders = False,
    data: DataFile = [],  # noqa: B006 (Typer copies)
    files_from: FilesFrom = [],  # noqa: B006 (as above)
    target: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the SVG goes; else out/.")] = None,
    as_json: AsJson = False,
) -> None:
    """The stack as a picture (SVG), with its numbers in it and an account of what it holds."""
    from analysis.drawing import diagrams  # noqa: PLC0415 (pulls in what only drawing needs)

    with refusals():
        found = answered(directory, var, var_file, placeholders=placeholders, data_files=data, shared=files_from)
        stack = about(directory)
        use = (
            demand.usage_if_modelled(found, facts.scenario(stack.scenario), stack) if stack and stack.modelled else None
        )
        bill = cost_layer.estimate(found, facts.prices(found.region, facts.today().isoformat()), use)
    with refusals(diagrams.DrawingTooLarge):
        title = stack.title if stack else found.stack
        drawing = diagrams.draw(found, title=title, monthly_usd=diagrams.monthly_usd(bill), strict=False)
    path = diagrams.write(drawing, target or ROOT / "out" / f"{found.stack}.svg")
    if as_json:
        print_json(
            {
                "file": str(path),
                "drawn": list(drawing.drawn),
                "waived": dict(drawing.waived),
                "missing": list(drawing.missing),
                "holes": holes(found),
            }
        )
    else:
        out.print(f"{path}\n{coverage(found)}: {drawing.statement}", highlight=False, soft_wrap=True)
    ended(found, fine=not drawing.missing)
