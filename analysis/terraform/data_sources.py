"""Data sources whose answer follows from the configuration, the provider's region or the facts about the account.

Everything else that is read is unknown. `aws_iam_policy_document` is rendered as the provider renders it:
https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/policy_model.go
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analysis.architecture import Unknown, Value
from analysis.terraform.provider import account
from analysis.terraform.values import ValueProblem, distinct_bodies, first_unknown, plain, quoted, set_of, to_string

Config = Mapping[str, Value]
"""The arguments and blocks of a data block, unset ones absent or None; blocks are tuples of dicts."""


def read(kind: str, config: Config, region: str, address: str) -> Mapping[str, Value]:
    """The attributes that the data source at `address` gives beside its arguments; empty where its answer is not known.

    Raises `ValueProblem` where the provider would refuse the arguments.
    """
    reader = READERS.get(kind)
    return {} if reader is None else reader(config, region, address)


def attributes_of(kind: str) -> tuple[str, ...]:
    """The names of the attributes that `read` gives for the kind."""
    return ATTRIBUTES.get(kind, ())


Answer = Mapping[str, Value]


def _partition(region: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(row for row in account()["partitions"] if region.startswith(row["prefix"]))
    return found


def _aws_partition(_config: Config, region: str, _address: str) -> Answer:
    row = _partition(region)
    return {
        "id": row["name"],
        "partition": row["name"],
        "dns_suffix": row["dns_suffix"],
        "reverse_dns_prefix": row["reverse"],
    }


def _aws_region(config: Config, region: str, _address: str) -> Answer:
    name = config.get("name") or config.get("region") or region
    if isinstance(name, Unknown):
        return {}
    found: dict[str, Value] = {
        "id": name,
        "name": name,
        "region": name,
        "endpoint": f"ec2.{name}.{_partition(name)['dns_suffix']}",
    }
    if name in account()["regions"]:
        found["description"] = account()["regions"][name]
    return found


def _aws_caller_identity(_config: Config, region: str, _address: str) -> Answer:
    facts = account()
    return {
        "id": facts["account_id"],
        "account_id": facts["account_id"],
        "user_id": facts["user_id"],
        "arn": f"arn:{_partition(region)['name']}:iam::{facts['account_id']}:user/{facts['user_name']}",
    }


def _aws_availability_zones(config: Config, region: str, _address: str) -> Answer:
    if any(first_unknown(value) is not None for value in config.values()):
        return {}
    letters = account()["zones"].get(region, ["a", "b", "c"])
    # Local and wavelength zones have to be opted in, and `state` and `filter` select among states: the facts list what is
    # open and available. A filter on opt-in-status or zone-type keeps exactly these.
    left_out = set(config.get("exclude_names") or ())
    names = tuple(region + letter for letter in letters if region + letter not in left_out)
    return {"id": region, "names": names, "group_names": (region,)}


# --- IAM policy documents ------------------------------------------------------------------------------------------------------


def _aws_iam_policy_document(config: Config, _region: str, address: str) -> Answer:
    unknown = first_unknown(tuple(config.values()))
    if unknown is not None:
        rendered = Unknown(f"{address}.json", partial=plain(_document(config)))
        return {"json": rendered, "minified_json": Unknown(f"{address}.minified_json"), "id": Unknown(f"{address}.id")}
    document = _document(config)
    return {"json": _text(document, 2), "minified_json": _text(document, None)}


def _text(document: Mapping[str, Value], indent: int | None) -> str:
    """JSON as Go's encoder writes it: `<`, `>` and `&` escaped."""
    separators = (",", ": ") if indent else (",", ":")
    text = json.dumps(plain_json(document), indent=indent, separators=separators, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def plain_json(value: Value) -> Any:
    """The value with tuples as lists, order of keys kept."""
    if isinstance(value, Mapping):
        return {key: plain_json(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [plain_json(item) for item in value]
    return value


def _document(config: Config) -> dict[str, Value]:
    """The document's structure: sources merged, then the own statements, then the overrides."""
    merged: dict[str, Value] = {}
    version = config.get("version") or "2012-10-17"
    identity = config.get("policy_id") or ""
    statements: list[dict[str, Value]] = []
    seen: set[str] = set()
    for text in _listed(config.get("source_policy_documents")):
        for statement in _parsed(text):
            sid = statement.get("Sid")
            if sid and sid in seen:
                raise ValueProblem(f"two source documents have a statement with the Sid {quoted(sid)}")
            seen.add(sid or "")
            statements.append(statement)
    own: list[dict[str, Value]] = [
        _statement(row, version) for row in _listed(config.get("statement")) if isinstance(row, dict)
    ]
    names = [row["Sid"] for row in own if row.get("Sid")]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueProblem(f"two statements have the Sid {quoted(twice)}")
    statements = _merge(statements, own)
    for text in _listed(config.get("override_policy_documents")):
        statements = _merge(statements, _parsed(text))
    merged["Version"] = version
    if identity:
        merged["Id"] = identity
    if statements:
        merged["Statement"] = tuple(statements)
    return merged


def _listed(values: Value) -> tuple[Value, ...]:
    """The elements that are known of a list that may be unset, or unknown as a whole."""
    return values if isinstance(values, tuple) else ()


def _merge(base: list[dict[str, Value]], over: Sequence[dict[str, Value]]) -> list[dict[str, Value]]:
    """The statements of `base`, those of equal Sid replaced by those of `over`, the rest of `over` behind them."""
    result = list(base)
    for statement in over:
        sid = statement.get("Sid")
        place = next((i for i, row in enumerate(result) if sid and row.get("Sid") == sid), None)
        if place is None:
            result.append(statement)
        else:
            result[place] = statement
    return result


def _parsed(text: Value) -> list[dict[str, Value]]:
    """The statements of a document given as JSON, in the form in which they are written out again."""
    if isinstance(text, Unknown):
        partial = text.partial
        rows = partial.get("Statement", ()) if isinstance(partial, dict) else ()
        return [row for row in rows if isinstance(row, dict)]
    if not text:
        return []
    try:
        document = json.loads(text)
        rows = document.get("Statement", [])
    except (ValueError, AttributeError, RecursionError):
        raise ValueProblem("a source or override document is not the JSON of a policy") from None
    return [_rewritten(row) for row in (rows if isinstance(rows, list) else [rows]) if isinstance(row, dict)]


ORDER = (
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
)


def _rewritten(row: Mapping[str, Any]) -> dict[str, Value]:
    result: dict[str, Value] = {}
    for name in ORDER:
        if name not in row:
            continue
        value = row[name]
        if name in ("Action", "NotAction", "Resource", "NotResource"):
            value = _one_or_many(tuple(value) if isinstance(value, list) else (value,))
        elif name in ("Principal", "NotPrincipal") and isinstance(value, dict):
            value = {
                key: _one_or_many(tuple(items) if isinstance(items, list) else (items,))
                for key, items in sorted(value.items())
            }
        elif name == "Condition":
            value = {
                test: {
                    key: tuple(items) if isinstance(items, list) else items for key, items in sorted(entries.items())
                }
                for test, entries in sorted(value.items())
            }
        result[name] = value
    return result


def _one_or_many(values: tuple[Value, ...]) -> Value:
    """A single element by itself; several sorted downwards, as the provider sorts them."""
    if len(values) == 1:
        return values[0]
    return tuple(sorted(values, key=_downwards, reverse=True))


def _downwards(value: Value) -> str:
    return value.reference if isinstance(value, Unknown) else str(value)


def _strings(values: Value) -> tuple[Value, ...]:
    if isinstance(values, Unknown):
        return (values,)
    return tuple(set_of(to_string(value) for value in values or ()))


def _statement(row: Mapping[str, Value], version: Value) -> dict[str, Value]:
    result: dict[str, Value] = {}
    if row.get("sid"):
        result["Sid"] = row["sid"]
    result["Effect"] = row.get("effect") or "Allow"
    for name, key in (
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ):
        values = _strings(row.get(name))
        if values:
            if "esource" in key:
                values = tuple(_variables(value, version) for value in values)
            result[key] = _one_or_many(values)
    for name, key in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        rows = row.get(name)
        if rows:
            result[key] = _hidden(rows, "type") or _principals(rows, version)
    conditions = row.get("condition")
    if conditions:
        result["Condition"] = _hidden(conditions, "test", "variable") or _conditions(conditions, version)
    return result


def _hidden(rows: Value, *names: str) -> Unknown | None:
    """What is not known before apply of the blocks, or of a key that their arguments `names` make; None where all is."""
    if isinstance(rows, Unknown):
        return rows
    keys = (row.get(name) for row in rows if isinstance(row, dict) for name in names)
    return next((key for key in keys if isinstance(key, Unknown)), None)


def _variables(value: Value, version: Value) -> Value:
    """Policy variables, which Terraform's syntax makes one write `&{...}`, as IAM writes them."""
    if not isinstance(value, str) or "&{" not in value:
        return value
    if version == "2008-10-17":
        raise ValueProblem("policy variables (&{...}) need version 2012-10-17")
    return value.replace("&{", "${")


def _principals(rows: Sequence[Value], version: Value) -> Value:
    found: dict[str, list[Value]] = {}
    for row in distinct_bodies(row for row in rows if isinstance(row, dict)):
        kind = row.get("type")
        identifiers = [_variables(value, version) for value in _strings(row.get("identifiers"))]
        if kind == "*" and identifiers == ["*"]:
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
            return "*"
        found.setdefault(str(kind), []).extend(identifiers)
    return {kind: _one_or_many(tuple(found[kind])) for kind in sorted(found)}


def _conditions(rows: Sequence[Value], version: Value) -> Value:
    found: dict[str, dict[str, list[Value]]] = {}
    for row in rows:
        if not isinstance(row, dict):
            continue
        values = row.get("values")
        listed = (values,) if isinstance(values, Unknown) else tuple(values or ())
        keys = found.setdefault(str(row.get("test")), {})
        keys.setdefault(str(row.get("variable")), []).extend(_variables(to_string(value), version) for value in listed)
    return {
        test: {key: values[0] if len(values) == 1 else tuple(values) for key, values in sorted(keys.items())}
        for test, keys in sorted(found.items())
    }


def _aws_vpc_endpoint_service(config: Config, region: str, _address: str) -> Answer:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html."""
    service = config.get("service")
    if not isinstance(service, str):
        return {}
    partition = _partition(region)["name"]
    reverse = _partition(region)["reverse"] if partition == "aws-cn" else "com.amazonaws"
    return {"service_name": f"{reverse}.{region}.{service}"}


READERS: Mapping[str, Callable[[Config, str, str], Answer]] = {
    "aws_availability_zones": _aws_availability_zones,
    "aws_caller_identity": _aws_caller_identity,
    "aws_iam_policy_document": _aws_iam_policy_document,
    "aws_partition": _aws_partition,
    "aws_region": _aws_region,
    "aws_vpc_endpoint_service": _aws_vpc_endpoint_service,
}

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "aws_availability_zones": ("id", "names", "group_names"),
    "aws_caller_identity": ("id", "account_id", "user_id", "arn"),
    "aws_iam_policy_document": ("json", "minified_json"),
    "aws_partition": ("id", "partition", "dns_suffix", "reverse_dns_prefix"),
    "aws_region": ("id", "name", "description", "endpoint"),
}
