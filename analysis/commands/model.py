"""`gameday model`: what the Terraform resolves to."""

import json

from rich.markup import escape
from rich.table import Column, Table

from analysis import terraform
from analysis.architecture import Resource, Unknown, Value
from analysis.commands.common import (
    AsJson,
    DataFile,
    Directory,
    FilesFrom,
    Placeholders,
    Var,
    VarFile,
    coverage,
    ended,
    evaluated,
    holes,
    out,
    print_json,
    refusals,
    say_holes,
)
from analysis.terraform.plan_json import json_value

WIDEST_VALUE = 60


def model(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    placeholders: Placeholders = False,
    data: DataFile = [],  # noqa: B006 (Typer copies)
    files_from: FilesFrom = [],  # noqa: B006 (as above)
    as_json: AsJson = False,
) -> None:
    """What the Terraform resolves to: every resource with its values, where it is defined, and what it rests on."""
    with refusals():
        found = evaluated(directory, var, var_file, placeholders=placeholders, data_files=data, shared=files_from)
    say_holes(found)
    if as_json:
        print_json({**terraform.to_json(found), "holes": holes(found)})
    else:
        table = Table(
            Column("Address", overflow="fold"),
            Column("Defined at", overflow="fold"),
            "Arguments",
            title=f"{found.stack}: {coverage(found)}",
        )
        for resource in found.resources:
            where = f"{resource.defined_at.file}:{resource.defined_at.line}"
            table.add_row(escape(resource.address), escape(where), escape(_arguments(resource)))
        out.print(table)
        if found.outputs:
            outputs = Table("Output", "Value")
            for output in found.outputs.values():
                outputs.add_row(
                    escape(output.name), escape("(sensitive value)" if output.sensitive else _short(output.value))
                )
            out.print(outputs)
    ended(found)


def _arguments(resource: Resource) -> str:
    own = [name for name in resource.locations if resource.values.get(name) is not None]
    shown = [f"{n} = {'(sensitive value)' if n in resource.sensitive else _short(resource.values[n])}" for n in own]
    return "\n".join(shown)


def _short(value: Value) -> str:
    if isinstance(value, Unknown):
        return f"({value.reference}, known after apply)"
    text = value if isinstance(value, str) else json.dumps(json_value(value), ensure_ascii=False)
    flat = " ".join(text.split())
    return flat if len(flat) <= WIDEST_VALUE else f"{flat[: WIDEST_VALUE - 1]}…"
