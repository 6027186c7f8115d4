"""`gameday site`: everything a reader sees."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from analysis.commands.common import FINDINGS, ROOT, err, out


def site(
    fresh: Annotated[bool, typer.Option("--fresh", help="Build even if nothing has changed.")] = False,
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="A directory that `gameday new` was run for, not this checkout."),
    ] = None,
) -> None:
    """Builds everything a reader sees into site/."""
    built(project or ROOT, fresh=fresh)


def built(root: Path, *, fresh: bool = False) -> None:
    """Builds the site of a project and says where it lies, or what is wrong with its pages."""
    from analysis.site import build as site_page  # noqa: PLC0415 (pulls in what only the site needs)

    if not (root / "docs").is_dir():
        err.print(
            f"gameday: {escape(str(root))} has no docs/; begin one with gameday new NAME {escape(str(root))}",
            soft_wrap=True,
        )
        raise typer.Exit(2)
    try:
        with err.status("building the site"):
            made = site_page.build(root=root.resolve(), fresh=fresh)
    except site_page.SiteError as error:
        for problem in error.problems:
            err.print(escape(problem), highlight=False, soft_wrap=True)
        raise typer.Exit(FINDINGS) from None
    serve = ", or serve it with `make serve`" if root == ROOT else ""
    out.print(
        f"The site is in {escape(str(made))}; open {escape(str(made / 'index.html'))}{serve}.",
        soft_wrap=True,
        highlight=False,
    )
    for sentence in site_page.named(root=root):
        out.print(escape(sentence), soft_wrap=True, highlight=False)
    if skipped := site_page.skipped(root=root):
        out.print(f"Skipped: {'; '.join(skipped)}.", soft_wrap=True, highlight=False)
