"""The settings of a stack's containers: in which layer each stands, its value in every environment, who reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from analysis import terraform
from analysis.architecture import Architecture, Resource, Unknown, Value
from analysis.drawing.tables import Column, Row, code, table
from analysis.pages.model import Macro, Site
from analysis.pages.reads import cache
from analysis.wiring.references import References
from analysis.wiring.tasks import environment, task_of
from analysis.wiring.values import blocks

OWN = "environment"
"""The variable by which an environment is called, where a stack has it."""

LAYERS: Mapping[str, str] = {
    "aws_secretsmanager_secret": "Secrets Manager",
    "aws_secretsmanager_secret_version": "Secrets Manager",
    "aws_ssm_parameter": "Parameter Store",
}
"""In which service a value stands that a task is given by reference, by the resource that is named."""


class Setting(NamedTuple):
    """A variable that a container is given: who reads it, its layer, and what it is in an environment."""

    name: str
    reader: str
    layer: str
    value: str


def settings(architecture: Architecture) -> Iterator[Setting]:
    """The variables of every container of the stack's services."""
    references = References(architecture)
    for service in architecture.of_type("aws_ecs_service"):
        task = task_of(references, service)
        for container in task.containers or ():
            reader = str(container.get("name"))
            for name, value in environment(container).items():
                yield Setting(name, reader, "task definition", _said(value))
            for entry in blocks(container.get("secrets")):
                held = _holder(references, entry.get("valueFrom"))
                yield Setting(str(entry.get("name")), reader, *held)


def _holder(references: References, value: Value) -> tuple[str, str]:
    """The layer of what a reference leads to, and its value; of a secret its name."""
    for resource in references.behind(value):
        if resource.type in LAYERS:
            return LAYERS[resource.type], _kept(resource)
    return "outside this stack", _said(value)


def _kept(resource: Resource) -> str:
    if resource.type == "aws_ssm_parameter":
        return _said(resource.values.get("insecure_value") or "a value that is not shown")
    return str(resource.values.get("name") or resource.address)


def _said(value: Value) -> str:
    return "known after the apply" if isinstance(value, Unknown) else str(value)


@cache
def environments(root: Path, stack: str) -> Mapping[str, tuple[Setting, ...]]:
    """The settings in each environment: as the stack's own values have it, and as each file of `environments` does."""
    directory = root / "terraform" / "stacks" / stack
    found = {}
    for file in (None, *sorted((directory / "environments").glob("*.tfvars"))):
        architecture = terraform.load(directory, var_files=[file] if file else [])
        own = architecture.variables.get(OWN)
        name = str(own.value) if own is not None else (file.stem if file else "as it is")
        found[name] = tuple(settings(architecture))
    return found


def reference(site: Site, stack: str) -> Markup:
    """Every variable with its layer, its readers, and its value in each environment, once where it is the same in all."""
    every = environments(site.root, stack)
    rows = []
    keys = dict.fromkeys((one.name, one.reader) for listed in every.values() for one in listed)
    for name, reader in sorted(keys):
        values = {
            where: one for where, listed in every.items() for one in listed if (one.name, one.reader) == (name, reader)
        }
        layers = dict.fromkeys(one.layer for one in values.values())
        texts = dict.fromkeys(one.value for one in values.values())
        if len(texts) == 1 and len(values) == len(every):
            cell = code(next(iter(texts)))
        else:
            cell = Markup("<br>").join(Markup("{}: {}").format(where, code(one.value)) for where, one in values.items())
        rows.append(Row([code(name), reader, ", ".join(layers), cell], f"{stack}-{reader}-{name}"))
    columns = [Column("Variable"), Column("Read by"), Column("Layer"), Column("Value", "wide")]
    caption = f"In {', '.join(every)}; one value where all have the same. Of a secret its name, never its value."
    return table(columns, rows, label=f"Settings of {stack}", caption=caption)


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of settings."""
    return {"settings_reference": lambda stack: reference(site, stack)}
