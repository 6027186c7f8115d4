"""A guide put into practice: each of its commands typed at an emulated AWS, and its scripts run as written beside others.

A file `executed.toml` beside the commands of a guide says what they need:

    stack = "terraform/stacks/shop"        # what is applied before anything is typed
    linked = ["docs/shop/guide/deploy.sh"] # files of the project that scripts are, or start

    [values]                               # what stands in the guide for something of the reader's, and what is typed for it;
    "sg-xxx" = "$group"                    # `$NAME` is what a `take` has put by
    [files]                                # a file that commands name, by the line of the guide that shows it
    "task.json" = 601
    [world]                                # acts before everything, as in rehearsal.toml
    do = [{ act = "take", ... }]
    [[before]]                             # acts just before a line is typed
    line = 507
    do = [{ act = "call", ... }]
    [left_out.kinds]                       # what is not typed, by its kind or its line, and why
    docker = "It needs Docker."
    [left_out.lines]
    354 = "No repository is named."

    [[scripts]]                            # see `Script` and `Variant`
    name = "release"
    do = [...]
    variants = [{ title = "As written", file = "deploy.sh", starts = 1363, arguments = ["IMAGE"] }, ...]
    state = [{ says = "Serves", service = "ecs", operation = "describe_services", parameters = {...}, query = "..." }]

The lines of a chapter share a shell and a copy of the emulator; each variant of a script has its own.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

import jmespath
import yaml

from analysis.files import read_text, toml_entries
from analysis.rehearsal.faults import Emulated, FaultError, Seen, Table, acts
from analysis.rehearsal.shell import ShellError
from analysis.rehearsal.terminal import Source, Terminal, terminal
from analysis.sandbox import Confinement

FILE_NAME: Final = "executed.toml"

Verdict: TypeAlias = Literal["executed", "failed", "refused", "left out"]
"""`executed`: exit status 0. `failed`: another. `refused`: may not run in a rehearsal. `left out`: the file says that and why."""

VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class Line:
    """What is typed of a guide: its line, the chapter and the kind, the text, corrected where it is wrong, or why nothing is."""

    line: int
    chapter: str
    kind: str
    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to do what a script of the guide does: a file, or steps of a workflow of the project, one after the other.

    `starts` is the line of the guide on which the file begins. `corrected` types the file with each command of the guide
    replaced by the corrected one. A step's variables are those of `environment`, and outputs of the steps before it.
    """

    title: str
    file: str = ""
    starts: int = 1
    arguments: tuple[str, ...] = ()
    corrected: bool = False
    workflow: str = ""
    job: str = ""
    steps: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """A script of a guide: what is done before it, its variants, and what is looked at afterwards."""

    name: str
    do: tuple[Table, ...]
    variants: tuple[Variant, ...]
    state: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the commands of a guide need; see this file's first lines."""

    path: str
    stack: str
    linked: tuple[str, ...]
    values: Mapping[str, str]
    files: Mapping[str, int]
    world: tuple[Table, ...]
    before: Mapping[int, tuple[Table, ...]]
    kinds: Mapping[str, str]
    lines: Mapping[int, str]
    scripts: tuple[Script, ...]

    def left_out(self, line: Line) -> str:
        """Why a line is not typed; empty where it is."""
        return self.lines.get(line.line, "") or self.kinds.get(line.kind, "") or line.why


SAID: Final[Mapping[type, str]] = {str: "text", list: "list", dict: "table"}
KEYS: Final = frozenset({"stack", "linked", "values", "files", "world", "before", "left_out", "scripts"})


def read(path: Path, name: str) -> Plan:
    """The plan in a file, called `name` in errors. Raises FaultError where it cannot be read."""
    try:
        found = toml_entries(read_text(path))
    except (OSError, ValueError, RecursionError) as error:
        raise FaultError(f"{name}: cannot be read: {error}") from None
    if unknown := sorted(found.keys() - KEYS):
        raise FaultError(f"{name}: there is no table {unknown[0]!r}; there are {', '.join(sorted(KEYS))}")
    for key, kind in (("stack", str), ("linked", list), ("values", dict), ("files", dict), ("left_out", dict)):
        if not isinstance(found.get(key, kind()), kind):
            raise FaultError(f"{name}: {key} is {found[key]!r}, and no {SAID[kind]}")
    try:
        return Plan(
            name,
            found["stack"],
            tuple(found.get("linked", ())),
            found.get("values", {}),
            found.get("files", {}),
            acts(found.get("world", {}).get("do", []), f"{name}: world"),
            {one["line"]: acts(one["do"], f"{name}: before line {one['line']}") for one in found.get("before", ())},
            found.get("left_out", {}).get("kinds", {}),
            {int(line): why for line, why in found.get("left_out", {}).get("lines", {}).items()},
            tuple(_script(table, name) for table in found.get("scripts", ())),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise FaultError(f"{name}: is written wrongly: {error}; `analysis/rehearsal/guide.py` says how") from None


def _script(table: Table, name: str) -> Script:
    def variant(one: dict[str, Any]) -> Variant:
        given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in one.items()}
        return Variant(**given)

    variants = tuple(map(variant, table["variants"]))
    return Script(table["name"], acts(table.get("do", []), f"{name}: {table['name']}"), variants, tuple(table["state"]))


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of a line. `said` is what it said last where it failed, or why it was not typed."""

    line: int
    verdict: Verdict
    source: Source = "shell"
    status: int | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of `aws` in a script: its line in the guide (0: it is not of the guide), what was typed, and AWS's answer.

    `answered` is empty where AWS was not asked. `refused` says why AWS does not answer it, or did not.
    """

    line: int
    typed: str
    answered: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a variant: its calls, its exit status, the line on which it ended and why, its last words, what was left.

    `ended` is 0 where it ran to its end. A call that AWS refuses and the emulator answers ends a script on AWS; `said` says so.
    """

    title: str
    calls: tuple[Call, ...]
    status: int
    ended: int
    said: str
    last: str
    state: Mapping[str, str]


Fresh: TypeAlias = Callable[[], AbstractContextManager[Emulated]]


def type_lines(
    lines: Sequence[Line],
    files: Mapping[str, str],
    plan: Plan,
    fresh: Fresh,
    root: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Executed, ...]:
    """What became of the lines of a chapter, on one emulator, in one shell with these files.

    Raises FaultError for acts that cannot be done, or a command that ends the shell.
    """
    with fresh() as emulated, terminal(emulated, {}, plan.path, root) as opened:
        for name, text in files.items():
            _do(opened, plan, [{"act": "file", "name": name, "body": text}], "files")
        _do(opened, plan, plan.world, "world")
        return tuple(_typed(line, plan, opened, progress) for line in lines)


def _typed(line: Line, plan: Plan, opened: Terminal, progress: Callable[[str], None]) -> Executed:
    if why := plan.left_out(line):
        return Executed(line.line, "left out", said=why)
    progress(f"{plan.path}: line {line.line}")
    _do(opened, plan, plan.before.get(line.line, ()), f"before line {line.line}")
    try:
        answer = opened.type(valued(line.text, plan, opened))
    except ShellError as error:
        raise FaultError(f"{plan.path}: line {line.line}: {error}; leave it out, with that reason") from None
    if answer.refused or answer.output is None:
        return Executed(line.line, "refused", answer.source, said=answer.refused)
    status = answer.output.status
    if said := answer.failure if status else next(filter(None, map(_refused, answer.calls)), ""):
        return Executed(line.line, "failed", answer.source, status, said)
    return Executed(line.line, "executed", answer.source, status)


def _refused(call: Seen) -> str:
    """Why AWS would not have answered a call, or did not; empty where it did."""
    if call.strange:
        return f"AWS refuses {call.operation}, which the emulator answers: {call.strange}"
    return f"{call.operation}: {call.error or call.status}" if call.status >= 300 else ""


def valued(text: str, plan: Plan, opened: Terminal) -> str:
    """A text of the guide with the reader's values in it, the longest first."""
    for shown in sorted(plan.values, key=len, reverse=True):
        if shown in text:
            text = text.replace(shown, str(opened.world.filled(plan.values[shown])))
    return text


def _do(opened: Terminal, plan: Plan, todo: Sequence[Table], where: str) -> None:
    try:
        opened.world.do(todo)
    except FaultError as error:
        raise FaultError(f"{plan.path}: {where}: {error}") from None


# --- scripts


TRACE: Final = """PS4='+@${BASH_SOURCE##*/}@$LINENO@ '
set -x
"""
TRACED: Final = """#!{bash}
# traced FLAGS FILE ARGUMENTS: the file as it stands, in this shell; each command goes to standard error with its line.
flags=$1 file=$2
shift 2
set $flags
export BASH_ENV="$PWD/trace" # so do those of what it starts
. ./trace
. "./$file"
"""
"""The program that runs a script in a way that shows its lines; nothing of the script is changed for it."""

_STEP: Final = re.compile(r"\$\{\{ steps\.(\w+)\.outputs\.(\w+) \}\}")
_TOLD: Final = re.compile(r"^\++@(?P<file>[^@\n]*)@(?P<line>\d+)@ (?P<typed>.*)$")
OUTPUTS: Final = "github-output"
SCRIPT: Final = "script"


def run_script(
    script: Script, variant: Variant, corrections: Sequence[tuple[str, str]], plan: Plan, fresh: Fresh, root: Path
) -> Tried:
    """What became of a variant, on an emulator of its own. Raises FaultError where it cannot be run."""
    tools = {"traced": TRACED.format(bash=Path(shutil.which("bash") or "bash").resolve())}
    linked = dict.fromkeys(plan.linked, "")
    if not Confinement((root,)).stands():
        raise FaultError(
            f"{plan.path}: a script is run behind a wall of the kernel's, which this machine does not offer"
        )
    with fresh() as emulated, terminal(emulated, linked, plan.path, root, 600.0, tools=tools) as opened:
        _do(opened, plan, (*plan.world, *script.do), script.name)
        (opened.world.home / "trace").write_text(TRACE, encoding="utf-8")
        calls: list[Call] = []
        status, ended, said, last = 0, 0, "", ""
        for text, flags, environment in _parts(variant, corrections, opened, root):
            (opened.world.home / SCRIPT).write_text(text, encoding="utf-8")
            before = len(emulated.calls())
            words = shlex.join(opened.world.filled(word) for word in variant.arguments)
            assigned = "".join(f"{name}={shlex.quote(value)} " for name, value in environment.items())
            try:
                output = opened.shell.run(f"{assigned}traced {shlex.quote(flags)} {SCRIPT} {words}")
            except ShellError as error:
                raise FaultError(f"{plan.path}: {script.name}, {variant.title}: {error}") from None
            told = [found for line in output.stderr.splitlines() if (found := _TOLD.match(line))]
            made = emulated.calls()[before:]
            calls += _calls(told, made, text, variant)
            status = output.status
            last = next((line for line in reversed(output.stdout.splitlines()) if line.strip()), last)
            wrong = next((call for call in calls if call.refused), None)
            if wrong is not None and not ended:
                ended, said = wrong.line, wrong.refused
            if status:
                own = [one for one in told if one["file"] == SCRIPT]
                if wrong is None:
                    ended, said = _line(int(own[-1]["line"]) if own else 1, text, variant), _last_words(output.stderr)
                break
        state = {row["says"]: _looked(opened, row) for row in script.state}
        return Tried(variant.title, tuple(calls), status, ended, said, last, state)


def _last_words(stderr: str) -> str:
    """What a program that failed said after it was started."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("+")]
    return " ".join(lines[-2:])


def _line(line: int, text: str, variant: Variant) -> int:
    """The guide's line on which a command begins that the shell tells by its last one; 0 where it is none of the guide's."""
    if not variant.file or variant.corrected:
        return 0
    lines = text.splitlines()
    while line > 1 and lines[line - 2].endswith("\\"):
        line -= 1
    return line + variant.starts - 1


def _parts(
    variant: Variant, corrections: Sequence[tuple[str, str]], opened: Terminal, root: Path
) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """The texts of a variant in their order, each with the shell's flags and its variables."""
    if variant.file:
        try:
            text = read_text(root / variant.file)
        except OSError as error:
            raise FaultError(f"{variant.title}: the script {variant.file} cannot be read: {error.strerror}") from None
        for written, corrected in corrections if variant.corrected else ():
            text = text.replace(written, corrected)
        yield text, "+e", {}
        return
    named = _steps(variant, root)
    outputs: dict[tuple[str, str], str] = {}
    for name in variant.steps:
        step = named[name]
        (opened.world.home / OUTPUTS).write_text("", encoding="utf-8")
        given = {key: str(opened.world.filled(value)) for key, value in variant.environment.items()}
        for key, value in step.get("env", {}).items():
            of = _STEP.fullmatch(str(value))
            if of and (of[1], of[2]) in outputs:
                given[key] = outputs[of[1], of[2]]
            elif "${{" not in str(value):
                given[key] = str(value)
            elif key not in given:
                raise FaultError(
                    f"{variant.workflow}: step {name!r}: {key} is {value}, and `environment` gives it no value"
                )
        yield step["run"], _flags(step, f"{variant.workflow}: step {name!r}"), given | {"GITHUB_OUTPUT": OUTPUTS}
        written = (opened.world.home / OUTPUTS).read_text(encoding="utf-8")
        outputs |= {
            (step.get("id", ""), key): value for key, _, value in (row.partition("=") for row in written.splitlines())
        }


def _steps(variant: Variant, root: Path) -> Mapping[str, Table]:
    """The steps of a workflow's job by name. Raises FaultError where one that is run is not there."""
    try:
        workflow = yaml.safe_load(read_text(root / variant.workflow))
        job = workflow["jobs"][variant.job]
        usual = {**_shell(workflow), **_shell(job)}
        named = {step["name"]: {**usual, **step} for step in job["steps"] if "name" in step}
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise FaultError(f"{variant.workflow}: the job {variant.job!r} cannot be read: {error}") from None
    if missing := [name for name in variant.steps if "run" not in named.get(name, {})]:
        raise FaultError(f"{variant.workflow}: the job {variant.job!r} has no step {missing[0]!r} that runs a command")
    return named


FLAGS: Final[Mapping[str, str]] = {"": "-e", "bash": "-eo pipefail"}
"""How GitHub starts a step's shell on Linux: a step that names none runs without `pipefail`.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
"""


def _flags(step: Table, where: str) -> str:
    shell = step.get("shell", "")
    if shell not in FLAGS:
        raise FaultError(f"{where}: the shell {shell!r} is not run here; bash is, or none")
    return FLAGS[shell]


def _shell(owner: Table) -> Table:
    """The shell that a workflow or a job sets for its steps."""
    shell = (owner.get("defaults") or {}).get("run", {}).get("shell")
    return {} if shell is None else {"shell": shell}


def _calls(told: Sequence[re.Match[str]], made: Sequence[Seen], text: str, variant: Variant) -> Iterator[Call]:
    """Each call of `aws` that the shell told of, with what AWS answered: one answer, of a waiter as many as it asked for."""
    typed = [(one, words) for one in told if (words := one["typed"].split())[:1] == ["aws"] and len(words) > 2]
    left = list(made)
    for number, (one, words) in enumerate(typed):
        waits = words[2] == "wait"
        later = [] if not waits else [other[2] for _, other in typed[number + 1 :]]
        answers: list[Seen] = []
        while left and (_asked(words[2], left[0]) if not waits else _same(left, answers, later)):
            answers.append(left.pop(0))
            if not waits:
                break
        line = _line(int(one["line"]), text, variant) if one["file"] == SCRIPT else 0
        refused = next(filter(None, map(_refused, answers)), "")
        yield Call(line, " ".join(words[: 4 if waits else 3]), _told(answers), refused)


def _asked(word: str, call: Seen) -> bool:
    """Whether a word of the command line, such as `update-service`, is the operation of a call."""
    return call.operation.lower() == word.replace("-", "")


def _same(left: Sequence[Seen], answers: Sequence[Seen], later: Sequence[str]) -> bool:
    """Whether the next call is one more of a waiter's, and not of a command after it that asks the same."""
    operation = answers[0].operation if answers else left[0].operation
    same = next((number for number, call in enumerate(left) if call.operation != operation), len(left))
    after = next((number for number, word in enumerate(later) if not _asked(word, left[0])), len(later))
    return left[0].operation == operation and same > after


def _told(answers: Sequence[Seen]) -> str:
    """The answers in words; empty where AWS was not asked."""
    if not answers:
        return ""
    said = f"{answers[-1].operation} {answers[-1].status}"
    return (
        said
        + (f" {answers[-1].error}" if answers[-1].error else "")
        + (f", asked {len(answers)} times" if len(answers) > 1 else "")
    )


def _looked(opened: Terminal, row: Table) -> str:
    found: Any = jmespath.search(
        row["query"], opened.world.call(row["service"], row["operation"], row.get("parameters", {}))
    )
    return ", ".join(map(str, found)) if isinstance(found, list) else str(found)
