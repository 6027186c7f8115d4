"""A page of Markdown read as a runbook: front matter, fenced blocks, and every command with the answer printed below it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from analysis.files import read_text
from analysis.frontmatter import PlacedError, closing, front_matter
from analysis.runbooks.findings import Finding

Kind: TypeAlias = Literal["check", "act", "verify", "undo", "abort-if"]
"""What a step is for; the package's docstring says how a page marks it."""

KINDS: tuple[Kind, ...] = get_args(Kind)
SEVERITIES = ("page", "ticket", "planned")
CONSOLE = frozenset({"console", "shell-session", "shellsession"})
SCRIPT = frozenset({"bash", "sh", "shell", "zsh"})
DOCUMENT = frozenset({"json", "jsonc", "yaml", "yml"})

MAX_BYTES = 2_000_000
"""A page larger than this is refused: ten thousand commands with their answers take half of it."""

# The longest command of the pages has a dozen lines; a quote that is never closed must not swallow the rest of the page.
MAX_LINES_OF_A_COMMAND = 150
MAX_LENGTH_OF_A_COMMAND = 20_000

# Characters that may be read to find where commands end; ten thousand commands of a few lines need a fifth of it.
MAX_SCANNED = 15_000_000


class PageError(ValueError):
    """A file that cannot be read as a page; the sentence names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed at one prompt, with the answer printed below it. Lines and columns count from 1; `column` is that of `typed`.

    `margin` is how far the lines that follow the first are indented on the page: columns are found with it.
    """

    typed: str
    line: int
    column: int = 1
    answer: str = ""
    answer_line: int = 0
    margin: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: one step of the runbook where it carries a kind. `text` is what stands between the fences."""

    language: str
    title: str
    kind: Kind | None
    line: int
    end_line: int
    commands: tuple[Command, ...] = ()
    text: str = ""
    above: str = ""


@dataclass(frozen=True, slots=True)
class Runbook:
    """A page. What its front matter leaves out is empty; `problems` are faults of its form, `documents` its JSON and YAML."""

    path: str
    title: str = ""
    owner: str = ""
    severity: str = ""
    trigger: str = ""
    minutes: int = 0
    alarms: tuple[str, ...] = ()
    last_reviewed: dt.date | None = None
    review_in: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    documents: tuple[Block, ...] = ()
    inline: tuple[Command, ...] = ()
    problems: tuple[Finding, ...] = ()

    @property
    def steps(self) -> tuple[Block, ...]:
        """The blocks that carry a kind, from the top of the page."""
        return tuple(block for block in self.blocks if block.kind)

    @property
    def commands(self) -> tuple[Command, ...]:
        """Every command, those in sentences included, from the top of the page."""
        found = [command for block in self.blocks for command in block.commands]
        return tuple(sorted((*found, *self.inline), key=lambda command: (command.line, command.column)))

    @property
    def is_runbook(self) -> bool:
        """Whether the page says of itself that it is one: only a runbook has a severity."""
        return "severity" in self.meta

    def undo_of(self, act: Block) -> Block | None:
        """The step that takes `act` back: the first Undo below it, if no other Act stands between. None where there is none."""
        for block in self.steps:
            if block.line > act.line and block.kind in {"act", "undo"}:
                return block if block.kind == "undo" else None
        return None


def read(path: Path, fill: Callable[[str], str] | None = None, name: str = "") -> Runbook:
    """The page at `path`; `fill` turns the inside of a macro `{{ ... }}` into text, and each is the number 7 without it.

    `name` is what messages call the page. Raises PageError for what is no text, is too large or cannot be opened.
    """
    name = name or str(path)
    try:
        text = read_text(path, MAX_BYTES, "utf-8-sig")
    except UnicodeDecodeError as error:
        raise PageError(
            f"{name}: is no UTF-8 text (byte {error.start}); save it as UTF-8, or name another file"
        ) from None
    except OSError as error:
        raise PageError(f"{name}: cannot be read ({error.strerror}); name a Markdown file") from None
    return parse(text, name, fill)


def parse(text: str, name: str, fill: Callable[[str], str] | None = None) -> Runbook:
    """The page with this text. Faults of its form stand in `problems`; raises PageError for a file that is no text."""
    if "\0" in text:
        raise PageError(f"{name}: holds a zero byte, so it is no text; name a Markdown file")
    # A macro may stand on two lines; the lines that follow must keep their numbers.
    text = re.sub(
        r"\{\{(.*?)\}\}",
        lambda macro: (fill(macro[1].strip()).replace("\n", " ") if fill else "7") + "\n" * macro[1].count("\n"),
        text,
        flags=re.DOTALL,
    )
    lines = text.splitlines()
    problems: list[Finding] = []
    meta, start = _front_matter(lines, name, problems)
    blocks, documents, inline = _body(lines, start, name, problems)
    if not lines or not any(line.strip() for line in lines):
        problems.append(Finding(name, 1, 1, "page", "the file is empty", "write the page, or delete the file"))
    known = _known(meta, name, problems) if "severity" in meta else {}
    if "severity" in meta:
        problems += [
            Finding(name, block.line, 1, "kind", "a console block says of itself no kind",
                    'write ```console title="Check" (or Act, Verify, Undo, Abort if)')
            for block in blocks
            if block.language in CONSOLE and block.kind is None and not block.title
        ]  # fmt: skip
    return Runbook(
        path=name, meta=meta, blocks=tuple(blocks), documents=tuple(documents), inline=tuple(inline),
        problems=tuple(sorted(problems)), **known,
    )  # fmt: skip


# --- front matter


def _front_matter(lines: Sequence[str], name: str, problems: list[Finding]) -> tuple[Mapping[str, Any], int]:
    """What stands between the two lines of dashes at the top, and the index of the line after them."""
    if not lines or lines[0].rstrip() != "---":
        return {}, 0
    end = closing(lines)
    if end is None:
        problems.append(
            Finding(
                name, 1, 1, "front-matter", "the front matter is never closed", "end it with a line of three dashes"
            )
        )
        return {}, len(lines)
    try:
        meta = front_matter("\n".join(lines[: end + 1]), name).value
    except PlacedError as error:
        problems.append(Finding(name, error.location.line, 1, "front-matter", error.problem, "fix that line"))
        meta = {}
    return meta, end + 1


def _known(meta: Mapping[str, Any], name: str, problems: list[Finding]) -> dict[str, Any]:
    """The keys of a runbook, each of its type; what is missing or wrong goes to `problems`."""
    wanted: Mapping[str, tuple[Callable[[Any], bool], str]] = {
        "title": (_text, "a text"),
        "owner": (_text, "the role that keeps the page, such as Platform on-call"),
        "severity": (lambda value: value in SEVERITIES, f"one of {', '.join(SEVERITIES)}"),
        "trigger": (_text, "what starts the runbook, in a text"),
        "minutes": (
            lambda value: type(value) is int and 0 < value <= 100_000,
            "the time budget, a whole number of minutes",
        ),
        "alarms": (
            lambda value: isinstance(value, list) and all(_text(item) for item in value),
            "the list of the alarms it answers, [] for none",
        ),
        "last_reviewed": (lambda value: type(value) is dt.date, "a date, such as 2026-11-21"),
        "review_in": (_text, "a period, such as 3 months"),
    }
    found: dict[str, Any] = {}
    for key, (right, form) in wanted.items():
        if key not in meta:
            problems.append(
                Finding(name, 1, 1, "front-matter", f"the front matter lacks {key}", f"add `{key}:`, {form}")
            )
        elif not right(meta[key]):
            problems.append(Finding(name, 1, 1, "front-matter", f"{key} is {_short(meta[key])}", f"write {form}"))
        else:
            found[key] = tuple(meta[key]) if key == "alarms" else meta[key]
    return found


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"


# --- fences

_FENCE = re.compile(r"(?P<indent>[ \t]*(?:>[ \t]?)*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>.*?)[ \t]*$")
_INLINE = re.compile(r"`([^`]+)`")
_PROMPT = re.compile(r"(?:(?:[\w.-]+@[\w.-]+:?|[\w.-]*:)?[~/\w.-]*)?\$(?: (?P<typed>.*)|)$")


@dataclass(slots=True)
class _Open:
    mark: str
    indent: str
    info: str
    line: int
    above: str
    body: list[str] = field(default_factory=list)


def _body(
    lines: Sequence[str], start: int, name: str, problems: list[Finding]
) -> tuple[list[Block], list[Block], list[Command]]:
    blocks: list[Block] = []
    documents: list[Block] = []
    inline: list[Command] = []
    fence: _Open | None = None
    above: list[str] = []
    scanned = [0]

    def close(end: int) -> None:
        assert fence is not None  # noqa: S101 (for the type checker)
        made = _block(fence, end, name, problems, scanned)
        if made.language in CONSOLE | SCRIPT:
            blocks.append(made)
        elif made.language in DOCUMENT or made.title:
            documents.append(made)

    for number, line in enumerate(lines[start:], start + 1):
        mark = _FENCE.match(line)
        if mark and "`" in mark["info"] and mark["mark"][0] == "`":
            mark = None  # `code` in a sentence
        if fence is None:
            if mark:
                fence = _Open(mark["mark"], mark["indent"], mark["info"], number, " ".join(above))
                above = []
            else:
                inline += [
                    Command(found[1], number, found.start(1) + 1)
                    for found in _INLINE.finditer(line)
                    if found[1].startswith("aws ") and " --" in found[1]
                ]
                if line.lstrip().startswith("#"):
                    above = [line]
                elif line.strip():
                    above = [*(item for item in above if item.lstrip().startswith("#")), line]
            continue
        same = mark is not None and mark["mark"][0] == fence.mark[0] and len(mark["mark"]) >= len(fence.mark)
        if mark and same and not mark["info"]:
            close(number)
            fence = None
        elif mark and same and re.match(r"[\w{.]", mark["info"]):
            problems.append(_unclosed(fence, name, f"before the next one begins in line {number}"))
            close(number - 1)
            fence = _Open(mark["mark"], mark["indent"], mark["info"], number, "")
        else:
            fence.body.append(line)
    if fence is not None:
        problems.append(_unclosed(fence, name, "before the page ends"))
        close(len(lines))
    if scanned[0] > MAX_SCANNED:
        what = "the ends of the page's commands cannot be found within the bound"
        problems.append(Finding(name, 1, 1, "bound", what, "close quotes, and split the page"))
    return blocks, documents, inline


def _unclosed(fence: _Open, name: str, where: str) -> Finding:
    return Finding(
        name, fence.line, len(fence.indent) + 1, "fence", f"the block that begins here is not closed {where}",
        f"end it with a line {fence.mark}",
    )  # fmt: skip


def _block(fence: _Open, end: int, name: str, problems: list[Finding], scanned: list[int]) -> Block:
    language, title = _info(fence.info)
    column = len(fence.indent) + len(fence.mark) + 1
    kind: Kind | None = None
    words = title.partition(":")[0].strip().lower().replace(" ", "-")
    if title and language in CONSOLE:
        kind = next((known for known in KINDS if known == words), None)
        if kind is None:
            problems.append(
                Finding(name, fence.line, column, "kind", f"{title!r} is no kind of step",
                        "begin the title with Check, Act, Verify, Undo or Abort if")
            )  # fmt: skip
    width = len(fence.indent)
    cut = [line[width:] if not line[:width].strip(" \t>") else line.lstrip() for line in fence.body]
    commands: list[Command] = []
    if language in CONSOLE:
        commands = _console(cut, fence.line + 1, width, name, problems, scanned)
    elif language in SCRIPT and "".join(cut).strip():
        commands = [Command("\n".join(cut), fence.line + 1, width + 1, margin=width)]
    for command in commands:
        if len(command.typed) > MAX_LENGTH_OF_A_COMMAND:
            what = f"the command has {len(command.typed):,} characters, and is not checked"
            to_do = f"split it; at most {MAX_LENGTH_OF_A_COMMAND:,} are read"
            problems.append(Finding(name, command.line, command.column, "bound", what, to_do))
    commands = [command for command in commands if len(command.typed) <= MAX_LENGTH_OF_A_COMMAND]
    return Block(language, title, kind, fence.line, end, tuple(commands), "\n".join(cut), fence.above)


def _info(info: str) -> tuple[str, str]:
    """The language and the title of a fence, as `console title="Check"` or `{.console title="Check"}`."""
    title = re.search(r"""title=(?:"([^"]*)"|'([^']*)'|(\S+?)(?=[\s}]|$))""", info)
    plain = info[1:].rstrip("}") if info.startswith("{") else info
    language = re.match(r"\.?([\w+-]+)(?![\w=])", plain.strip())
    return (language[1].lower() if language else ""), next(
        (part for part in title.groups() if part), ""
    ) if title else ""


def _console(
    lines: Sequence[str], first: int, margin: int, name: str, problems: list[Finding], scanned: list[int]
) -> list[Command]:
    """The commands of a console block; a line is typed where a prompt stands before it or the line above asks for more."""
    found: list[Command] = []
    index = 0
    while index < len(lines):
        prompt = _PROMPT.match(lines[index])
        if prompt is None:
            if not found and lines[index].strip():
                problems.append(
                    Finding(name, first + index, margin + 1, "prompt", "an answer stands above the first prompt",
                            "begin what is typed with `$ `")
                )  # fmt: skip
                while index < len(lines) and not _PROMPT.match(lines[index]):
                    index += 1
            else:
                index += 1
            continue
        at, typed = index, prompt["typed"] or ""
        column = margin + len(lines[index]) - len(typed) + 1
        index += 1
        if not typed.strip():
            problems.append(
                Finding(
                    name,
                    first + at,
                    margin + 1,
                    "prompt",
                    "a prompt without a command",
                    "write the command behind `$ `",
                )
            )
        while index < len(lines) and index - at < MAX_LINES_OF_A_COMMAND and len(typed) < MAX_LENGTH_OF_A_COMMAND:
            following = lines[index]
            scanned[0] += len(typed)
            if _PROMPT.match(following) or scanned[0] > MAX_SCANNED or not wants_more(typed):
                break
            typed += "\n" + following.removeprefix("> ")
            index += 1
        answer_at = index
        if index < len(lines) and re.match(r"\s*(?:--[a-z]|\|\s)", lines[index]):
            problems.append(
                Finding(
                    name, first + index, margin + 1, "prompt", "the line goes on with the command above, which has ended",
                    "end the line above with a backslash",
                )
            )  # fmt: skip
        answer = []
        while index < len(lines) and not _PROMPT.match(lines[index]):
            answer.append(lines[index])
            index += 1
        if typed.strip():
            found.append(
                Command(
                    typed, first + at, column, "\n".join(answer).rstrip(), first + answer_at if answer else 0, margin
                )
            )
    return found


# --- whether a command is complete

_OPENS = {"for": "done", "while": "done", "until": "done", "select": "done", "if": "fi", "case": "esac", "{": "}"}
_CLOSES = frozenset(_OPENS.values())


def wants_more(typed: str) -> bool:
    """Whether a shell would ask for another line: an open quote, here-document or compound, or an operator at the end."""
    if re.search(r"(?<!\\)(?:\\\\)*\\$", typed):
        return True
    open_marks, words, documents, last = _scan(typed)
    if open_marks or documents:
        return True
    depth: list[str] = []
    for word in words:
        if word in _OPENS:
            depth.append(word)
        elif word in _CLOSES and depth and _OPENS[depth[-1]] == word:
            depth.pop()
    return bool(depth) or last in {"|", "&&", "||", "|&"}


def _scan(typed: str) -> tuple[list[str], list[str], list[str], str]:
    """Open quotes and brackets, the words at which a command may begin, here-documents not yet closed, the last operator."""
    marks: list[str] = []
    words: list[str] = []
    waiting: list[tuple[str, bool]] = []
    last = ""
    word, starts = "", True
    position = 0
    while position < len(typed):
        sign = typed[position]
        inside = marks[-1] if marks else ""
        if inside == "'":
            if sign == "'":
                marks.pop()
        elif sign == "\\":
            position += 1
            word += "\\"
        elif inside == '"' and sign not in '"$`':
            pass
        elif sign in "\"'`":
            if inside == sign:
                marks.pop()
            else:
                marks.append(sign)
            word += sign
        elif sign == "$" and typed[position + 1 : position + 2] in {"(", "{"}:
            marks.append(")" if typed[position + 1] == "(" else "${")
            position += 1
        elif inside == "${":
            if sign == "}":
                marks.pop()
        elif sign == "(":
            marks.append(")")
        elif sign == ")" and inside == ")":
            marks.pop()
        elif sign == "#" and not word and (position == 0 or typed[position - 1] in " \t\n;"):
            position = (typed.find("\n", position) + len(typed) + 1) % (len(typed) + 1) - 1
            if position < 0 or typed.find("\n", position) < 0:
                break
        elif typed.startswith("<<", position) and not typed.startswith("<<<", position):
            mark = re.match(r"<<(-?)[ \t]*(['\"]?)([\w.-]+)\2", typed[position:])
            if mark:
                waiting.append((mark[3], bool(mark[1])))
                position += mark.end() - 1
        elif sign == "\n" and waiting and not marks:
            end, tabs = waiting[0]
            rest = typed[position + 1 :].split("\n")
            at = next((n for n, line in enumerate(rest) if (line.lstrip("\t") if tabs else line) == end), None)
            if at is None:
                return marks, words, [end], last
            waiting.pop(0)
            position += sum(len(line) + 1 for line in rest[: at + 1])
            starts, word, last = True, "", ""
            continue
        elif sign in " \t\n;|&" and not marks:
            if word and starts:
                words.append(word)
                function = typed[:position].endswith("()")
                starts = function or word in {"do", "then", "else", "{", "!", "if", "while", "until", "elif"}
            if sign in "|&":
                pair = typed[position : position + 2]
                last = pair if pair in {"&&", "||", "|&"} else sign
                position += len(last) - 1
                starts = True
            elif sign in ";\n":
                last = "" if sign == ";" or word else last
                starts = True
            elif word:
                last = ""
            word = ""
            position += 1
            continue
        else:
            word += sign if not marks else ""
        if not typed[position : position + 1].isspace():
            last = ""
        position += 1
    if word and starts:
        words.append(word)
    return [mark for mark in marks if mark], words, [end for end, _ in waiting], last
