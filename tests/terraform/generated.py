"""Expressions and configurations drawn by a seed, for Terraform to judge what the evaluator makes of them.

What is drawn follows Terraform's documentation, not the evaluator: the functions with the kinds of their arguments
(https://developer.hashicorp.com/terraform/language/functions), the operators, the types and the conversions between them
(https://developer.hashicorp.com/terraform/language/expressions). A few are of a kind that their place does not take.
"""

from __future__ import annotations

import json
import random

PREAMBLE = """\
variable "text" {
  type    = string
  default = "5"
}
variable "word" {
  type    = string
  default = "Zebra"
}
variable "size" {
  type    = number
  default = 2.5
}
variable "flag" {
  type    = bool
  default = true
}
variable "texts" {
  type    = list(string)
  default = ["b", "a", "b"]
}
variable "sizes" {
  type    = list(number)
  default = [3, 1.5]
}
variable "unique" {
  type    = set(string)
  default = ["y", "x"]
}
variable "counts" {
  type    = map(number)
  default = { one = 1, two = 2 }
}
variable "labels" {
  type    = map(string)
  default = { k = "v" }
}
variable "thing" {
  type    = object({ a = string, b = optional(number, 7), c = optional(list(string)) })
  default = { a = "x" }
}
variable "pair" {
  type    = tuple([string, number])
  default = ["p", 9]
}
variable "loose" {
  default = [1, "two", { three = 3 }]
}
variable "nothing" {
  type    = string
  default = null
}
variable "no_texts" {
  type    = list(string)
  default = null
}
variable "none" {
  type    = list(string)
  default = []
}
locals {
  mixed = { n = 1, t = "t", l = [1, 2], m = { x = true } }
  deep  = [[1, 2], [3], []]
}
"""

ATOMS = {
    "string": [
        '""',
        '"a"',
        '"B c"',
        '"5"',
        '"true"',
        '"-1.5"',
        '"é"',
        '"e\\u0301x"',
        '"ß"',
        '"日本"',
        '"a,b,,c"',
        '"x\\ny"',
        "var.text",
        "var.word",
        "var.nothing",
        "var.thing.a",
        "local.mixed.t",
        "var.pair[0]",
        '"${var.word}-1"',
        '"10.1.0.0/16"',
        '"fd00::/48"',
        '"2024-02-29T12:30:45Z"',
        '"a: [1, y]\\nb: ~"',
        '"{\\"k\\":[1.50,null]}"',
        '"n,m\\n1,2"',
    ],
    "number": [
        "0",
        "1",
        "2",
        "3",
        "7",
        "-1",
        "10",
        "255",
        "0.1",
        "1.5",
        "-2.75",
        "1e3",
        "1e-7",
        "123456789012345678901",
        "0.30000000000000004",
        "var.size",
        "var.sizes[0]",
        "var.counts.one",
        "var.thing.b",
        "var.pair[1]",
        "local.mixed.n",
    ],
    "bool": [
        "true",
        "false",
        "var.flag",
        "local.mixed.m.x",
    ],
    "list": [
        "[]",
        "[1]",
        '["a", "b"]',
        "[1, 2, 3]",
        '["c", "", "a", null]',
        "[true, false]",
        '[1, "a"]',
        "[[1], [2, 3]]",
        "[null]",
        "var.texts",
        "var.sizes",
        "var.none",
        "local.deep",
        "var.pair",
        "var.loose",
        "local.mixed.l",
        "var.no_texts",
    ],
    "set": [
        "var.unique",
        'toset(["q", "p"])',
        "toset([2, 1, 2])",
        "toset([])",
        "toset(var.texts)",
    ],
    "map": [
        "{}",
        "{ a = 1 }",
        '{ a = "x", b = "y" }',
        "{ a = 1, b = 2 }",
        "{ k = null }",
        '{ a = ["u"], b = ["u", "v"] }',
        '{ a = 1, b = "z" }',
        "var.counts",
        "var.labels",
        "var.thing",
        "local.mixed",
        "local.mixed.m",
        'tomap({ a = "m" })',
    ],
    "null": [
        "null",
        "var.nothing",
    ],
}

# By name: the kinds of the arguments, and of the result. `*` any number of them, `?` may be left out.
FUNCTIONS = {
    "abs": ("number", "number"),
    "ceil": ("number", "number"),
    "floor": ("number", "number"),
    "log": ("number number", "number"),
    "max": ("number*", "number"),
    "min": ("number*", "number"),
    "parseint": ("string number", "number"),
    "pow": ("number number", "number"),
    "signum": ("number", "number"),
    "sum": ("list", "number"),
    "chomp": ("string", "string"),
    "endswith": ("string string", "bool"),
    "format": ("format any*", "string"),
    "formatlist": ("format any*", "list"),
    "indent": ("number string", "string"),
    "join": ("string list", "string"),
    "lower": ("string", "string"),
    "regex": ("pattern string", "any"),
    "regexall": ("pattern string", "list"),
    "replace": ("string string string", "string"),
    "split": ("string string", "list"),
    "startswith": ("string string", "bool"),
    "strcontains": ("string string", "bool"),
    "strrev": ("string", "string"),
    "substr": ("string number number", "string"),
    "title": ("string", "string"),
    "trim": ("string string", "string"),
    "trimprefix": ("string string", "string"),
    "trimspace": ("string", "string"),
    "trimsuffix": ("string string", "string"),
    "upper": ("string", "string"),
    "alltrue": ("list", "bool"),
    "anytrue": ("list", "bool"),
    "chunklist": ("list number", "list"),
    "coalesce": ("any*", "any"),
    "coalescelist": ("list*", "list"),
    "compact": ("list", "list"),
    "concat": ("list*", "list"),
    "contains": ("list any", "bool"),
    "distinct": ("list", "list"),
    "element": ("list number", "any"),
    "flatten": ("list", "list"),
    "index": ("list any", "number"),
    "keys": ("map", "list"),
    "length": ("any", "number"),
    "lookup": ("map key any?", "any"),
    "matchkeys": ("list list list", "list"),
    "merge": ("map*", "map"),
    "one": ("list", "any"),
    "range": ("number number? number?", "list"),
    "reverse": ("list", "list"),
    "setintersection": ("set set*", "set"),
    "setproduct": ("list list", "list"),
    "setsubtract": ("set set", "set"),
    "setunion": ("set set*", "set"),
    "slice": ("list number number", "list"),
    "sort": ("list", "list"),
    "transpose": ("map", "map"),
    "values": ("map", "list"),
    "zipmap": ("list list", "map"),
    "base64decode": ("string", "string"),
    "base64encode": ("string", "string"),
    "base64sha256": ("string", "string"),
    "csvdecode": ("string", "list"),
    "jsondecode": ("string", "any"),
    "jsonencode": ("any", "string"),
    "textencodebase64": ("string encoding", "string"),
    "urlencode": ("string", "string"),
    "yamldecode": ("string", "any"),
    "yamlencode": ("any", "string"),
    "basename": ("string", "string"),
    "dirname": ("string", "string"),
    "formatdate": ("dateformat string", "string"),
    "timeadd": ("string duration", "string"),
    "timecmp": ("string string", "number"),
    "md5": ("string", "string"),
    "sha1": ("string", "string"),
    "sha256": ("string", "string"),
    "uuidv5": ("namespace string", "string"),
    "cidrhost": ("string number", "string"),
    "cidrnetmask": ("string", "string"),
    "cidrsubnet": ("string number number", "string"),
    "cidrsubnets": ("string number*", "list"),
    "can": ("any", "bool"),
    "try": ("any any", "any"),
    "tobool": ("any", "bool"),
    "tolist": ("list", "list"),
    "tomap": ("map", "map"),
    "tonumber": ("any", "number"),
    "toset": ("list", "set"),
    "tostring": ("any", "string"),
    "issensitive": ("any", "bool"),
}

WORDS = {
    "format": [
        '"%s"',
        '"%d items"',
        '"%v-%v"',
        '"%05.2f"',
        '"%-6s|"',
        '"%q"',
        '"%#v"',
        '"%x"',
        '"%t"',
        '"%g"',
        '"%e"',
        '"%%"',
        '"%3d|%s"',
    ],
    "pattern": ['"[a-z]+"', '"(\\\\w)(\\\\d?)"', '"(?P<k>.)b"', '"^$"', '"x*"', '"[[:upper:]]"', '"(?i)z"', '"\\\\s"'],
    "key": ['"a"', '"b"', '"one"', '"k"', '"zz"', "var.text"],
    "encoding": ['"UTF-8"', '"UTF-16LE"', '"ISO-8859-1"'],
    "dateformat": ['"YYYY-MM-DD"', '"hh:mm:ss AA"', '"EEE, D MMM YY"', "\"'at' h\"", '"ZZZZ"'],
    "duration": ['"1h"', '"-90m"', '"36h30m"', '"1.5s"'],
    "namespace": ['"dns"', '"url"'],
}

KINDS = ("string", "number", "bool", "list", "set", "map", "null")
BY_RESULT = {
    kind: [name for name, (_, result) in FUNCTIONS.items() if result in (kind, "any")] for kind in (*KINDS, "any")
}


WRONG = 0.04
"""The share of expressions that are of another kind than their place asks for."""


class Draw:
    """Expressions by a seed; `depth` bounds how deep they nest."""

    def __init__(self, seed: int | str, names: dict[str, list[str]] | None = None) -> None:
        self.dice = random.Random(seed)
        self.names = names or {}

    def expression(self, kind: str = "any", depth: int = 3) -> str:
        """An expression that should be of the kind."""
        dice = self.dice
        if kind in WORDS and dice.random() < 0.9:
            return dice.choice(WORDS[kind])
        if kind == "any" or kind in WORDS:
            kind = dice.choice(KINDS[:-1]) if dice.random() < 0.96 else "null"
        if dice.random() < WRONG:
            kind = dice.choice(KINDS)
        if depth <= 0 or kind == "null" or dice.random() < 0.25:
            return dice.choice(self.names.get(kind, []) + ATOMS[kind])
        form = dice.choice([Draw.call] * 6 + [Draw.conditional] * 2 + [Draw.element] + FORMS[kind])
        return form(self, kind, depth - 1)

    def call(self, kind: str, depth: int) -> str:
        """A function whose result is of the kind."""
        name = self.dice.choice(BY_RESULT[kind] or list(FUNCTIONS))
        arguments = []
        for wanted in FUNCTIONS[name][0].split():
            times = (
                self.dice.randint(1, 3)
                if wanted.endswith("*")
                else self.dice.randint(0, 1)
                if wanted.endswith("?")
                else 1
            )
            arguments += [self.expression(wanted.rstrip("*?"), depth) for _ in range(times)]
        return f"{name}({', '.join(arguments)})"

    def conditional(self, kind: str, depth: int) -> str:
        """A choice between two of the kind."""
        return f"({self.expression('bool', depth)} ? {self.expression(kind, depth)} : {self.expression(kind, depth)})"

    def element(self, _kind: str, depth: int) -> str:
        """An element of a list or map."""
        if self.dice.random() < 0.5:
            return (
                f"{self.expression('list', depth)}[{self.dice.choice(['0', '1', '2', self.expression('number', 0)])}]"
            )
        return f"{self.expression('map', depth)}[{self.expression('key', 0)}]"


def template(draw: Draw, _kind: str, depth: int) -> str:
    if draw.dice.random() < 0.3:
        loop = f"%{{ for x in {draw.expression('list', depth)} }}${{x}};%{{ endfor }}"
        return f'"{loop}"'
    if draw.dice.random() < 0.3:
        return f'"%{{ if {draw.expression("bool", depth)} }}yes%{{ else }}no%{{ endif }}!"'
    return f'"a${{{draw.expression("any", depth)}}}b"'


def arithmetic(draw: Draw, _kind: str, depth: int) -> str:
    left, right = draw.expression("number", depth), draw.expression("number", depth)
    return f"({left} {draw.dice.choice('+-*/%')} {right})" if draw.dice.random() < 0.9 else f"-({left})"


def comparison(draw: Draw, _kind: str, depth: int) -> str:
    operator = draw.dice.choice(["==", "!=", "==", "!=", "<", ">=", "&&", "||", "!"])
    if operator == "!":
        return f"!({draw.expression('bool', depth)})"
    kind = {"<": "number", ">=": "number", "&&": "bool", "||": "bool"}.get(operator) or draw.dice.choice(KINDS)
    return f"({draw.expression(kind, depth)} {operator} {draw.expression(kind, depth)})"


def tuple_form(draw: Draw, _kind: str, depth: int) -> str:
    kind = draw.dice.choice(["any", "string", "number", "list"])
    return "[" + ", ".join(draw.expression(kind, depth) for _ in range(draw.dice.randint(0, 3))) + "]"


def for_form(draw: Draw, _kind: str, depth: int) -> str:
    source = draw.expression(draw.dice.choice(["list", "set", "map"]), depth)
    result = draw.dice.choice(
        ["x", "x", 'format("%v", x)', "[x]", "jsonencode(x)", "k", "{ v = x }", "try(length(x), 0)"]
    )
    condition = draw.dice.choice(["", "", " if x != null", ' if x != "a"', " if can(x + 1)"])
    return f"[for k, x in {source} : {result}{condition}]"


def splat_form(draw: Draw, _kind: str, depth: int) -> str:
    if draw.dice.random() < 0.5:
        return f"{draw.expression('any', depth)}[*]"
    return f"[{draw.expression('map', depth)}, {draw.expression('map', depth)}][*].a"


def object_form(draw: Draw, _kind: str, depth: int) -> str:
    items = [f"{name} = {draw.expression('any', depth)}" for name in ("a", "b", '"é"')[: draw.dice.randint(0, 3)]]
    return "{ " + ", ".join(items) + " }"


def for_object(draw: Draw, _kind: str, depth: int) -> str:
    source = draw.expression(draw.dice.choice(["list", "set", "map"]), depth)
    key = draw.dice.choice(["x", "k", '"p${k}"', "tostring(x)", "upper(k)"])
    return f"{{ for k, x in {source} : {key} => x{draw.dice.choice(['', '', '...'])} }}"


FORMS = {
    "string": [template] * 2,
    "number": [arithmetic] * 3,
    "bool": [comparison] * 5,
    "list": [tuple_form] * 2 + [for_form] * 2 + [splat_form],
    "set": [],
    "map": [object_form] * 2 + [for_object],
}


def expressions(seed: int, number: int) -> list[str]:
    """So many distinct expressions, the same for the same seed."""
    draw = Draw(seed)
    result: dict[str, None] = {}
    while len(result) < number:
        text = draw.expression(depth=draw.dice.choice([1, 2, 2, 3]))
        if len(text) < 400:
            result[text] = None
    return list(result)


def quoted(text: str) -> str:
    """A text as Terraform writes it."""
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


# --- configurations ------------------------------------------------------------------------------------------------------------

TYPES = {
    "string": ['"s"', '"5"', "null", '"é"'],
    "number": ["3", "0", '"7"', "2.5", "null"],
    "bool": ["true", '"false"', "null"],
    "list(string)": ["[]", '["a", "b"]', '["x", 1, true]', "null"],
    "set(string)": ["[]", '["b", "a", "b"]'],
    "map(string)": ["{}", '{ k = "v", n = 1 }'],
    "map(number)": ['{ one = 1, two = "2" }', "{}"],
    "object({ a = string, b = optional(number, 4) })": ['{ a = "x" }', '{ a = 1, b = null, c = "dropped" }', "null"],
    "tuple([string, bool])": ['["t", true]', '[1, "true"]'],
    "any": ["[1, 2]", '{ a = 1, b = "x" }', '"w"', "null", '[1, "a"]'],
    "list(any)": ["[1, 2]", '["a", 1]', "[]"],
}
KIND_OF_TYPE = {
    "string": "string",
    "number": "number",
    "bool": "bool",
    "list": "list",
    "set": "set",
    "map": "map",
    "object": "map",
}

REFUSED = """\
variable "count" {}
---
output "twice" {
  value = 1
}
output "twice" {
  value = 2
}
---
resource "terraform_data" "9x" {}
---
resource "terraform_data" "wrong" {
  inputt = 1
}
---
resource "terraform_data" "self" {
  input = terraform_data.self.id
}
---
resource "terraform_data" "both" {
  count    = 1
  for_each = {}
}
---
resource "terraform_data" "late" {
  for_each = toset([terraform_data.plain.id])
}
---
resource "terraform_data" "many" {
  count = -1
}
---
resource "terraform_data" "half" {
  count = 1.5
}
---
resource "terraform_data" "listed" {
  for_each = ["a"]
}
---
output "missing" {
  value = local.missing
}
---
output "hidden" {
  value = sensitive("x")
}
---
locals {
  a1 = local.a2
  a2 = local.a1
}
---
variable "typed" {
  type    = number
  default = "x"
}
---
variable "strict" {
  default  = null
  nullable = false
}
output "strict" {
  value = var.strict
}
---
variable "held" {
  default = 5
  validation {
    condition     = var.held < 3
    error_message = "Too large."
  }
}
---
resource "terraform_data" "judged" {
  input = 1
  lifecycle {
    precondition {
      condition     = 1 == 2
      error_message = "No."
    }
  }
}
---
resource "terraform_data" "after" {
  input = 1
  lifecycle {
    postcondition {
      condition     = self.input == 2
      error_message = "No."
    }
  }
}
---
resource "terraform_data" "needs" {
  depends_on = [terraform_data.nobody]
}
---
moved {
  from = terraform_data.plain
  to   = terraform_data.other
}
---
module "odd" {
  source = "./child"
  nosuch = 1
}
---
module "bare" {
  source = "./child"
}
---
terraform {
  backened "local" {}
}
---
import {
  to = terraform_data.nobody
  id = "x"
}
---
check "c" {
  assert {
    condition     = var.nobody
    error_message = "x"
  }
}
---
output "ephemeral" {
  value     = 1
  ephemeral = true
}
---
variable "quoted" {
  type    = "string"
  default = "x"
}
---
output "tried" {
  value = try(var.nobody, 1)
}
---
output "keyed" {
  value = terraform_data.keyed.a.input
}
"""
MISTAKES = REFUSED.split("---\n")
"""Blocks that Terraform refuses, most of them by the text alone. A `required_version` is not among them: here it is a warning."""

KEYS = [
    'toset(["a", "b"])',
    '{ a = 1, b = "x" }',
    '{ for k in ["a", "c"] : k => upper(k) }',
    '["a"][*] == [] ? {} : { a = [] }',
]

CHILD = """\
variable "given" {}
variable "times" {
  type    = number
  default = 1
}
resource "terraform_data" "inner" {
  count = var.times
  input = var.given
}
output "inputs" {
  value = terraform_data.inner[*].input
}
output "given" {
  value = var.given
}
"""


def configuration(seed: int) -> dict[str, str]:
    """The files of a root module with a module below it; one in three has one mistake of `MISTAKES`."""
    draw = Draw(f"configuration {seed}")
    dice = draw.dice
    blocks = []
    names: dict[str, list[str]] = {}
    for number in range(dice.randint(1, 4)):
        kind = dice.choice(list(TYPES))
        name = f"v{number}"
        nullable = "  nullable = false\n" if dice.random() < 0.15 else ""
        blocks.append(f'variable "{name}" {{\n  type    = {kind}\n  default = {dice.choice(TYPES[kind])}\n{nullable}}}')
        of = KIND_OF_TYPE.get(kind.split("(")[0])
        if of:
            names.setdefault(of, []).append(f"var.{name}")
    own = Draw(f"names {seed}", names)
    own.dice = dice

    def value(depth: int) -> str:
        """An expression that most often cannot fail."""
        text = own.expression(depth=depth)
        return text if dice.random() < 0.05 else f'try({text}, "none")'

    local = [f"  l{number} = {value(2)}" for number in range(dice.randint(1, 3))]
    blocks.append("locals {\n" + "\n".join(local) + "\n}")
    blocks.append('resource "terraform_data" "plain" {\n  input = ' + value(1) + "\n}")
    keys = dice.choice(KEYS)
    blocks.append(f'resource "terraform_data" "keyed" {{\n  for_each = {keys}\n  input    = [each.key, each.value]\n}}')
    count = f"try(min(3, floor(abs({own.expression('number', 1)}))), 2)"
    blocks.append(f'resource "terraform_data" "counted" {{\n  count = {count}\n  input = count.index\n}}')
    times = dice.choice(["1", "2", "0", "length(keys({ a = 1 }))"])
    blocks.append(f'module "child" {{\n  source = "./child"\n  given  = {value(2)}\n  times  = {times}\n}}')
    for number, shown in enumerate(
        dice.sample(
            [
                "local.l0",
                "[for k, r in terraform_data.keyed : r.input]",
                "terraform_data.counted[*].input",
                "length(terraform_data.counted)",
                "module.child.inputs",
                "module.child.given == local.l0",
                "try(terraform_data.counted[0].input, -1)",
                "{ for k, r in terraform_data.keyed : k => r.input[1] }",
            ],
            k=3,
        )
    ):
        blocks.append(f'output "o{number}" {{\n  value = [{shown}]\n}}')
    if dice.random() < 1 / 3:
        blocks.append(dice.choice(MISTAKES))
    return {"main.tf": PREAMBLE + "\n".join(blocks) + "\n", "child/main.tf": CHILD}
