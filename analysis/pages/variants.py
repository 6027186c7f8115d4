"""What a stack costs otherwise: variants by groups, each billed by its own values, crowd or file of an environment.

They are data, `docs/SYSTEM/variants.toml`, of which the first table names the `stack`:

    [[variant]]
    group = "Updates a second"         # what it is compared with
    name = "10,000 streams, 1"
    users = 10_000                     # the peak of the scenario
    assumed = { "publisher.updates_per_minute" = 60 }
    variables = { tasks = { min = 2 } } # as for `studies.study`; so are `without` and `arguments`
    file = "environments/dev.tfvars"   # a file of values beside the stack, in place of variables
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from analysis import studies, terraform
from analysis.drawing.tables import Column, Row, table
from analysis.files import read_text, toml_entries
from analysis.pages.model import Macro, Site
from analysis.pages.reads import cache
from analysis.studies import Study
from analysis.units import money

FILE = "variants.toml"
KEYS = frozenset({"group", "name", "users", "assumed", "variables", "without", "arguments", "file"})


class Variant(NamedTuple):
    """A variant with its costs: a month without an event, one event, a month with all of them."""

    group: str
    name: str
    idle: Decimal
    event: Decimal
    month: Decimal


@cache
def variants(root: Path, path: Path) -> tuple[Variant, ...]:
    """The variants of a file with their costs. ValueError names the variant that cannot be billed, and why."""
    entries = toml_entries(read_text(path))
    directory = root / "terraform" / "stacks" / str(entries["stack"])
    found = []
    for entry in entries["variant"]:
        if unknown := sorted(entry.keys() - KEYS):
            raise ValueError(
                f"{path.name}: {entry.get('name')}: there is no {unknown[0]!r}; there are {', '.join(sorted(KEYS))}"
            )
        try:
            one = _study(directory, entry)
            found.append(
                Variant(entry["group"], entry["name"], one.idle_bill.total.usd, one.game.usd, one.bill.total.usd)
            )
        except studies.StudyError as error:
            raise ValueError(f"{path.name}: {entry['name']}: {error}") from None
    return tuple(found)


def _study(directory: Path, entry: Mapping[str, Any]) -> Study:
    given = {key: entry[key] for key in ("users", "assumed", "variables", "without", "arguments") if key in entry}
    if "file" not in entry:
        return studies.study(directory, **given)

    def resolved(folder: Path, *_: Any) -> Any:
        return terraform.load(folder, var_files=[folder / entry["file"]])

    return studies.study(directory, resolve=resolved, **given)


def shown(site: Site, folder: str) -> Markup:
    """The variants of a system, group by group."""
    rows, before = [], ""
    for one in variants(site.root, site.docs / folder / FILE):
        rows.append(Row([one.group if one.group != before else "", one.name, *map(money, one[2:])]))
        before = one.group
    columns = [
        Column("Of", "head"), Column("Variant", "wide"), Column("Month without", "number"), Column("One event", "number"),
        Column("Month with all", "number"),
    ]  # fmt: skip
    return table(
        columns, rows, label="What it costs otherwise", caption="US dollars; whatever a row does not name is as above."
    )


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of variants."""
    return {"cost_variants": lambda folder: shown(site, folder)}
