"""The programs that a page types, as far as the checker knows them: `aws` writes down its arguments and answers with a sample.

The others pass on what they are given, so that a value can be followed through them; one that is not listed prints an
unknown text.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.runbooks import answers, cli, spelling, values
from analysis.runbooks.shell import MAX_ITEMS, MAX_KEPT, NOW, Marks, Origin, Place, Program, Shell, TooMuch, is_unknown

MAX_CALLS = 12_000
"""A page that makes more calls than this, loops counted, is not followed to its end."""


@dataclass(slots=True)
class Call:
    """One call of `aws`: what was typed, what it means, and where. `faults` are about its own words alone."""

    words: tuple[str, ...]
    places: tuple[Place, ...]
    given: values.Given | None = None
    faults: list[values.ValueFault] = field(default_factory=list)
    step: int = 0

    @property
    def name(self) -> str:
        """Service and operation, as they are typed; empty where there is no such command."""
        return self.given.usage.name if self.given else ""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters as the service takes them, as far as they are known."""
        return self.given.parameters if self.given else {}

    def place(self, word: int) -> Place:
        """Where a word of the call stands."""
        return self.places[min(word, len(self.places) - 1)] if self.places else Place(0, 0)

    def place_of(self, option: str) -> Place:
        """Where an option of the call stands, or the call where it does not have it."""
        return self.place(self.given.at.get(option, 0) if self.given else 0)


@dataclass(slots=True)
class Recorder:
    """What the commands of a page did: the calls of `aws` in their order, and what could not be checked."""

    document: values.Document
    jq: answers.Jq
    calls: list[Call] = field(default_factory=list)
    unchecked: list[tuple[Place, str]] = field(default_factory=list)
    samples: dict[str, Any] = field(default_factory=dict)
    step: int = 0
    typed: int = 0

    def programs(self) -> Mapping[str, Program]:
        """The programs of a shell whose calls of `aws` are recorded here."""
        return {**_PROGRAMS, "aws": self._aws, "jq": self._jq}

    def _aws(self, shell: Shell, words: Sequence[str], _stdin: str, place: Place) -> str:
        places = shell.places[-len(words) :] if words and len(shell.places) >= len(words) else [place]
        call = Call(tuple(words), tuple(places), step=self.step)
        self.calls.append(call)
        self.typed += sum(map(len, words))
        if self.typed > MAX_KEPT:
            raise TooMuch(f"types calls of more than {MAX_KEPT:,} characters")
        if len(self.calls) > MAX_CALLS:
            raise TooMuch(f"makes more than {MAX_CALLS:,} calls of aws")
        if words[:1] == ["--version"] or "help" in words[:3]:
            return shell.marks.new(Origin("program", "aws"))
        if len(words) >= 1 and is_unknown(words[0]):
            self.unchecked.append((place, f"the service is {shell.marks.shown(words[0])}, which is not known"))
            return shell.marks.new(Origin("program", "aws"))
        # `...` stands for what the writer left out.
        elided = any(word in {"...", "…"} for word in words)
        try:
            call.given, call.faults = values.sort([word for word in words if word not in {"...", "…"}])
        except cli.UsageError as fault:
            call.faults.append(values.ValueFault(fault.word, "operation", fault.what, fault.to_do))
            return shell.marks.new(Origin("program", "aws"))
        call.faults += values.check(call.given, shell.marks, self.document)
        if elided:
            shell.elided.append(place)
            call.faults = [fault for fault in call.faults if fault.rule != "required"]
        return self._answer(shell, call)

    def _answer(self, shell: Shell, call: Call) -> str:
        given = call.given
        assert given is not None  # noqa: S101 (for the type checker)
        usage = given.usage
        if usage.model is None or usage.waits:
            return (
                ""
                if usage.waits
                else shell.marks.new(Origin("field", f"aws {usage.name}", usage.service, usage.operation))
            )
        if usage.name not in self.samples:
            self.samples[usage.name] = answers.sample(usage.model, shell.marks, usage.service, usage.operation)
        answer = self.samples[usage.name]
        query = given.option("--query")
        output = given.option("--output") or "json"
        if query is not None and not is_unknown(query):
            at = given.at["--query"]
            found = answers.query_faults(query, usage.model.output_shape)
            if usage.model.output_shape is None and not found:
                found = [(f"--query asks for a field, and {usage.name} answers nothing", "leave it out")]
            call.faults += [values.ValueFault(at, "query", what, to_do) for what, to_do in found]
            sound, answer = answers.queried(query, answer)
            if found or not sound:
                return shell.marks.new(Origin("field", f"aws {usage.name}", usage.service, usage.operation))
        elif query is not None:
            return shell.marks.new(Origin("field", f"aws {usage.name}", usage.service, usage.operation))
        text = answers.printed(answer, output) if answer is not None or query is not None else ""
        if text is None:
            return shell.marks.new(Origin("field", f"aws {usage.name}", usage.service, usage.operation))
        return text

    def _jq(self, shell: Shell, words: Sequence[str], stdin: str, place: Place) -> str:
        flags, arguments, rest = _jq_words(words)
        unknown = shell.marks.new(Origin("program", "the output of jq", of=shell.marks.of(stdin)))
        if not rest:
            if "-f" in flags or "--from-file" in flags:
                self.unchecked.append((place, "the jq program stands in a file"))
                return unknown
            shell.fault(place, "jq", "jq without a program", "write one, such as `jq .`")
            return unknown
        program, files = rest[0], rest[1:]
        if is_unknown(program):
            # A value of the shell that stands inside the program: as a text it is as good as any other.
            program = re.sub("\ue000\\d+\ue001", "x", program)
        text = "".join(shell.read_file(name) for name in files) if files else stdin
        raw = "R" in flags or "--raw-input" in flags
        null = "n" in flags or "--null-input" in flags
        slurp = "s" in flags or "--slurp" in flags
        readable = null or raw or _is_json(text)
        result = self.jq.run(program, text if readable else "null", arguments, null=null, slurp=slurp, raw=raw)
        if result.error == "compile":
            said = re.sub(
                r"^jq: error: |\s*\(Unix shell quoting issues\?\)|\s*at <top-level>.*$", "", result.said.split("\n")[0]
            )
            shell.fault(place, "jq", f"jq cannot read its program: {said[:120]}", "close every bracket and quote")
            return unknown
        if result.error == "bound":
            self.unchecked.append((place, f"a jq program {result.said}"))
            return unknown
        origins = shell.marks.of(text)
        if not readable:
            # One text field may itself hold JSON, as a policy does; several in a row are no JSON.
            fields = [origin for origin in origins if origin.kind == "field" and origin.path]
            plain_text = len(text.split()) > 1 or any(
                re.search(r"(?:Arn|Id|Name|Status|State)s?(?:\[\])?$", o.path) for o in fields
            )
            if fields and plain_text and not text.lstrip().startswith(("{", "[")):
                shell.fault(
                    place, "jq", "jq reads JSON, and the command before it prints text", "leave out `--output text`"
                )
            elif text.strip():
                self.unchecked.append((place, "what jq reads here is not known; only its grammar was checked"))
            return unknown
        if null or raw:
            return unknown
        parsed = list(_documents(text))
        unused = answers.deletes_missing(program, parsed)
        if unused and origins:
            known = sorted({key for value in parsed for key in answers._keys(value)})
            close = [near for name in unused for near in spelling.near(name, known)][:3]
            what = f"jq deletes {', '.join(unused)}, which the input does not have"
            shell.fault(place, "jq", what, f"perhaps {' or '.join(close)}" if close else "leave it out")
        missing = answers.names_missing(program, parsed)
        if missing and (not result.values or answers.has_null(result.values) or result.error == "run"):
            known = sorted({key for value in parsed for key in answers._keys(value)})
            close = [near for name in missing for near in (spelling.near(name, known) or _same_letters(name, known))][
                :3
            ]
            what = f"jq asks for {', '.join(missing)}, which the input does not have"
            shell.fault(place, "jq", what, f"perhaps {' or '.join(close)}" if close else "see what the command prints")
            return unknown
        if result.error == "run":
            shell.fault(place, "jq", f"jq stops: {shell.marks.shown(result.said)[:120]}", "see what the command prints")
            return unknown
        plain = bool(flags & {"r", "j", "--raw-output"})
        indent = None if flags & {"c", "--compact-output"} else 2
        return "".join(
            (value if plain and isinstance(value, str) else json.dumps(value, indent=indent, ensure_ascii=False)) + "\n"
            for value in result.values
        )


def _same_letters(name: str, known: Sequence[str]) -> list[str]:
    return [item for item in known if item.lower() == name.lower()]


def _jq_words(words: Sequence[str]) -> tuple[set[str], dict[str, Any], list[str]]:
    """Flags, named arguments, and the rest: the program and its files."""
    flags: set[str] = set()
    arguments: dict[str, Any] = {}
    rest: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word in {"--arg", "--argjson", "--slurpfile", "--rawfile"} and len(waiting) >= 2:
            name, value = waiting.pop(0), waiting.pop(0)
            arguments[name] = value if word == "--arg" else _json_or(value)
        elif word in {"--args", "--jsonargs"}:
            break
        elif word in {"--indent", "--tab"}:
            waiting = waiting[1:] if word == "--indent" else waiting
        elif word.startswith("--"):
            flags.add(word)
        elif word.startswith("-") and len(word) > 1 and not rest:
            flags |= set(word[1:]) | ({"-f"} if "f" in word else set())
        else:
            rest.append(word)
    return flags, arguments, rest


def _json_or(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_json(text: str) -> bool:
    try:
        return bool(list(_documents(text)))
    except ValueError:
        return False


def _documents(text: str) -> Any:
    decoder = json.JSONDecoder()
    text = text.strip()
    while text:
        try:
            value, end = decoder.raw_decode(text)
        except RecursionError:
            raise ValueError("nests too deep") from None
        yield value
        text = text[end:].strip()


# --- the other programs


def _echo(_shell: Shell, words: Sequence[str], _stdin: str, _place: Place) -> str:
    found = list(words)
    while found and re.fullmatch(r"-[neE]+", found[0]):
        found.pop(0)
    return " ".join(found) + "\n"


def _printf(_shell: Shell, words: Sequence[str], _stdin: str, _place: Place) -> str:
    if not words:
        return ""
    form = words[0].replace("\\n", "\n").replace("\\t", "\t")
    rest = iter(words[1:])
    return re.sub(r"%[-0-9.]*[sdqb]", lambda _: next(rest, ""), form) if "%" in form else form


def _cat(shell: Shell, words: Sequence[str], stdin: str, _place: Place) -> str:
    names = [word for word in words if not word.startswith("-")]
    return "".join(shell.read_file(name) for name in names) if names else stdin


def _tee(shell: Shell, words: Sequence[str], stdin: str, _place: Place) -> str:
    for name in words:
        if not name.startswith("-"):
            shell.keep(shell.files, name, stdin)
    return stdin


def _pass(_shell: Shell, _words: Sequence[str], stdin: str, _place: Place) -> str:
    return stdin


def _part(shell: Shell, words: Sequence[str], stdin: str, _place: Place) -> str:
    """A program that cuts pieces out of what it reads: the result comes from there, and no more is known."""
    names = [word for word in words if word in shell.files]
    text = stdin + "".join(shell.files[name] for name in names)
    return shell.marks.new(Origin("program", "a part of what was printed", of=shell.marks.of(text))) + "\n"


def _nothing(_shell: Shell, _words: Sequence[str], _stdin: str, _place: Place) -> str:
    return ""


def _read(shell: Shell, words: Sequence[str], stdin: str, _place: Place) -> str:
    names = [word for word in words if not word.startswith("-")]
    first = stdin.strip().split("\n")[0].split() if stdin.strip() else []
    for index, name in enumerate(names):
        last = index == len(names) - 1
        parts = first[index:] if last else first[index : index + 1]
        shell.variables[name] = " ".join(parts) or shell.marks.new(Origin("variable", f"${name}"))
    return ""


_XARGS_VALUE = {"-n", "-P", "-L", "-s", "-d", "-E", "--max-args", "--max-procs", "--delimiter"}


def _xargs(shell: Shell, words: Sequence[str], stdin: str, place: Place) -> str:
    waiting, placed = list(words), list(shell.places)
    replace = ""
    while waiting and waiting[0].startswith("-"):
        word = waiting.pop(0)
        if word in {"-I", "--replace"} and waiting:
            replace = waiting.pop(0)
        elif word.startswith("-I"):
            replace = word[2:]
        elif word in _XARGS_VALUE and waiting:
            waiting.pop(0)
    if not waiting:
        return stdin
    shell.places = placed[-len(waiting) :] if len(placed) >= len(waiting) else [place]
    if stdin.lstrip()[:1] in {"{", "["} and any(origin.kind == "field" for origin in shell.marks.of(stdin)):
        shell.fault(
            place, "json-as-words", "xargs takes apart JSON at its blanks and lines",
            "add `--query ... --output text` to the command before it",
        )  # fmt: skip
        unknown = shell.marks.new(Origin("program", "a piece of JSON"))
        items = [unknown]
    else:
        items = (stdin.strip().split("\n") if replace else stdin.split())[:MAX_ITEMS]
    if replace:
        found = ""
        for item in items[:1] or [""]:
            found += shell.call([word.replace(replace, item) for word in waiting], "", place)
        return found
    shell.places += [place] * len(items)
    return shell.call([*waiting, *items], "", place)


def _inner(skip: Callable[[Sequence[str]], int]) -> Program:
    """A program that runs the command behind its own options."""

    def run(shell: Shell, words: Sequence[str], stdin: str, place: Place) -> str:
        start = skip(words)
        rest = list(words[start:])
        while rest and re.fullmatch(r"[A-Za-z_]\w*=.*", rest[0], re.DOTALL):
            rest.pop(0)
        if len(shell.places) >= len(rest):
            shell.places = shell.places[-len(rest) :] if rest else []
        return shell.call(rest, stdin, place) if rest else stdin

    return run


def _behind_flags(valued: frozenset[str] = frozenset(), own: int = 0) -> Callable[[Sequence[str]], int]:
    def skip(words: Sequence[str]) -> int:
        at = 0
        while at < len(words) and words[at].startswith("-"):
            at += 2 if words[at] in valued else 1
        return at + own

    return skip


def _shell_text(shell: Shell, words: Sequence[str], _stdin: str, _place: Place) -> str:
    """`eval ...` and `bash -c '...'`: what is in the text is followed, too."""
    found = list(words)
    if found and found[0].startswith("-"):
        if "c" not in found[0] or len(found) < 2:
            return ""
        found = found[1:2]
    text = " ".join(found)
    return "" if is_unknown(text) and not text.strip("\ue000\ue0010123456789 ") else shell.follow(text)


def _date(shell: Shell, words: Sequence[str], _stdin: str, place: Place) -> str:
    """GNU's date, at the fixed moment of the checker; a time that it cannot read is unknown."""
    moment: dt.datetime | None = NOW
    form = ""
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word.startswith("+"):
            form = word[1:]
        elif word in {"-d", "--date"} and waiting:
            moment = _moment(waiting.pop(0))
        elif word.startswith(("--date=", "-d")) and len(word) > 2:
            moment = _moment(word.removeprefix("--date=").removeprefix("-d"))
        elif word == "-Iseconds" or word.startswith("--iso-8601"):
            form = "%Y-%m-%dT%H:%M:%S+00:00"
        elif re.fullmatch(r"-v[-+]\d+[SMHdwmy]", word):
            shell.fault(
                place, "shell", f"{word} is an option of the date of a Mac", "write GNU's, as `date -d '1 hour ago'`"
            )
            moment = None
        elif not word.startswith("-") or word in {"-v", "-j", "-f"}:
            moment = None
    if moment is None:
        return shell.marks.new(Origin("program", "date")) + "\n"
    form = form or "%a %b %d %H:%M:%S UTC %Y"
    form = form.replace("%s", str(int(moment.timestamp()))).replace("%N", "000000000").replace("%3N", "000")
    form = form.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%R", "%H:%M").replace("%:z", "+00:00")
    return moment.strftime(form) + "\n"


_STEPS = {
    "sec": 1,
    "second": 1,
    "min": 60,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 604800,
    "month": 2592000,
    "year": 31536000,
}


def _moment(text: str) -> dt.datetime | None:
    if is_unknown(text):
        return None
    text = text.strip()
    named = {"now": 0, "today": 0, "yesterday": -86400, "tomorrow": 86400}
    total = 0
    rest = text.lower()
    for word, seconds in named.items():
        if re.search(rf"\b{word}\b", rest):
            total += seconds
            rest = re.sub(rf"\b{word}\b", "", rest)
    matched = False
    for found in re.finditer(r"([-+]?\s*\d{1,6})\s*([a-z]+?)s?\b(\s+ago)?", rest):
        if found[2] not in _STEPS:
            continue
        matched = True
        amount = int(found[1].replace(" ", "")) * _STEPS[found[2]]
        total += -amount if found[3] else amount
    if matched or not rest.strip():
        try:
            return NOW + dt.timedelta(seconds=total)
        except OverflowError:
            return None
    try:
        found_time = dt.datetime.fromisoformat(text.replace(" UTC", "+00:00").removeprefix("@"))
    except ValueError:
        if re.fullmatch(r"@\d{1,11}", text):
            return dt.datetime.fromtimestamp(int(text[1:]), dt.UTC)
        return None
    return found_time if found_time.tzinfo else found_time.replace(tzinfo=dt.UTC)


_PROGRAMS: Mapping[str, Program] = {
    "echo": _echo, "printf": _printf, "cat": _cat, "tee": _tee, "date": _date, "read": _read, "xargs": _xargs,
    **dict.fromkeys(("head", "tail", "sort", "uniq", "grep", "egrep", "less", "more", "column", "rev", "zcat", "gunzip"), _pass),
    **dict.fromkeys(("sed", "awk", "cut", "tr", "wc", "base64", "python3", "python", "yq", "basename", "dirname", "bc"), _part),
    **dict.fromkeys(
        ("true", "false", ":", "exit", "return", "cd", "set", "shopt", "trap", "sleep", "mkdir", "rm", "test", "[", "break",
         "continue", "shift", "wait", "source", ".", "clear", "chmod", "local", "export"), _nothing,
    ),
    **dict.fromkeys(
        ("sudo", "time", "env", "command", "nohup", "exec", "builtin"), _inner(_behind_flags(frozenset({"-u", "-g"})))
    ),
    "timeout": _inner(_behind_flags(frozenset({"-s", "-k"}), own=1)),
    "watch": _inner(_behind_flags(frozenset({"-n", "--interval"}))),
    **dict.fromkeys(("eval", "bash", "sh", "zsh"), _shell_text),
}  # fmt: skip

__all__ = ["Call", "Marks", "Recorder"]
