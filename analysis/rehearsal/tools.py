"""The tools for text that a page may use, and what each may be told: which options, and which of its words are files.

Most of these programs can be made to start another or to write anywhere (`sed e`, `awk system`, `sort -o`, `curl -o`), so an
option or a word counts only where the table below has it. The table is asked twice: by the reader of a page before anything runs,
and by the stand-in that a rehearsal has on its path in place of each tool, with the words as the shell has expanded them. Such a
stand-in imports this file alone, which imports nothing of this package.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

REFUSED = 97
"""Exit status of a tool that is refused before it is started."""


class Tool(NamedTuple):
    """What a tool may be told. `flags` take nothing, `texts` a text, `reads` and `writes` a file; all without their dashes.

    `first` checks the first word that is no option. `operands` says what the others are: `read`, `write`, `text`, or empty for
    none.
    """

    flags: str = ""
    texts: str = ""
    reads: str = ""
    writes: str = ""
    operands: str = "read"
    first: Callable[[str], str] | None = None
    number: bool = False  # such as `head -3`
    program: tuple[str, ...] = ()  # another program and its options, where the tool itself is a script
    pairs: tuple[str, ...] = ()  # long options that take two texts


def _any(_text: str) -> str:
    return ""


def _awk(program: str) -> str:
    """Why an awk program might reach out of itself; empty where it cannot."""
    if re.search(r"\\\n", program) or re.search(r"system|getline|@|ARG[CVI]|ENVIRON|PROCINFO|fflush|close", program):
        return "the awk program uses more than fields, patterns and print"
    if re.search(r"(?<!\|)\|(?!\|)", program.replace("||", "")) or re.search(r"print.*>", program, re.DOTALL):
        return "the awk program writes to a file or to another program"
    return ""


_ADDRESS = r"(?:\d+|\$|/(?:[^/\\\n]|\\.)*/)"
_SUBSTITUTION = (
    r"s(?P<d{n}>[/|#,:@])(?:(?!(?P=d{n}))[^\\\n]|\\.)*(?P=d{n})(?:(?!(?P=d{n}))[^\\\n]|\\.)*(?P=d{n})[gpI0-9]*"
)


def _sed(script: str) -> str:
    """Why a sed script is more than a few substitutions, deletions and prints; empty where it is not."""
    command = rf"\s*(?:{_ADDRESS}(?:,{_ADDRESS})?\s*!?\s*)?(?:{_SUBSTITUTION.replace('{n}', '1')}|[dpq=])\s*"
    position = 0
    while True:
        match = re.compile(command).match(script, position)
        if match is None:
            return "the sed script is more than substitutions, `d`, `p` and `q`"
        position = match.end()
        if position == len(script):
            return ""
        if script[position] not in ";\n" and "\n" not in match[0]:
            return "the sed script is more than substitutions, `d`, `p` and `q`"
        position += script[position] in ";\n"
        if not script[position:].strip():
            return ""


def _jq(program: str) -> str:
    return (
        "the jq filter reads other files"
        if re.search(r"\b(?:import|include|modulemeta|get_search_list|input_filename)\b", program)
        else ""
    )


def _url(text: str) -> str:
    return "" if re.match(r"https?://", text) else f"curl is given {text}, which is no address of the web"


def _date(text: str) -> str:
    return "" if text.startswith("+") else "date would set the clock"


FILTER = "raw-output compact-output null-input exit-status slurp sort-keys raw-input join-output ascii-output tab"

TOOLS: Mapping[str, Tool] = {
    "awk": Tool("", "F v", first=_awk),
    "basename": Tool("a", "s", operands="text"),
    "cat": Tool("n A b s E"),
    "cut": Tool("s z complement", "d f b c output-delimiter fields delimiter"),
    "curl": Tool(
        "s S f i I L v g k silent show-error fail include head location compressed insecure",
        "w H X A m write-out header request user-agent max-time connect-timeout retry retry-delay",
        writes="o D output dump-header", operands="url", first=_url,
    ),
    "date": Tool("u utc R", "d date I iso-8601", operands="text", first=_date),
    "env": Tool(operands=""),
    "grep": Tool(
        "i E F c v o n w x q h H s a l L ignore-case extended-regexp fixed-strings count invert-match only-matching quiet",
        "e m A B C max-count regexp", first=_any,
    ),
    "gzip": Tool("c d f k n t 1 2 3 4 5 6 7 8 9", operands="write"),
    "gunzip": Tool("c f k t", operands="write", program=("gzip", "-d")),
    "zcat": Tool("f", program=("gzip", "-dc")),
    "head": Tool("q v", "n c lines bytes", number=True),
    "jq": Tool(f"r c n e s S R j a C M {FILTER}", first=_jq, pairs=("arg", "argjson")),
    "mkdir": Tool("p", operands="write"),
    "paste": Tool("s", "d"),
    "rm": Tool("f r", operands="write"),
    "sed": Tool("n E r u z quiet regexp-extended", first=_sed),
    "seq": Tool("w", "s f", operands="text"),
    "sleep": Tool(operands="text"),
    "sort": Tool("b d f g h i M n R r V s u z c numeric-sort reverse unique", "k t key field-separator"),
    "tail": Tool("q v", "n c lines bytes", number=True),
    "tee": Tool("a", operands="write"),
    "tr": Tool("c d s t", operands="text"),
    "uniq": Tool("c d u i", "f s w", operands="read one"),
    "wc": Tool("l w c m L lines words"),
}  # fmt: skip
"""Every tool by its name. `sh` and `bash` are none: a page is typed at a shell, and needs no second one."""


def check(name: str, words: Sequence[str], allowed: Callable[[str, bool], bool]) -> str:
    """Why a tool is not run with these words; empty where it may be. `allowed` judges a file, and whether it is written."""
    tool = TOOLS[name]
    flags, texts, reads, writes = (set(part.split()) for part in (tool.flags, tool.texts, tool.reads, tool.writes))
    operands: list[str] = []
    expressions = False
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            operands += rest
            break
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        if tool.number and re.fullmatch(r"-\d+", word):
            continue
        long, equals, value = word[2:].partition("=") if word.startswith("--") else ("", "", "")
        if long in tool.pairs and not equals:
            if len(rest) < 2:
                return f"{name} {word} lacks its two words"
            del rest[:2]
            continue
        options = [(long, value if equals else None)] if word.startswith("--") else _bundle(word[1:], flags)
        for option, given in options:
            if option in flags and given is None:
                continue
            if option not in texts | reads | writes:
                return f"{name} {word}: a rehearsal does not know this option of {name}, or it could take the command elsewhere"
            if given is None and not rest:
                return f"{name} {word} lacks its value"
            text = given if given is not None else rest.pop(0)
            if option in reads | writes and not allowed(text, option in writes):
                return f"{name} {word}: {text} is outside the directory of the rehearsal"
            if name == "curl" and (
                text.startswith("@")
                or "%output" in text
                or (option in {"X", "request"} and text not in {"GET", "HEAD"})
            ):
                return f"curl {word} {text}: could take the command elsewhere"
            expressions |= name == "grep" and option in {"e", "regexp"}
    if tool.first and operands and not expressions:
        if said := tool.first(operands[0]):
            return said
        if tool.operands == "url":
            return next((said for word in operands if (said := _url(word))), "")
        operands = operands[1:]
    if operands and not tool.operands:
        return f"{name} may not start another program"
    if tool.operands == "read one" and len(operands) > 1:
        return f"{name} would write {operands[1]}"
    for word in operands if tool.operands != "text" else ():
        assigned = name == "awk" and re.match(r"[A-Za-z_]\w*=", word)
        if not assigned and not allowed(word, tool.operands == "write"):
            return f"{name}: {word} is outside the directory of the rehearsal, or may not be written"
    return ""


def _bundle(letters: str, flags: set[str]) -> list[tuple[str, str | None]]:
    """`-rn` as two flags; `-f2` or `-rf2` as flags and an option with its value."""
    found: list[tuple[str, str | None]] = []
    for position, letter in enumerate(letters):
        if letter in flags:
            found.append((letter, None))
            continue
        return [*found, (letter, letters[position + 1 :] or None)]
    return found


def _meet(one: str, other: str) -> bool:
    """Whether a place is another, or lies in it, or holds it."""
    return one == other or one.startswith(other + "/") or other.startswith(one + "/")


def by_name(path: str, protected: Sequence[str] = ()) -> Callable[[str, bool], bool]:
    """A judge of files that looks: real places below the directory `path`; those in `protected` may be read only."""
    home = os.path.realpath(path)

    def allowed(name: str, written: bool) -> bool:
        if name in {"-", "/dev/null"}:
            return True
        place = os.path.realpath(name)
        if written and any(_meet(place, kept) for kept in protected):
            return False
        return place.startswith(home + os.sep) or (place == home and not written)

    return allowed


def by_text(protected: Sequence[str] = ()) -> Callable[[str, bool], bool]:
    """A judge of files that only reads: plain relative names, below no other directory than the one at hand."""

    def allowed(name: str, written: bool) -> bool:
        if name in {"-", "/dev/null"}:
            return True
        if name.startswith(("/", "~")) or ".." in name.split("/"):
            return False
        place = os.path.normpath(name)
        return not written or (place != "." and not any(_meet(place, kept) for kept in protected))

    return allowed


def start(
    name: str, program: str, options: Sequence[str], home: str, protected: Sequence[str], environment: Mapping[str, str]
) -> None:
    """Becomes the tool, with the words on this process's command line, or says why it is not started and ends."""
    words = sys.argv[1:]
    if name == "curl":  # the public site is a socket of this machine, which has no certificate
        words = [re.sub(r"^https://", "http://", word) for word in words]
    kept = [os.path.realpath(os.path.join(home, path)) for path in protected]  # noqa: PTH118 - starts often
    if said := check(name, words, by_name(home, kept)):
        sys.stderr.write(f"rehearsal: {said}\n")
        sys.exit(REFUSED)
    os.execve(program, [name, *options, *words], environment)  # noqa: S606 - what the table lets through
