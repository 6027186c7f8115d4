"""Every command with odd arguments and odd files, drawn from a seed: a sentence and an exit status, never a fault of our own."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from analysis.commands import app
from analysis.commands.common import FINDINGS, FINE, UNREADABLE

SEED = 20_261_129
DRAWS = 4
STACK = 'provider "aws" {\n  region = "us-east-1"\n}\nresource "aws_sqs_queue" "q" {\n  name = "q"\n}\n'
STACKS = {
    "good": STACK.encode(),
    "crlf": STACK.replace("\n", "\r\n").encode(),
    "bom": b"\xef\xbb\xbf" + STACK.encode(),
    "utf16": STACK.encode("utf-16"),
    "latin": STACK.replace('"q"\n', '"caf\xe9"\n').encode("latin-1"),
    "binary": random.Random(SEED).randbytes(4000),
    "a \x1b[31m name": STACK.encode(),
    "cut": STACK[:-3].encode(),
}
FILES = {
    "empty": b"",
    "binary.dat": random.Random(SEED + 1).randbytes(3000),
    "nul.toml": b"a = 1\0",
    "null.json": b"null",
    "list.json": b"[]",
    "object.json": b"{}",
    "plan.json": b'{"format_version": "1.2", "planned_values": {"root_module": {"resources": [{"address": 1}]}}}',
    "utf16.yml": "a: 1".encode("utf-16"),
    "usage.yml": b"version: 0.1\nresource_usage: [1]\n",
    "page.md": b"# x\n\n```bash\naws s3 ls\n```\n",
    "record.md": b"---\ndeciders: 1\n---\n",
    "page-of-bytes.md": b"\xff\xfe",
    "values.tfvars": b"a = [\n",
}
WORDS = (
    "", "0", "-1", "99999999999999999999", "1e9", "nan", "=", "a=", "a=[", "\u202e", "\x1b[31m", "2026-13-01",
    "2026-03-07T20:45:00Z", "zone-loss@104", "zone-loss@", "@5", "client.timeout_s=5,10", "missing", "flask_pooled", "moon-1",
    "tcp://x", "../../etc/passwd", "x" * 300,
)  # fmt: skip
NOT_DRAWN = {"--apply", "--record", "--renew", "--scheduler", "--help"}
"""Options that work for minutes, or end a command before it does anything."""


def commands(command, words=()):
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))
    if not hasattr(command, "commands"):
        yield words, command


COMMANDS = {
    " ".join(words): (words, command)
    for words, command in commands(typer.main.get_command(app))
    if words not in {("site",), ("prices", "refresh")}  # one builds the whole site, the other asks AWS
}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    for name, content in STACKS.items():
        (folder / name).mkdir()
        (folder / name / "main.tf").write_bytes(content)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "nothing").mkdir()
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")
    return [*map(str, folder.iterdir()), str(folder / "missing"), "", "/dev/null", "/dev/zero", "."]


def drawn(words, command, places, rng):
    """A command line for the command: what it needs, or not quite, and some of its options."""
    argv = list(words)
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            argv += [rng.choice(places if rng.random() < 0.8 else WORDS) for _ in range(rng.choice((1, 1, 1, 2)))]
        elif parameter.opts[0] not in NOT_DRAWN and rng.random() < 0.25:
            argv.append(parameter.opts[0])
            if not parameter.is_flag:
                argv.append(rng.choice(WORDS if rng.random() < 0.6 else places))
    return argv


@pytest.mark.parametrize("number", range(DRAWS))
@pytest.mark.parametrize("name", COMMANDS)
def test_odd_arguments_and_files_end_with_a_sentence_and_a_known_status(name, number, places, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what is written with a relative name is written here
    argv = drawn(*COMMANDS[name], places, random.Random(f"{SEED} {name} {number}"))
    if name in {"claims", "records"}:  # without a wrong name these judge the whole checkout
        argv.append("nothing-of-the-kind")
    if name == "drill":  # where the arguments are right it restores a database: here a small one
        from analysis.loadtest import restore

        small = restore.drill
        monkeypatch.setattr(restore, "drill", lambda **given: small(rows=100, after=10, **given))
    result = CliRunner().invoke(app, argv)
    assert result.exception is None or isinstance(result.exception, SystemExit), (argv, repr(result.exception))
    assert result.exit_code in {FINE, FINDINGS, UNREADABLE}, argv
    assert "\x1b[31m" not in result.output, argv


@pytest.mark.parametrize(
    ("environment", "out"),
    [
        ({"LC_ALL": "C", "LANG": "C", "COLUMNS": "1"}, os.devnull),
        ({"PYTHONIOENCODING": "latin-1", "NO_COLOR": "1"}, os.devnull),
        ({"COLUMNS": "80"}, "/dev/full"),
    ],
)
def test_no_home_no_room_and_a_poor_terminal_end_with_a_sentence(environment, out, places, tmp_path):
    if not Path(out).exists():
        pytest.skip(f"only where the kernel has {out}")
    kept = {name: value for name, value in os.environ.items() if name not in {"HOME", "COLUMNS"}}
    stack = next(place for place in places if place.endswith("name"))
    with Path(out).open("w") as stream:
        argv = [sys.executable, "-m", "analysis", "model", stack]
        done = subprocess.run(
            argv, stdout=stream, stderr=subprocess.PIPE, env=kept | environment, cwd=tmp_path, check=False, text=True
        )
    assert done.returncode == (UNREADABLE if out == "/dev/full" else FINE), done.stderr
    assert "Traceback" not in done.stderr
    assert "a fault in gameday" not in done.stderr
    assert ("standard output cannot be written" in done.stderr) == (out == "/dev/full")
