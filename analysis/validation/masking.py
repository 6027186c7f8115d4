"""Secrets in a plan, masked: `terraform show -json` prints sensitive values in clear and only marks them beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MASK = "(sensitive value)"


def masked_value(value: Any, marks: Any) -> Any:
    """A value with everything masked that `marks` (a bool, or the same structure of bools) says is sensitive."""
    if marks is True:
        return None if value is None else MASK
    if isinstance(marks, Mapping) and isinstance(value, Mapping):
        return {key: masked_value(item, marks.get(key, False)) for key, item in value.items()}
    if isinstance(marks, list) and isinstance(value, list):
        padded = [*marks, *[False] * (len(value) - len(marks))]
        return [masked_value(item, mark) for item, mark in zip(value, padded, strict=False)]
    return value


def masked_plan(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan (the JSON of `terraform show -json`) without the secrets in it.

    Masked are variables, outputs and resource attributes that Terraform or the provider's schema marks, in the planned and the
    prior values, the changes and the configuration. A mark is kept beside its value, so that a reader can tell.
    """
    result: dict[str, Any] = dict(plan)
    configuration = plan.get("configuration", {})
    secret_variables = {
        name
        for name, declared in configuration.get("root_module", {}).get("variables", {}).items()
        if declared.get("sensitive")
    }
    if "variables" in plan:
        result["variables"] = {
            name: {**given, "value": MASK} if name in secret_variables and "value" in given else given
            for name, given in plan["variables"].items()
        }
    for state in ("planned_values", "prior_state"):
        if state in plan:
            result[state] = _masked_state(plan[state])
    for changes in ("resource_changes", "resource_drift"):
        if changes in plan:
            result[changes] = [{**item, "change": _masked_change(item["change"])} for item in plan[changes]]
    if "output_changes" in plan:
        result["output_changes"] = {name: _masked_change(change) for name, change in plan["output_changes"].items()}
    if "root_module" in configuration:
        secret = _sensitive_attributes(plan)
        result["configuration"] = {
            **configuration,
            "root_module": _masked_configuration(configuration["root_module"], secret),
        }
    return result


def _masked_change(change: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(change)
    for side in ("before", "after"):
        if side in change:
            result[side] = masked_value(change[side], change.get(f"{side}_sensitive", False))
    return result


def _masked_state(state: Mapping[str, Any]) -> dict[str, Any]:
    if "values" in state:  # a prior state nests the same shape one level deeper
        return {**state, "values": _masked_state(state["values"])}
    result = dict(state)
    if "outputs" in state:
        result["outputs"] = {
            name: {**output, "value": MASK} if output.get("sensitive") and "value" in output else output
            for name, output in state["outputs"].items()
        }
    if "root_module" in state:
        result["root_module"] = _masked_module(state["root_module"])
    return result


def _masked_module(module: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(module)
    if "resources" in module:
        result["resources"] = [
            {**resource, "values": masked_value(resource["values"], resource.get("sensitive_values", False))}
            if "values" in resource
            else resource
            for resource in module["resources"]
        ]
    if "child_modules" in module:
        result["child_modules"] = [_masked_module(child) for child in module["child_modules"]]
    return result


def _sensitive_attributes(plan: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Every (resource type, top-level attribute) that some change of the plan marks as a secret."""
    return {
        (item["type"], attribute)
        for item in plan.get("resource_changes", ())
        for marks in (item["change"].get("after_sensitive"), item["change"].get("before_sensitive"))
        if isinstance(marks, Mapping)
        for attribute, mark in marks.items()
        if _any_mark(mark)
    }


def _any_mark(marks: Any) -> bool:
    if isinstance(marks, Mapping):
        return any(_any_mark(mark) for mark in marks.values())
    if isinstance(marks, list):
        return any(_any_mark(mark) for mark in marks)
    return bool(marks)


def _masked_configuration(module: Mapping[str, Any], secret: set[tuple[str, str]]) -> dict[str, Any]:
    result = dict(module)
    sensitive_inputs = {name for name, declared in module.get("variables", {}).items() if declared.get("sensitive")}
    if "variables" in module:
        result["variables"] = {
            name: {**declared, "default": MASK} if name in sensitive_inputs and "default" in declared else declared
            for name, declared in module["variables"].items()
        }
    if "resources" in module:
        result["resources"] = [
            {
                **resource,
                "expressions": {
                    name: _without_constants(expression) if (resource.get("type"), name) in secret else expression
                    for name, expression in resource.get("expressions", {}).items()
                },
            }
            for resource in module["resources"]
        ]
    if "module_calls" in module:
        result["module_calls"] = {name: _masked_call(given, secret) for name, given in module["module_calls"].items()}
    return result


def _masked_call(call: Mapping[str, Any], secret: set[tuple[str, str]]) -> dict[str, Any]:
    result = dict(call)
    child = call.get("module", {})
    sensitive_inputs = {name for name, declared in child.get("variables", {}).items() if declared.get("sensitive")}
    if "expressions" in call:
        result["expressions"] = {
            argument: _without_constants(expression) if argument in sensitive_inputs else expression
            for argument, expression in call["expressions"].items()
        }
    if "module" in call:
        result["module"] = _masked_configuration(child, secret)
    return result


def _without_constants(expression: Any) -> Any:
    if isinstance(expression, Mapping):
        return {key: MASK if key == "constant_value" else _without_constants(item) for key, item in expression.items()}
    if isinstance(expression, list):
        return [_without_constants(item) for item in expression]
    return expression
