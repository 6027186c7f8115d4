"""`gameday runbooks`: what is wrong with the commands of pages, found without AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from analysis import runbooks as runbooks_layer
from analysis import terraform
from analysis.commands.common import FINDINGS, AsJson, err, out, print_json, refusals, refuse, tell

Pages = Annotated[list[Path], typer.Argument(metavar="PATH...", help="Markdown files, or folders of them.")]
Stacks = Annotated[
    list[Path],
    typer.Option(
        "--stack", metavar="DIR", help="Terraform whose names the pages may use; may be given more than once."
    ),
]


def runbooks(
    paths: Pages,
    stack: Stacks = [],  # noqa: B006 (Typer copies)
    as_json: AsJson = False,
) -> None:
    """What the shell, the AWS command line or the service would refuse in the commands of pages; nothing is executed."""
    with refusals(runbooks_layer.PageError, runbooks_layer.NotInstalledError):
        architectures = []
        for directory in stack:
            architectures.append(terraform.load(directory))
            tell(architectures[-1].diagnostics)
        vocabulary = runbooks_layer.vocabulary(architectures)
        pages = [page for path in paths for page in _pages(path)]
        checked = [runbooks_layer.check(runbooks_layer.read(page), vocabulary) for page in pages]
    findings = [finding for page in checked for finding in page.findings]
    unchecked = [finding for page in checked for finding in page.unchecked]
    calls = sum(len(page.calls) for page in checked)
    if as_json:
        print_json(
            {
                "pages": len(checked),
                "aws_commands": calls,
                "findings": [runbooks_layer.as_json(finding) for finding in findings],
                "unchecked": [runbooks_layer.as_json(finding) for finding in unchecked],
            }
        )
    else:
        for finding in findings:
            out.print(escape(str(finding)), highlight=False, soft_wrap=True)
        for finding in unchecked:
            err.print(
                escape(f"{finding.file}:{finding.line}:{finding.column}: not checked: {finding.what}"),
                highlight=False,
                soft_wrap=True,
            )
        numbers = (
            f"{len(checked)} page{'' if len(checked) == 1 else 's'}, {calls} aws commands, {len(findings)} findings"
        )
        out.print(f"{numbers}, {len(unchecked)} not checked.", highlight=False)
    if findings:
        raise typer.Exit(FINDINGS)


def _pages(path: Path) -> list[Path]:
    """The pages that a path means; a folder means the Markdown below it, without templates."""
    if not path.is_dir():
        return [path]
    found = sorted(page for page in path.rglob("*.md") if "_templates" not in page.parts)
    if not found:
        refuse(f"{path}: holds no Markdown; name a folder with pages, or a page")
    return found
