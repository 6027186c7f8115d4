"""What a command would answer: its shape from botocore's models, every field filled, taken through `--query`, `--output` and jq.

A text field of a sample is a mark that remembers operation and path, so that a value can be followed into the next command. Lists
have one element. A filter (`[?...]`, `select(...)`) lets its element pass, because what it compares with is not known; the fields
that it names are checked all the same.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import jmespath
import jmespath.exceptions
import jmespath.visitor

from analysis.runbooks.shell import NOW, Marks, Origin
from analysis.runbooks.spelling import near

MAX_SAMPLE_DEPTH = 9


# --- samples

# Fields that the answer about a thing in use never has, though its model does.
ABSENT: Mapping[tuple[str, str], frozenset[str]] = {
    ("ecs", "describe-task-definition"): frozenset(
        {"taskDefinition.deregisteredAt", "taskDefinition.deleteRequestedAt"}
    ),
}
"""An active revision was neither deregistered nor asked to be deleted:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html"""


def sample(model: Any, marks: Marks, service: str, name: str) -> Any:
    """An answer of this operation with every field filled; None where it answers nothing."""
    if model.output_shape is None:
        return None
    return _filled(model.output_shape, marks, (service, name), "", ())


def _filled(shape: Any, marks: Marks, call: tuple[str, str], path: str, above: tuple[str, ...]) -> Any:
    kind = shape.type_name
    if kind == "structure":
        if len(above) > MAX_SAMPLE_DEPTH or above.count(shape.name) > 1:
            return marks.new(Origin("field", f"{path} of {' '.join(call)}", *call, path=path))
        return {
            key: _filled(member, marks, call, f"{path}.{key}".lstrip("."), (*above, shape.name))
            for key, member in shape.members.items()
            if f"{path}.{key}".lstrip(".") not in ABSENT.get(call, ())
        }
    if kind == "list":
        return [_filled(shape.member, marks, call, f"{path}[]", above)]
    if kind == "map":
        key = marks.new(Origin("field", f"a key of {path} of {' '.join(call)}", *call, path=f"{path}.*"))
        return {key: _filled(shape.value, marks, call, f"{path}.*", above)}
    plain: Mapping[str, Any] = {
        "integer": 7,
        "long": 7,
        "float": 7.5,
        "double": 7.5,
        "boolean": True,
        "timestamp": NOW.isoformat(),
    }
    if kind in plain:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        number = isinstance(plain[kind], int | float) and kind != "boolean"
        return min(max(plain[kind], low or 7), high or max(7, low or 7)) if number and (low or high) else plain[kind]
    if kind == "blob":  # the command line prints bytes in base64, and whoever decodes them has the mark again
        mark = marks.new(Origin("field", f"{path} of {' '.join(call)}", *call, path=path))
        return base64.b64encode(mark.encode()).decode()
    if shape.name in DECODED:
        inner = {key: marks.new(Origin("field", f"{key} of {path}", *call, path=f"{path}.{key}")) for key in _POLICY}
        return {"Version": "2012-10-17", "Statement": [inner]}
    enum = tuple(getattr(shape, "enum", None) or ())
    if path in JSON_TEXT.get(call, {}):
        inner = {key: marks.new(Origin("field", f"{key} of {path}", *call, path=f"{path}.{key}")) for key in _POLICY}
        return json.dumps({"Version": "2012-10-17", "Statement": [inner]}, ensure_ascii=False)
    return marks.new(Origin("field", f"{path} of {' '.join(call)}", *call, path=path, enum=enum))


# What the command line decodes before it prints: botocore's handlers turn the text of a policy into the document.
DECODED = frozenset({"policyDocumentType"})
_POLICY = ("Sid", "Effect", "Principal", "Action", "Resource")


# Text fields that hold a JSON document of AWS's own making.
JSON_TEXT: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("s3api", "get-bucket-policy"): {"Policy": "policy"},
    ("sqs", "get-queue-attributes"): {"Attributes.Policy": "policy"},
}


# --- JMESPath


class _Passing(jmespath.visitor.TreeInterpreter):  # type: ignore[misc]
    """Evaluates an expression on a sample: filters let everything pass, and any index finds the only element."""

    def visit_filter_projection(self, node: Mapping[str, Any], value: Any) -> Any:
        """The elements, whatever the condition says."""
        base = self.visit(node["children"][0], value)
        if not isinstance(base, list):
            return None
        found = (self.visit(node["children"][1], element) for element in base)
        return [element for element in found if element is not None]

    def visit_index(self, node: Mapping[str, Any], value: Any) -> Any:
        """The element itself where there are so many, else the only one."""
        if not isinstance(value, list) or not value:
            return None
        at: int = node["value"]
        return value[at] if -len(value) <= at < len(value) else value[0]

    def visit_slice(self, node: Mapping[str, Any], value: Any) -> Any:  # noqa: ARG002 (any slice holds the only element)
        """The list itself."""
        return value if isinstance(value, list) else None


def queried(query: str, answer: Any) -> tuple[bool, Any]:
    """What an expression takes out of a sample; whether it could be evaluated on one."""
    try:
        tree = jmespath.compile(query).parsed
        return True, _Passing().visit(tree, answer)
    except (jmespath.exceptions.JMESPathError, ValueError, TypeError, RecursionError, AttributeError):
        return False, None


def query_faults(query: str, shape: Any) -> list[tuple[str, str]]:
    """What is wrong with a JMESPath expression over an answer of this shape, and what to do."""
    try:
        tree = jmespath.compile(query).parsed
    except jmespath.exceptions.JMESPathError as error:
        said = str(error).split("\n")[0]
        return [(f"--query cannot be read: {said}", "close every bracket and quote; see https://jmespath.org")]
    except RecursionError:
        return [("--query nests too deep", "write a shorter one")]
    found: list[tuple[str, str]] = []
    _follow(tree, shape, found)
    return found


def _many(shape: Any) -> Any:
    return SimpleNamespace(type_name="list", member=shape)


def _member(shape: Any) -> Any:
    return shape.member if shape is not None and shape.type_name == "list" else None


def _follow(node: Mapping[str, Any], shape: Any, found: list[tuple[str, str]]) -> Any:
    """The shape to which a node of an expression leads, None where it is not known; unknown fields go to `found`."""
    kind, children = node["type"], node.get("children", [])
    if kind == "field":
        return _field(node["value"], shape, found)
    if kind in {"subexpression", "index_expression", "pipe"}:
        for child in children:
            shape = _follow(child, shape, found)
        return shape
    if kind in {"projection", "filter_projection"}:
        base = _follow(children[0], shape, found)
        _wants(base, "list", "a list", found)
        element = _member(base)
        for condition in children[2:]:
            _follow(condition, element, found)
        return _many(_follow(children[1], element, found))
    if kind == "value_projection":
        base = _follow(children[0], shape, found)
        value = base.value if getattr(base, "type_name", "") == "map" else None
        return _many(_follow(children[1], value, found))
    if kind == "flatten":
        inner = _follow(children[0], shape, found)
        _wants(inner, "list", "a list", found)
        return _member(inner) if getattr(_member(inner), "type_name", "") == "list" else inner
    if kind == "index":
        _wants(shape, "list", "a list", found)
        return _member(shape)
    if kind in {"identity", "current", "slice"}:
        return shape
    if kind == "function_expression":
        return _function(node, shape, found)
    if kind == "comparator":
        return _comparison(node, shape, found)
    if kind == "literal":
        return None
    if kind == "multi_select_dict":
        members = {child["value"]: _follow(child["children"][0], shape, found) for child in children}
        return SimpleNamespace(type_name="structure", members=members)
    shapes = [_follow(child, shape, found) for child in children]
    if kind == "multi_select_list":
        for index, child in enumerate(children):
            if child in children[:index] and child["type"] != "literal":
                found.append(("--query asks for the same twice", "leave one out"))
        same = len({id(item) for item in shapes}) == 1
        return SimpleNamespace(type_name="list", member=shapes[0] if same else None, columns=shapes)
    return None


_FIRST_AGAIN = frozenset({"sort_by", "sort", "reverse"})
_ELEMENT = frozenset({"max_by", "min_by", "max", "min"})


def _function(node: Mapping[str, Any], shape: Any, found: list[tuple[str, str]]) -> Any:
    children, name = node["children"], node["value"]
    if name == "map" and len(children) == 2:
        base = _follow(children[1], shape, found)
        return _many(_follow(children[0]["children"][0], _member(base), found))
    first = _follow(children[0], shape, found) if children else None
    for child in children[1:]:
        by = child["type"] == "expref"
        _follow(child["children"][0] if by else child, _member(first) if by else shape, found)
    if name in _FIRST_AGAIN:
        return first
    return _member(first) if name in _ELEMENT else None


def _comparison(node: Mapping[str, Any], shape: Any, found: list[tuple[str, str]]) -> Any:
    left, right = (_follow(child, shape, found) for child in node["children"])
    for known, other in ((left, node["children"][1]), (right, node["children"][0])):
        literal = other.get("value") if other["type"] == "literal" else None
        enum = getattr(known, "enum", None)
        if isinstance(literal, str) and enum and literal not in enum:
            near = [item for item in enum if item.lower() == literal.lower()]
            to_do = f"write {near[0]}" if near else f"it is one of {', '.join(list(enum)[:12])}"
            found.append((f"--query compares with {literal!r}, which is never there", to_do))
        elif isinstance(literal, str) and getattr(known, "type_name", "") in {
            "integer",
            "long",
            "boolean",
            "double",
            "float",
        }:
            found.append(
                (f"--query compares a {known.type_name} with the text {literal!r}", f"write it as `{literal}`")
            )
    if any(child["type"] == "field" and shape is None for child in node["children"]):
        return None
    return None


def _wants(shape: Any, kind: str, said: str, found: list[tuple[str, str]]) -> None:
    if shape is not None and shape.type_name != kind:
        what = "an object" if shape.type_name in {"structure", "map"} else f"a {shape.type_name}"
        found.append((f"--query takes {what} for {said}", "leave out the brackets"))


def _field(name: str, shape: Any, found: list[tuple[str, str]]) -> Any:
    if shape is None:
        return None
    if shape.type_name == "structure":
        if name not in shape.members:
            close = near(name, shape.members) or [item for item in shape.members if item.lower() == name.lower()]
            to_do = f"perhaps {' or '.join(close)}" if close else f"there are {', '.join(list(shape.members)[:12])}"
            found.append((f"--query asks for {name}, which the answer does not have there", to_do))
        return shape.members.get(name)
    if shape.type_name == "map":
        return shape.value
    if getattr(shape, "name", "") in DECODED:
        return None
    what = "a list" if shape.type_name == "list" else f"a {shape.type_name}"
    found.append((f"--query asks for {name} of {what}", "add [] or an index" if what == "a list" else "leave it out"))
    return None


def result_shape(query: str, shape: Any) -> Any:
    """The shape of what a sound expression takes out of an answer of this shape, None where it is not known."""
    return _follow(jmespath.compile(query).parsed, shape, [])


# --- how an answer is printed


def printed(value: Any, output: str) -> str | None:
    """An answer as the command line prints it as `json` or `text`; None for the formats that nobody takes apart."""
    if output == "json":
        return json.dumps(value, indent=4, ensure_ascii=False) + "\n" if value is not None else "null\n"
    if output == "text":
        from awscli.text import format_text  # noqa: PLC0415 (an extra: a page is read without it)

        stream = io.StringIO()
        try:
            format_text(value, stream)
        except (AttributeError, TypeError):
            return None
        return stream.getvalue()
    return None


# --- jq


@dataclass(frozen=True, slots=True)
class JqResult:
    """What a jq program printed on a sample, or what it said; `error` is compile, input, run or nothing."""

    values: tuple[Any, ...] = ()
    error: str = ""
    said: str = ""


# Runs in a process of its own, with bounds on time and memory: a program may loop for ever, and jq offers no way to stop it.
_WORKER = r"""
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
import jq
print("ready", flush=True)
for line in sys.stdin:
    program, arguments, text, null, slurp, raw = json.loads(line)
    answer = {"values": [], "error": "", "said": ""}
    try:
        compiled = jq.compile(program, args=arguments)
    except ValueError as error:
        answer.update(error="compile", said=str(error))
    else:
        try:
            if null:
                given = [None]
            elif raw:
                given = text if slurp else text.splitlines()
                given = [given] if slurp else given
            else:
                given, rest = [], text.strip()
                decoder = json.JSONDecoder()
                while rest:
                    value, end = decoder.raw_decode(rest)
                    given.append(value)
                    rest = rest[end:].strip()
                given = [given] if slurp else given
        except ValueError as error:
            answer.update(error="input", said=str(error))
            given = []
        try:
            for value in given:
                for number, result in enumerate(compiled.input_value(value)):
                    if number >= 1000 or len(answer["values"]) >= 1000:
                        break
                    answer["values"].append(result)
        except ValueError as error:
            answer.update(error="run", said=str(error))
    text = json.dumps(answer)
    if len(text) > 400_000:
        text = json.dumps({"values": [], "error": "bound", "said": "prints too much"})
    print(text, flush=True)
"""

SECONDS_PER_PROGRAM = 3.0
MAX_PROGRAMS = 2_000
PROGRAMS_STOPPED = 3
"""After so many programs that had to be stopped, the rest of a page's jq is left unchecked."""

# Programs that read files or the environment of whoever runs the checker.
_READS = re.compile(
    r"(?<![.\w])(?:import|include|input_filename|get_search_list|modulemeta|\$ENV|env|halt|halt_error)\b"
)


@dataclass(slots=True)
class Jq:
    """jq, run on samples in a process of its own. Use it as a context: the process ends with it."""

    process: subprocess.Popen[str] | None = None
    stopped: int = 0
    runs: int = 0
    known: dict[str, JqResult] = field(default_factory=dict)

    def __enter__(self) -> Jq:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if one runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream:
                    stream.close()
            self.process = None

    def run(
        self,
        program: str,
        text: str,
        arguments: Mapping[str, Any],
        *,
        null: bool = False,
        slurp: bool = False,
        raw: bool = False,
    ) -> JqResult:
        """What the program prints on this input; `error` is `bound` where it had to be stopped or may not be run."""
        if _READS.search(program):
            return JqResult(error="bound", said="reads files or the environment")
        if self.stopped >= PROGRAMS_STOPPED:
            return JqResult(error="bound", said="too many programs before it had to be stopped")
        # A condition lets every element pass. An index that finds nothing may mean another element than the only one of a sample.
        # Of a condition both ways count: what it decides by is not known, so the way that changes something is taken.
        taken = _IF.sub("if true then", program)
        outside = re.split(r'("(?:[^"\\]|\\.)*")', taken)
        first = "".join(part if n % 2 else re.sub(r"\[\s*-?\d+\s*\]", "[0]", part) for n, part in enumerate(outside))
        found = JqResult()
        for tried in dict.fromkeys((program, taken, first)):
            passing = f"def select(f): (try f catch null) as $ignored | .; {tried}"
            key = json.dumps([passing, dict(arguments), text, null, slurp, raw])
            digest = hashlib.sha256(key.encode()).hexdigest()
            if digest not in self.known:
                self.known[digest] = self._ask(key)
                self.runs += 1
                if self.runs > MAX_PROGRAMS:
                    self.stopped = PROGRAMS_STOPPED
            found = self.known[digest]
            if found.error in {"compile", "bound", "input"}:
                break
            if tried == taken and found.values and not has_null(found.values) and not found.error:
                break
        return found

    def _ask(self, request: str) -> JqResult:
        if self.process is None:
            self.process = subprocess.Popen(  # noqa: S603 (this interpreter, with a program of ours)
                [sys.executable, "-I", "-c", _WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env={}, text=True, encoding="utf-8",
            )  # fmt: skip
            if not self._answer(20):
                self.close()
                self.stopped = PROGRAMS_STOPPED
                return JqResult(error="bound", said="jq does not start")
        assert self.process.stdin is not None  # noqa: S101 (for the type checker)
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except OSError:
            line = ""
        else:
            line = self._answer(SECONDS_PER_PROGRAM)
        if not line:
            self.close()
            self.stopped += 1
            return JqResult(
                error="bound", said=f"runs for more than {SECONDS_PER_PROGRAM:g} s or takes too much memory"
            )
        found = json.loads(line)
        return JqResult(tuple(found["values"]), found["error"], found["said"])

    def _answer(self, seconds: float) -> str:
        assert self.process is not None  # noqa: S101 (for the type checker)
        assert self.process.stdout is not None  # noqa: S101
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            end = time.monotonic() + seconds
            if not selector.select(max(0.0, end - time.monotonic())):
                return ""
        return self.process.stdout.readline()


_IF = re.compile(r'\bif\b(?:"(?:[^"\\]|\\.)*"|[^";])*?\bthen\b')

_DELETED = re.compile(r"\bdel\(((?:[^()]|\([^()]*\))*)\)")


def deletes_missing(program: str, values: Sequence[Any]) -> list[str]:
    """The fields that a jq program deletes and that its input never has."""
    known = set(_keys(values)) | {path.rpartition(".")[2] for paths in ABSENT.values() for path in paths}
    inner = " ".join(_DELETED.findall(re.sub(r'"(?:[^"\\]|\\.)*"', '""', program)))
    return sorted({name for name in re.findall(r"\.([A-Za-z_]\w*)", inner) if name not in known})


_NAMED = re.compile(r"\.([A-Za-z_]\w*)|[{,]\s*([A-Za-z_]\w*)\s*(?=[,}])")


def names_missing(program: str, values: Sequence[Any]) -> list[str]:
    """The fields that a jq program names and that stand nowhere in its input, those that it sets or deletes left out."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', program)
    bare = re.sub(r"\b(?:del|delpaths|has|path|paths|getpath)\((?:[^()]|\([^()]*\))*\)", "", bare)
    known = set(_keys(values))
    named = [first or second for first, second in _NAMED.findall(bare)]
    made = set(re.findall(r"\.([A-Za-z_]\w*)\s*(?:[-+*/|]|//)?=(?!=)", bare)) | set(
        re.findall(r"([A-Za-z_]\w*)\s*:", bare)
    )
    return sorted({name for name in named if name not in known | made})


def _keys(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield from item
            waiting += item.values()
        elif isinstance(item, list | tuple):
            waiting += item


def has_null(values: Sequence[Any]) -> bool:
    """Whether null stands anywhere in these values; a sample holds none."""
    waiting: list[Any] = list(values)
    while waiting:
        item = waiting.pop()
        if item is None:
            return True
        if isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, list | tuple):
            waiting += item
    return False
