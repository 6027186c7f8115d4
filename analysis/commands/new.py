"""`gameday new`: a site for Terraform that has none yet."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from analysis import terraform
from analysis.commands.common import err, out, refusals
from analysis.commands.site import built
from analysis.facts.today import today


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the system is called, such as shop.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The directory of its Terraform.")],
    build: Annotated[bool, typer.Option("--build/--no-build", help="Whether to build the site as well.")] = True,
) -> None:
    """Writes a system's folder beside its Terraform and builds its site into DIR/site.

    The folder holds system.toml, a scenario that asks what Terraform cannot say, a first decision record and a runbook for each
    alarm. A file that is there is left as it is. What is not known yet is a list of questions on the site.
    """
    from analysis.site import skeletons  # noqa: PLC0415 (pulls in what only the site needs)

    with refusals():
        with err.status("reading the Terraform"):
            architecture = terraform.load(directory)
            files = skeletons.folder(name, directory, architecture, today())
        made, left = skeletons.written(files)
    for path in made:
        out.print(f"wrote {escape(str(path))}", soft_wrap=True, highlight=False)
    for path in left:
        out.print(f"left {escape(str(path))} as it is", soft_wrap=True, highlight=False)
    for alarm in skeletons.without_runbook(architecture):
        err.print(
            f"gameday: no runbook for the alarm {escape(repr(alarm))}: "
            "its name has more than letters, digits and . , : / ( ) @ + -",
            soft_wrap=True,
            highlight=False,
        )
    if build:
        built(directory)
