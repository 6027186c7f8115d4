"""`gameday site`: everything a reader sees."""

from typing import Annotated

import typer
from rich.markup import escape

from analysis.commands.common import FINDINGS, err, out


def site(
    fresh: Annotated[bool, typer.Option("--fresh", help="Build even if nothing has changed.")] = False,
) -> None:
    """Builds everything a reader sees into site/."""
    from analysis.site import build as site_page  # noqa: PLC0415 (pulls in what only the site needs)

    try:
        with err.status("building the site"):
            built = site_page.build(fresh=fresh)
    except site_page.SiteError as error:
        for problem in error.problems:
            err.print(escape(problem), highlight=False, soft_wrap=True)
        raise typer.Exit(FINDINGS) from None
    out.print(
        f"The site is in {escape(str(built))}; open {escape(str(built / 'index.html'))}, or serve it with `make serve`.",
        soft_wrap=True,
        highlight=False,
    )
    for sentence in site_page.named():
        out.print(escape(sentence), soft_wrap=True, highlight=False)
    if skipped := site_page.skipped():
        out.print(f"Skipped: {'; '.join(skipped)}.", soft_wrap=True, highlight=False)
