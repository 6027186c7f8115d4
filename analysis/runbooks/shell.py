"""What a shell would do with the commands of a page, worked out without a shell: nothing that stands on a page is ever executed.

The commands are parsed by the grammar of tree-sitter-bash and followed symbolically: quotes, variables, substitutions, pipes,
loops, functions and here-documents count as they would at a prompt; both branches of a condition are followed; a loop runs once
for each of its first values. Files that commands write live in a dictionary. A text that cannot be known is a mark: two signs
around a number, kept in `Marks` with where it came from. So a value is known to be a task's ARN although there is no task.

Bounds, for a page written by a stranger: nodes followed, length of a text, depth of nesting. Past one of them `TooMuch` is
raised.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

MAX_STEPS = 250_000
MAX_TEXT = 2_000_000
MAX_KEPT = 40_000_000
MAX_DEPTH = 60
MAX_ITEMS = 3

# The moment at which a page is read: between the kick-off and the end of the first game that the examples of this site name.
NOW = dt.datetime(2026, 11, 28, 20, 45, tzinfo=dt.UTC)


class TooMuch(RuntimeError):  # noqa: N818 (it is a bound, reached)
    """A page that asks for more work than a checker should do; the sentence says which bound it passed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an unknown text comes from: a variable nobody set, a placeholder, a program's output, a field of AWS's answer.

    `kind` is variable, placeholder, program, field or arithmetic. For a field, `service`, `operation` and `path` say which. `of`
    are the origins that a text was computed from.
    """

    kind: str
    name: str
    service: str = ""
    operation: str = ""
    path: str = ""
    enum: tuple[str, ...] = ()
    of: tuple[Origin, ...] = ()


OPEN, CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")


@dataclass(slots=True)
class Marks:
    """The unknown texts met so far, by number."""

    origins: list[Origin] = field(default_factory=list)

    def new(self, origin: Origin) -> str:
        """A text that stands for what comes from `origin`."""
        if len(self.origins) >= MAX_STEPS:
            raise TooMuch(f"has more than {MAX_STEPS:,} unknown values")
        self.origins.append(origin)
        return f"{OPEN}{len(self.origins) - 1}{CLOSE}"

    def of(self, text: str) -> tuple[Origin, ...]:
        """The origins of the unknown parts of a text, in their order."""
        return tuple(self.origins[int(found)] for found in _MARK.findall(text))

    def shown(self, text: str) -> str:
        """A text with each unknown part as a reader would call it."""
        return _MARK.sub(lambda mark: f"‹{self.origins[int(mark[1])].name}›", text)


def is_unknown(text: str) -> bool:
    """Whether any part of a text is unknown."""
    return OPEN in text


def wholly_unknown(text: str) -> bool:
    """Whether the whole text is one unknown value."""
    return _MARK.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Place:
    """A place in what is typed: row and column from 0, as the grammar counts."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something the shell itself would refuse or do otherwise than meant."""

    place: Place
    rule: str
    what: str
    to_do: str


Program = Callable[["Shell", Sequence[str], str, Place], str]
"""A program as the checker knows it: arguments and standard input to standard output."""


@dataclass(slots=True)
class Shell:
    """One session: the commands of a page are followed one after the other in it."""

    programs: Mapping[str, Program]
    marks: Marks = field(default_factory=Marks)
    variables: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    functions: dict[str, tree_sitter.Node] = field(default_factory=dict)
    unset: list[tuple[Place, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    elided: list[Place] = field(default_factory=list)
    sources: dict[str, bytes] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    steps: int = 0
    kept: int = 0
    depth: int = 0
    source: bytes = b""
    shift: Place = Place(0, 0)

    def follow(self, typed: str) -> str:
        """Follow what is typed; gives what would be printed. Faults are added to `faults`; raises TooMuch."""
        text, placeholders = _placeholders(typed)
        source = text.encode()
        before = self.source
        self.source = source
        tree = grammar().parse(source)
        try:
            for name in placeholders:
                self.variables.setdefault(f"__{name}", self.marks.new(Origin("placeholder", f"<{name}>")))
            if not tree.root_node.has_error:
                return self.run(tree.root_node, "")
            return self._follow_around(tree.root_node, text)
        finally:
            self.source = before

    def _follow_around(self, root: tree_sitter.Node, text: str) -> str:
        """Follow the statements of a text that the grammar can read; say of the first other one what is wrong."""
        printed = ""
        told = False
        for child in root.children:
            if child.has_error or child.is_error or child.is_missing:
                fault = None if told else _first_error(child)
                if fault is not None:
                    told = True
                    lines = text.split("\n")[child.start_point[0] : child.end_point[0] + 1]
                    if any(re.search(r"(?<!\S)(?:\.\.\.|…)(?!\S)", line) for line in lines):
                        self.elided.append(fault.place)
                    else:
                        self.faults.append(fault)
            elif child.is_named:
                printed += self.run(child, "")
        return printed

    # --- statements

    def run(self, node: tree_sitter.Node, stdin: str) -> str:
        """Follow a node with this standard input; gives its standard output."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooMuch(f"takes more than {MAX_STEPS:,} steps to follow")
        if self.depth >= MAX_DEPTH:
            raise TooMuch(f"nests deeper than {MAX_DEPTH}")
        self.depth += 1
        try:
            printed = _STATEMENTS.get(node.type, _sequence)(self, node, stdin)
        finally:
            self.depth -= 1
        return self.bounded(printed)

    def text(self, node: tree_sitter.Node) -> str:
        """What stands in the source at a node."""
        return self.source[node.start_byte : node.end_byte].decode(errors="replace")

    # --- words

    def fields(self, node: tree_sitter.Node) -> list[str]:
        """The words into which a node expands: what stands unquoted is split at blanks."""
        words: list[str] = []
        current: str | None = None
        length = 0
        for text, splits in self.pieces(node):
            length += len(text)
            if length > MAX_TEXT:
                raise TooMuch(f"makes words of more than {MAX_TEXT:,} characters")
            if not splits:
                current = (current or "") + text
                continue
            parts = re.split(r"[ \t\n]+", text)
            for index, part in enumerate(parts):
                if index:
                    if current is not None:
                        words.append(current)
                    current = None
                if part:
                    current = (current or "") + part
        if current is not None:
            words.append(current)
        return words

    def value(self, node: tree_sitter.Node) -> str:
        """The text into which a node expands where nothing is split, as on the right of an assignment."""
        return self.joined(text for text, _ in self.pieces(node))

    def bounded(self, text: str) -> str:
        """The text itself. Raises TooMuch where it is too long."""
        if len(text) > MAX_TEXT:
            raise TooMuch(f"makes a text of more than {MAX_TEXT:,} characters")
        return text

    def joined(self, texts: Iterable[str]) -> str:
        """The texts as one. Raises TooMuch before the whole would be too long."""
        parts, length = [], 0
        for text in texts:
            length += len(text)
            if length > MAX_TEXT:
                raise TooMuch(f"makes a text of more than {MAX_TEXT:,} characters")
            parts.append(text)
        return "".join(parts)

    def keep(self, place: dict[str, str], name: str, text: str) -> None:
        """Put a text under a name into the variables or the files. Raises TooMuch where all of them become too long."""
        self.kept += len(text) - len(place.get(name, ""))
        if self.kept > MAX_KEPT:
            raise TooMuch(f"keeps texts of more than {MAX_KEPT:,} characters")
        place[name] = text

    def pieces(self, node: tree_sitter.Node) -> list[tuple[str, bool]]:
        """The parts of a word, each with whether blanks in it split the word."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooMuch(f"takes more than {MAX_STEPS:,} steps to follow")
        kind = node.type
        if (
            kind in {"word", "number", "variable_name", "test_operator", "regex", "extglob_pattern"}
            and not node.named_children
        ):
            return [(_unescaped(self.text(node)), False)]
        if kind == "raw_string":
            return [(self.text(node)[1:-1], False)]
        if kind == "ansi_c_string":
            return [(_ansi(self.text(node)[2:-1]), False)]
        if kind in {"string", "translated_string"}:
            return [(self.quoted(node), False)]
        if kind in {"simple_expansion", "expansion"}:
            return [(self.expansion(node), True)]
        if kind == "command_substitution":
            return [(self.substitution(node), True)]
        if kind == "arithmetic_expansion":
            return [(self.arithmetic(node), False)]
        if kind == "process_substitution":
            name = f"/dev/fd/{len(self.files) + 63}"
            self.files[name] = "".join(self.run(child, "") for child in node.named_children)
            return [(name, False)]
        if kind == "brace_expression":
            return [(self.text(node), False)]
        found: list[tuple[str, bool]] = []
        end = node.start_byte
        for child in node.children:
            if end < child.start_byte:
                found.append((_unescaped(self.source[end : child.start_byte].decode(errors="replace")), False))
            found += self.pieces(child) if child.is_named else [(self.text(child), False)]
            end = child.end_byte
        return found or [(_unescaped(self.text(node)), False)]

    def quoted(self, node: tree_sitter.Node) -> str:
        """What stands between double quotes, or in the body of a here-document: gaps between the children are text, too."""
        found: list[str] = []
        end = node.start_byte + (1 if node.type == "string" else 0)
        for child in node.children:
            if child.type == '"':
                continue
            if end < child.start_byte:
                found.append(_double(self.source[end : child.start_byte].decode(errors="replace")))
            if child.type in {"string_content", "heredoc_content"}:
                found.append(_double(self.text(child)))
            elif child.is_named:
                found += [text for text, _ in self.pieces(child)]
            else:
                found.append(self.text(child))
            end = child.end_byte
        last = node.end_byte - (1 if node.type == "string" else 0)
        if end < last:
            found.append(_double(self.source[end:last].decode(errors="replace")))
        return self.joined(found)

    def expansion(self, node: tree_sitter.Node) -> str:
        """The value of `$name` or `${name...}`; one that nothing sets is unknown."""
        name_node = next(
            (c for c in node.children if c.type in {"variable_name", "special_variable_name", "subscript"}), None
        )
        name = self.text(name_node) if name_node else self.text(node)[1:2]
        name = name.split("[")[0]
        operator = next((c.type for c in node.children if c.type in {":-", "-", ":=", "=", ":?", "?", ":+", "+"}), "")
        rest = [c for c in node.named_children if name_node is None or c.start_byte > name_node.start_byte]
        if name in self.variables:
            value = self.variables[name]
            if operator in {":+", "+"} and rest:
                return "".join(self.value(child) for child in rest)
            others = {c.type for c in node.children} - {
                "${",
                "$",
                "}",
                "variable_name",
                "special_variable_name",
                "subscript",
            }
            if others and not operator:  # a slice, a replacement, a length: known to come from the value, no more
                return self.marks.new(Origin("program", f"part of ${name}", of=self.marks.of(value)))
            return value
        if operator in {":-", "-", ":=", "="} and rest:
            value = "".join(self.value(child) for child in rest)
            if operator in {":=", "="}:
                self.variables[name] = value
            return value
        if operator in {":+", "+"}:
            return ""
        if re.fullmatch(r"[A-Za-z_]\w*", name) and operator not in {":?", "?"}:
            self.unset.append((self.place(node), name))
        return self.marks.new(Origin("variable", f"${name}"))

    def substitution(self, node: tree_sitter.Node) -> str:
        """What `$(...)` prints, without the line ends at its end; `$(<file)` is the file."""
        printed = ""
        for child in node.named_children:
            if child.type == "file_redirect":
                printed += self.read_file(self.value(child.named_children[-1])) if child.named_children else ""
            else:
                printed += self.run(child, "")
        return printed.rstrip("\n")

    def arithmetic(self, node: tree_sitter.Node) -> str:
        """What `$((...))` gives: the number, where only known numbers stand in it; a mark with the origins, elsewhere."""
        inner = "".join(text for child in node.named_children for text, _ in self.pieces(child))
        names = re.findall(r"(?<![\w$])[A-Za-z_]\w*", self.text(node))
        inner = " ".join([inner, *(self.variables.get(name, "") for name in names)])
        plain = self.text(node)[3:-2]
        for name in sorted(names, key=len, reverse=True):
            plain = re.sub(rf"\$?\b{name}\b", self.variables.get(name, name), plain)
        sums = re.fullmatch(r"\s*(-?\d{1,15})\s*(?:([-+*/])\s*(-?\d{1,15})\s*)?", plain)
        if sums:
            left, right = int(sums[1]), int(sums[3] or 0)
            operations = {"+": left + right, "-": left - right, "*": left * right, "/": left // right if right else 0}
            return str(operations[sums[2]] if sums[2] else left)
        return self.marks.new(Origin("arithmetic", self.text(node), of=self.marks.of(inner)))

    # --- files and places

    def read_file(self, name: str) -> str:
        """What a file holds that an earlier command wrote; unknown otherwise. The machine's own files are never read."""
        if name in self.files:
            return self.files[name]
        return "" if name == "/dev/null" else self.marks.new(Origin("program", f"the file {self.marks.shown(name)}"))

    def place(self, node: tree_sitter.Node) -> Place:
        """Where a node stands in what is typed."""
        row, column = node.start_point
        line = self.source.split(b"\n", row + 1)[row] if row < 100_000 else b""
        return Place(row + self.shift.row, len(line[:column].decode(errors="replace")))

    def fault(self, place: Place, rule: str, what: str, to_do: str) -> None:
        """Note that the shell would refuse something."""
        self.faults.append(Fault(place, rule, what, to_do))

    def call(self, words: Sequence[str], stdin: str, place: Place) -> str:
        """Follow one command by its words; gives what it prints."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooMuch(f"takes more than {MAX_STEPS:,} steps to follow")
        if not words:
            return stdin
        name = words[0].rpartition("/")[2] if not is_unknown(words[0]) else ""
        if name in self.functions and self.depth < MAX_DEPTH // 2:
            body, kept = self.functions[name], dict(self.variables)
            for number, word in enumerate(words[1:], 1):
                self.variables[str(number)] = word
            self.variables["@"] = self.variables["*"] = " ".join(words[1:])
            source, self.source = self.source, self.sources.get(name, self.source)
            try:
                return self.run(body, stdin)
            finally:
                self.source = source
                for name in ("@", "*", *map(str, range(1, len(words)))):
                    if name in kept:
                        self.variables[name] = kept[name]
                    else:
                        self.variables.pop(name, None)
        known = self.programs.get(name)
        if known is not None:
            return known(self, words[1:], stdin, place)
        return self.marks.new(
            Origin("program", f"the output of {self.marks.shown(words[0])[:40]}", of=self.marks.of(stdin))
        )


# --- statements, by the type of their node


def _sequence(shell: Shell, node: tree_sitter.Node, stdin: str) -> str:
    return shell.joined(shell.run(child, stdin) for child in node.named_children if child.type not in _NOT_RUN)


def _list(shell: Shell, node: tree_sitter.Node, stdin: str) -> str:
    left, right = node.named_children[0], node.named_children[-1]
    operator = next((child.type for child in node.children if child.type in {"&&", "||"}), "")
    first = shell.text(left).strip()
    if (operator, first) in {("&&", "false"), ("||", "true"), ("||", ":")}:
        shell.fault(
            shell.place(right),
            "shell",
            f"the shell never comes to what stands after `{first} {operator}`",
            "leave it out",
        )
    return shell.run(left, stdin) + shell.run(right, stdin)


def _pipeline(shell: Shell, node: tree_sitter.Node, stdin: str) -> str:
    for child in node.named_children:
        if child.type not in _NOT_RUN:
            stdin = shell.run(child, stdin)
    return stdin


def _command(shell: Shell, node: tree_sitter.Node, stdin: str) -> str:
    words: list[str] = []
    places: list[Place] = []
    kept: dict[str, str | None] = {}
    named, length = False, 0
    for child in node.named_children:
        if child.type == "variable_assignment":
            name = shell.text(child.named_children[0])
            kept[name] = shell.variables.get(name)
            _assign(shell, child, stdin)
        elif child.type == "herestring_redirect":
            stdin = shell.value(child.named_children[-1]) + "\n"
        elif child.type == "file_redirect":
            _, stdin = _redirect(shell, child, stdin)
        elif child.type == "heredoc_redirect":
            stdin = _heredoc(shell, child)
        elif child.type != "comment":
            named = True
            found = shell.fields(child)
            length += sum(map(len, found))
            if length > MAX_TEXT:
                raise TooMuch(f"makes words of more than {MAX_TEXT:,} characters")
            words += found
            places += [shell.place(child)] * len(found)
    if not named:
        return ""
    shell.places = places
    try:
        return shell.call(words, stdin, shell.place(node))
    finally:
        for name, value in kept.items():
            if value is None:
                shell.variables.pop(name, None)
            else:
                shell.variables[name] = value


def _assign(shell: Shell, node: tree_sitter.Node, _stdin: str) -> str:
    if len(node.named_children) < 1:
        return ""
    name = shell.text(node.named_children[0]).split("[")[0]
    value = shell.joined(shell.value(child) for child in node.named_children[1:])
    adds = any(child.type == "+=" for child in node.children)
    shell.keep(shell.variables, name, shell.bounded((shell.variables.get(name, "") if adds else "") + value))
    return ""


def _array(shell: Shell, node: tree_sitter.Node, _stdin: str) -> str:
    return " ".join(shell.value(child) for child in node.named_children)


def _redirected(shell: Shell, node: tree_sitter.Node, stdin: str) -> str:
    outputs: list[tuple[str, bool]] = []
    body: list[tree_sitter.Node] = []
    pipes: list[tree_sitter.Node] = []
    for child in node.named_children:
        if child.type == "heredoc_redirect":
            stdin = _heredoc(shell, child)
            # What follows the mark on its line, such as `<<EOF | jq .` or `<<EOF > file`, hangs below it in the grammar.
            for part in child.named_children:
                if part.type == "file_redirect":
                    written, stdin = _redirect(shell, part, stdin)
                    outputs += written
                elif part.type in {"pipeline", "command", "list"}:
                    pipes.append(part)
        elif child.type == "herestring_redirect":
            stdin = shell.value(child.named_children[-1]) + "\n"
        elif child.type == "file_redirect":
            written, stdin = _redirect(shell, child, stdin)
            outputs += written
        else:
            body.append(child)
    printed = "".join(shell.run(child, stdin) for child in body)
    for pipe in pipes:
        printed = shell.run(pipe, printed)
    for name, adds in outputs:
        shell.keep(shell.files, name, shell.bounded((shell.files.get(name, "") if adds else "") + printed))
    return "" if outputs else printed


def _redirect(shell: Shell, node: tree_sitter.Node, stdin: str) -> tuple[list[tuple[str, bool]], str]:
    """The files that a redirection writes (name, whether it adds), and the standard input that it leaves."""
    sign = next((child.type for child in node.children if not child.is_named), ">")
    descriptor = next((shell.text(child) for child in node.children if child.type == "file_descriptor"), "")
    targets = [child for child in node.named_children if child.type != "file_descriptor"]
    if not targets:
        return [], stdin
    words = shell.fields(targets[-1])
    name = words[0] if words else ""
    if sign == "<":
        return [], shell.read_file(name)
    if sign in {">", ">>", ">|", "&>", "&>>"} and descriptor in {"", "1"}:
        return [(name, sign.endswith(">>"))], stdin
    return [], stdin


def _heredoc(shell: Shell, node: tree_sitter.Node) -> str:
    start = next((child for child in node.children if child.type == "heredoc_start"), None)
    body = next((child for child in node.children if child.type == "heredoc_body"), None)
    if body is None:
        return ""
    mark = shell.text(start) if start else ""
    if mark[:1] in {"'", '"', "\\"}:
        return shell.text(body)
    return shell.quoted(body)


def _for(shell: Shell, node: tree_sitter.Node, stdin: str) -> str:
    variable = next((child for child in node.named_children if child.type == "variable_name"), None)
    body = next((child for child in node.named_children if child.type in {"do_group", "compound_statement"}), None)
    values = [
        word
        for child in node.named_children
        if child.type not in {"variable_name", "do_group", "compound_statement", "comment"}
        for word in shell.fields(child)
    ]
    if variable is None or body is None:
        return _sequence(shell, node, stdin)
    if values and values[0] in {"{", "["}:
        shell.fault(
            shell.place(node), "json-as-words", "the loop takes apart JSON at its blanks", "add `--output text`"
        )
    printed = ""
    for value in values[:MAX_ITEMS] or [shell.marks.new(Origin("variable", f"${shell.text(variable)}"))]:
        shell.variables[shell.text(variable)] = value
        printed = shell.bounded(printed + shell.run(body, stdin))
    return printed


def _function(shell: Shell, node: tree_sitter.Node, _stdin: str) -> str:
    name = next((shell.text(child) for child in node.named_children if child.type == "word"), "")
    body = node.named_children[-1]
    shell.sources[name] = shell.source
    kept = dict(shell.variables)
    # Followed once where it is written, with unknown arguments: one that nobody calls on the page is still typed by somebody.
    for number in ("1", "2", "3", "@", "*"):
        shell.variables[number] = shell.marks.new(Origin("variable", f"${number}"))
    shell.functions.pop(name, None)
    shell.run(body, "")
    shell.variables = kept
    shell.functions[name] = body
    return ""


def _subshell(shell: Shell, node: tree_sitter.Node, stdin: str) -> str:
    kept = dict(shell.variables)
    printed = _sequence(shell, node, stdin)
    shell.variables = kept
    return printed


def _test(shell: Shell, node: tree_sitter.Node, _stdin: str) -> str:
    """A condition: only what it runs and expands counts."""
    waiting = list(node.named_children)
    while waiting:
        child = waiting.pop(0)
        if child.type in {"command_substitution", "simple_expansion", "expansion", "string", "arithmetic_expansion"}:
            shell.value(child)
        else:
            waiting = [*child.named_children, *waiting]
    return ""


def _case(shell: Shell, node: tree_sitter.Node, stdin: str) -> str:
    printed = ""
    for child in node.named_children:
        if child.type == "case_item":
            printed += "".join(shell.run(part, stdin) for part in child.named_children[1:] if part.type not in _NOT_RUN)
        elif child.type not in _NOT_RUN:
            shell.value(child)
    return printed


def _declaration(shell: Shell, node: tree_sitter.Node, stdin: str) -> str:
    for child in node.named_children:
        if child.type == "variable_assignment":
            _assign(shell, child, stdin)
    return ""


def _unset(shell: Shell, node: tree_sitter.Node, _stdin: str) -> str:
    for child in node.named_children:
        shell.variables.pop(shell.text(child), None)
    return ""


_NOT_RUN = frozenset({
    "comment", "word", "variable_name", "string", "raw_string", "number", "heredoc_body", "heredoc_start", "heredoc_end",
    "extglob_pattern", "regex", "concatenation", "simple_expansion", "expansion",
})  # fmt: skip

_STATEMENTS: Mapping[str, Callable[[Shell, tree_sitter.Node, str], str]] = {
    "list": _list,
    "pipeline": _pipeline,
    "command": _command,
    "variable_assignment": _assign,
    "array": _array,
    "redirected_statement": _redirected,
    "for_statement": _for,
    "function_definition": _function,
    "subshell": _subshell,
    "test_command": _test,
    "case_statement": _case,
    "declaration_command": _declaration,
    "unset_command": _unset,
    "comment": lambda _shell, _node, _stdin: "",
    "word": lambda _shell, _node, _stdin: "",
}


# --- the grammar


@cache
def grammar() -> tree_sitter.Parser:
    """The parser of the shell's grammar."""
    import tree_sitter  # noqa: PLC0415 (an extra: a page is read without it)
    import tree_sitter_bash  # noqa: PLC0415

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def _first_error(root: tree_sitter.Node) -> Fault | None:
    """The first place that the grammar cannot read."""
    waiting = [root]
    while waiting:
        node = waiting.pop(0)
        if node.is_missing:
            return Fault(
                Place(*node.start_point), "shell", f"the shell misses {node.type!r} here", "close what was opened"
            )
        if node.is_error:
            text = (node.text or b"").decode(errors="replace").split("\n")[0].strip()[:40]
            what = f"the shell cannot read {text!r}" if text else "the shell cannot read this"
            return Fault(
                Place(*node.start_point), "shell", what, "close every quote and bracket, and quote what is text"
            )
        if node.has_error:
            waiting = [*node.children, *waiting]
    return None


# `<time>` or `<rds-endpoint>`, as pages write what a reader fills in; a shell would take it for a redirection.
_PLACEHOLDER = re.compile(r"(?<![<\w&0-9)])<([A-Za-z][A-Za-z0-9_ -]{0,60})>(?!>)")


def _placeholders(typed: str) -> tuple[str, list[str]]:
    """What is typed with each `<placeholder>` as a variable, and the placeholders' names."""
    names: list[str] = []

    def named(found: re.Match[str]) -> str:
        name = re.sub(r"\W", "_", found[1])
        names.append(name)
        return f"${{__{name}}}"

    return _PLACEHOLDER.sub(named, typed), names


def _unescaped(text: str) -> str:
    """A bare word without its backslashes; one before a line end joins the lines."""
    return re.sub(r"\\(.)", r"\1", text.replace("\\\n", "")) if "\\" in text else text


def _double(text: str) -> str:
    """Text between double quotes: a backslash counts only before these four signs and a line end."""
    return re.sub(r'\\([$`"\\])', r"\1", text.replace("\\\n", "")) if "\\" in text else text


def _ansi(text: str) -> str:
    """The text of `$'...'`, with the escapes that pages use."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1]), text)
