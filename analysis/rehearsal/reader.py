"""Whether what a page types may be run, decided by reading it with the shell's grammar before any shell sees it.

What is not in the tables is refused: a form of the shell, a builtin, a tool, an option of a tool, a place that a redirection
names. The shell's own ways to run a text as a command (`eval`, arithmetic with a variable, `${x@P}`, `test -v`) are in none of
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from analysis.rehearsal.tools import TOOLS, by_text, check
from analysis.runbooks import shell

if TYPE_CHECKING:
    import tree_sitter

STAND_INS = frozenset({"aws", "curl", "dig", "python3"})

# Forms that are made of others, each of which is looked at by itself.
FORMS = frozenset({
    "program", "list", "pipeline", "subshell", "compound_statement", "do_group", "if_statement", "elif_clause", "else_clause",
    "while_statement", "for_statement", "case_statement", "case_item", "negated_command", "redirected_statement", "comment",
    "command_substitution", "variable_assignments", "word", "number", "string", "string_content", "raw_string", "ansi_c_string",
    "concatenation", "simple_expansion", "special_variable_name", "extglob_pattern", "regex", "heredoc_redirect", "heredoc_start",
    "heredoc_body", "heredoc_content", "heredoc_end", "herestring_redirect", "brace_expression", "variable_name",
})  # fmt: skip
SIGNS_REFUSED = {"&": "it would leave a command behind that runs on", "|&": "`|&` is not known to a rehearsal"}

# Controls, and what turns or joins text without being seen: https://www.unicode.org/reports/tr36/
HIDDEN = re.compile(r"[^\t\n\x20-\x7e\xa1-\U0010ffff]|[\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Names that mean something to the shell, to the loader or to a tool; see "Shell Variables" in the manual of bash.
SPECIAL = re.compile(
    r"(?:BASH|LD_|LC_|AWS_|PYTHON|GIT_|CURL|AWK|JQ|SSL|HIST|COMP_|READLINE|GREP|GZIP|OPT|MAIL|PS\d)\w*|PATH|HOME|IFS|ENV|SHELL|SHELLOPTS"
    r"|PROMPT_COMMAND|CDPATH|GLOBIGNORE|EXECIGNORE|FIGNORE|FUNCNAME|FUNCNEST|TMPDIR|POSIXLY_CORRECT|LANG|LANGUAGE|TZ|TERM|COLUMNS|LINES"
    r"|INPUTRC|HOSTFILE|TIMEFORMAT|TMOUT|DIRSTACK|GROUPS|UID|EUID|PPID|RANDOM|SECONDS|LINENO|PWD|OLDPWD|PIPESTATUS|NO_PROXY|_"
    r"|\w*_[Pp][Rr][Oo][Xx][Yy]|_rehearsal\w*"
)  # fmt: skip
EXPANSION = re.compile(
    r"\$\{#?[A-Za-z_]\w*\}|\$\{[A-Za-z_]\w*:\d+(?::\d+)?\}|\$\{[A-Za-z_]\w*(?::?[-+?]|##?|%%?).*\}", re.DOTALL
)
COMPARED = frozenset({"-n", "-z", "=", "==", "!=", "&&", "||", "!"})
NUMBERS = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"})
PLAIN = frozenset({"true", "false", ":", "echo", "pwd"})


class _RefusedError(ValueError):
    """What is typed may not be run; the sentence says why."""


def refusal(typed: str, scripts: Iterable[str] = ()) -> str | None:
    """Why a command is not run, in a sentence; None where it may be. `scripts` are the files of the project that it may start."""
    if re.search(r"/dev/(?:tcp|udp)(?:/|\b)", typed):
        return "it opens a connection by itself"
    if HIDDEN.search(typed):
        return "a sign that no terminal shows stands in it"
    root = shell.grammar().parse(typed.encode()).root_node
    if root.has_error:
        return "the grammar of the shell cannot read it, so it is not typed"
    try:
        _Reader(frozenset(name.removeprefix("./") for name in scripts)).look(root)
    except _RefusedError as error:
        return str(error)
    except RecursionError:
        return "it is nested deeper than a rehearsal follows"
    return None


class _Reader:
    def __init__(self, scripts: frozenset[str]) -> None:
        self.scripts = scripts

    def look(self, node: tree_sitter.Node) -> None:
        """Nothing where a node may be run. Raises _RefusedError."""
        looked = LOOKED.get(node.type)
        if looked is not None:
            looked(self, node)
            return
        if node.type not in FORMS:
            raise _RefusedError(f"`{_text(node)[:40]}` is a form of the shell that a rehearsal does not know")
        if node.type == "word" and _text(node).startswith("~"):
            raise _RefusedError(f"{_text(node)} lies outside the directory of the rehearsal")
        if node.type == "for_statement":
            self.assigned(_text(next(child for child in node.named_children if child.type == "variable_name")))
        self.inside(node)

    def inside(self, node: tree_sitter.Node) -> None:
        """Looks at what a node is made of."""
        for child in node.children:
            if child.is_named:
                self.look(child)
            elif child.type in SIGNS_REFUSED:
                raise _RefusedError(SIGNS_REFUSED[child.type])

    def assigned(self, name: str) -> None:
        """Nothing where a page may set a variable of that name."""
        if not VARIABLE.fullmatch(name) or SPECIAL.fullmatch(name):
            raise _RefusedError(f"{name} may not be set on a page: the shell or a tool takes it for more than a value")

    def place(self, node: tree_sitter.Node, *, written: bool) -> None:
        """Nothing where a word is the plain name of a file in the rehearsal's directory."""
        name = _literal(node)
        if name is None:
            raise _RefusedError(f"{_text(node)} is read or written by its name, and that is known only when it runs")
        if not by_text(tuple(self.scripts))(name, written) or re.search(r"[*?\[]", name):
            raise _RefusedError(f"{name} lies outside the directory of the rehearsal, or may not be written")

    # --- by the type of the node

    def command(self, node: tree_sitter.Node) -> None:
        """A command: its name, then its words."""
        parts = [child for child in node.named_children if child.type not in {"comment", *REDIRECTIONS}]
        for child in node.named_children:
            if child.type in REDIRECTIONS:
                self.look(child)
        for child in node.children:
            if not child.is_named and child.type in SIGNS_REFUSED:
                raise _RefusedError(SIGNS_REFUSED[child.type])
        if any(child.type == "variable_assignment" for child in parts):
            raise _RefusedError("it sets a variable for one command alone, which could lead that elsewhere")
        name = _text(parts[0])
        self.named(name)
        for word in parts[1:]:
            self.look(word)
        words = [_literal(word) for word in parts[1:]]
        if name in BUILTINS:
            BUILTINS[name](self, name, parts[1:], words)
        elif name in TOOLS and None not in words:
            said = check(name, [word for word in words if word is not None], by_text(tuple(self.scripts)))
            if said:
                raise _RefusedError(said)

    def named(self, name: str) -> None:
        """Nothing where a command of that name may be started."""
        if name.removeprefix("./") in self.scripts:
            return
        if "/" in name:
            raise _RefusedError(f"it starts {name}, which is not among the tools of a rehearsal")
        if not (name in PLAIN or name in BUILTINS or name in TOOLS or name in STAND_INS):
            raise _RefusedError(f"{name} is not among the tools of a rehearsal")

    def assignment(self, node: tree_sitter.Node) -> None:
        """`NAME=value`."""
        self.assigned(_text(node.named_children[0]))
        for child in node.named_children[1:]:
            self.look(child)

    def expansion(self, node: tree_sitter.Node) -> None:
        """`${NAME}`, with a default or without a part of it; what bash would take for an instruction is in none of these."""
        text = _text(node)
        if not EXPANSION.fullmatch(text):
            raise _RefusedError(f"{text} may run what the variable holds")
        for child in node.named_children:
            if child.type != "variable_name":
                self.look(child)

    def arithmetic(self, node: tree_sitter.Node) -> None:
        """`$((1 + 2))`: numbers alone, since bash runs commands that stand in a variable."""
        if not re.fullmatch(r"\$\(\([\d\s()+*/%-]*\)\)", _text(node)):
            raise _RefusedError(f"{_text(node)} may run what a variable holds; a rehearsal counts with numbers only")

    def test(self, node: tree_sitter.Node) -> None:
        """`[ ... ]` and `[[ ... ]]`: texts are compared, and in the first form numbers and plain files."""
        double = _text(node).startswith("[[")
        for child in _below(node):
            kind, text = child.type, _text(child)
            if kind == "unary_expression" and _text(child.children[0]) in {"-e", "-f", "-s", "-d"}:
                self.place(child.named_children[-1], written=False)
                continue
            sign = kind == "test_operator" or (
                not child.is_named and child.parent is not None and "expression" in child.parent.type
            )
            known = COMPARED | (frozenset() if double else NUMBERS) | {"(", ")", "-e", "-f", "-s", "-d"}
            if sign and text not in known:
                raise _RefusedError(f"a rehearsal does not know {text} in a condition")
            bare = kind in {"simple_expansion", "expansion", "command_substitution"}
            if bare and not double and not _within(child, "string", node):
                raise _RefusedError(
                    f"{text} stands without quotes in a condition, so that its words could be taken for signs"
                )
            if kind in {
                "simple_expansion",
                "expansion",
                "command_substitution",
                "string",
                "raw_string",
                "word",
                "concatenation",
            }:
                self.look(child)
            elif child.is_named and kind not in TESTED:
                raise _RefusedError(f"a rehearsal does not know `{text[:40]}` in a condition")

    def redirect(self, node: tree_sitter.Node) -> None:
        """`> name`, `< name`, `2>&1`."""
        sign = next((child.type for child in node.children if not child.is_named), "")
        descriptor = next((_text(child) for child in node.children if child.type == "file_descriptor"), "")
        targets = [child for child in node.named_children if child.type != "file_descriptor"]
        if descriptor not in {"", "0", "1", "2"} or len(targets) != 1:
            raise _RefusedError(f"`{_text(node)[:40]}` opens more than the command's own input and output")
        if sign in {">&", "<&"}:
            if _text(targets[0]) not in {"1", "2"}:
                raise _RefusedError(f"`{_text(node)[:40]}` opens more than the command's own input and output")
            return
        if sign not in {">", ">>", ">|", "<", "&>", "&>>"}:
            raise _RefusedError(f"`{_text(node)[:40]}` is a redirection that a rehearsal does not know")
        self.place(targets[0], written=sign != "<")


def _text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode(errors="replace")


def _below(node: tree_sitter.Node) -> Iterable[tree_sitter.Node]:
    """Everything that a condition is made of, down to its words."""
    for child in node.children:
        yield child
        if child.type.endswith("_expression"):
            yield from _below(child)


def _within(node: tree_sitter.Node, kind: str, end: tree_sitter.Node) -> bool:
    while node.parent is not None and node != end:
        node = node.parent
        if node.type == kind:
            return True
    return False


def _literal(node: tree_sitter.Node) -> str | None:
    """What a word is where that is known by reading; None where anything in it is expanded."""
    text = _text(node)
    if node.type in {"word", "number"} and not node.named_children:
        return None if re.search(r"[{*?\[]", text) else re.sub(r"\\(.)", r"\1", text.replace("\\\n", ""))
    if node.type == "raw_string":
        return text[1:-1]
    if node.type == "string":
        if any(child.type != "string_content" for child in node.named_children) or "`" in text:
            return None
        return re.sub(r'\\([$`"\\])', r"\1", text[1:-1].replace("\\\n", ""))
    if node.type == "concatenation":
        parts = [_literal(child) for child in node.children]
        return (
            None
            if None in parts or sum(map(len, map(_text, node.children))) != len(text)
            else "".join(filter(None, parts))
        )
    return None


# --- builtins


def _printf(_reader: _Reader, _name: str, nodes: list[tree_sitter.Node], words: list[str | None]) -> None:
    if not nodes or words[0] is None or words[0].startswith("-"):
        raise _RefusedError("the first word of printf must be its format as it stands")


def _read(reader: _Reader, _name: str, _nodes: list[tree_sitter.Node], words: list[str | None]) -> None:
    for word in words:
        if word is None:
            raise _RefusedError("the variables that read sets must stand there as they are")
        if word != "-r":
            reader.assigned(word)


def _number(_reader: _Reader, name: str, _nodes: list[tree_sitter.Node], words: list[str | None]) -> None:
    if any(word is None or not word.isdigit() for word in words):
        raise _RefusedError(f"{name} is given more than a number")


def _anything(_reader: _Reader, _name: str, _nodes: list[tree_sitter.Node], _words: list[str | None]) -> None:
    """Words that the builtin only prints or ignores."""


BUILTINS: Mapping[str, Callable[[_Reader, str, list[tree_sitter.Node], list[str | None]], None]] = {
    **dict.fromkeys(sorted(PLAIN), _anything),
    **dict.fromkeys(("exit", "break", "continue"), _number),
    "printf": _printf,
    "read": _read,
}

REDIRECTIONS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})
TESTED = frozenset({
    "unary_expression", "binary_expression", "parenthesized_expression", "negation_expression", "test_operator", "number",
    "extglob_pattern", "regex",
})  # fmt: skip

LOOKED: Mapping[str, Callable[[_Reader, tree_sitter.Node], None]] = {
    "command": _Reader.command,
    "variable_assignment": _Reader.assignment,
    "expansion": _Reader.expansion,
    "arithmetic_expansion": _Reader.arithmetic,
    "test_command": _Reader.test,
    "file_redirect": _Reader.redirect,
}
