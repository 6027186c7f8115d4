"""What a stack scales by itself: on which metric, at which value and how soon again; a row for each policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from analysis.architecture import Resource, Value
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, table
from analysis.pages import infrastructure
from analysis.pages.model import Macro, Model, Site
from analysis.wiring.references import References
from analysis.wiring.scaling import attached
from analysis.wiring.values import blocks, first_block, number

POLICIES = "aws_appautoscaling_policy"


def thresholds(model: Model, page: str) -> Markup:
    """Each policy that tracks a target with its thresholds; what it scales, and between which numbers, stands above it."""
    references = References(model.architecture)
    parts: list[Markup] = []
    for target in model.architecture.of_type("aws_appautoscaling_target"):
        rows = [
            _row(model, page, policy, block)
            for policy in attached(references, target, POLICIES)
            for block in blocks(policy.values.get("target_tracking_scaling_policy_configuration"))
        ]
        if not rows:
            continue
        name = infrastructure.shown(target.values.get("resource_id"))
        few, many = (infrastructure.shown(target.values.get(key)) for key in ("min_capacity", "max_capacity"))
        columns = [
            Column("Policy"), Column("Metric", "address"), Column("Target", "number"), Column("Out again after", "number"),
            Column("In again after", "number"), Column("Line", "address"),
        ]  # fmt: skip
        parts.append(
            Markup("<p>{} runs {} at least and {} at most.</p>\n{}").format(
                tables.code(name), few, many, table(columns, rows, label=f"Scaling thresholds of {name}")
            )
        )
    return Markup("\n").join(parts) or Markup("<p>Nothing in the stack tracks a target.</p>")


def _row(model: Model, page: str, policy: Resource, block: Mapping[str, Value]) -> Sequence[Cell]:
    predefined = first_block(block.get("predefined_metric_specification")).get("predefined_metric_type")
    own = first_block(block.get("customized_metric_specification"))
    metric = (
        predefined or f"{infrastructure.shown(own.get('namespace'))} {infrastructure.shown(own.get('metric_name'))}"
    )
    target = number(block.get("target_value"))
    return [
        infrastructure.shown(policy.values.get("name")),
        tables.code(infrastructure.shown(metric)),
        "not known before it is applied" if target is None else f"{target:,g}",
        _seconds(block.get("scale_out_cooldown")),
        "never" if block.get("disable_scale_in") is True else _seconds(block.get("scale_in_cooldown")),
        infrastructure.citation(model, policy.defined_at, page),
    ]


def _seconds(value: Value) -> str:
    known = number(value)
    return "AWS's default" if known is None else f"{known:g} s"


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of scaling."""
    return {"scaling_thresholds": site.of_stack_here(thresholds)}
