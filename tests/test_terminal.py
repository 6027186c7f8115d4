"""What comes from the input is shown on the terminal and never obeyed; a fault ends in a sentence."""

import io
import json
import os
import subprocess
import sys
import unicodedata

import pytest
from rich.table import Table
from typer.testing import CliRunner

from analysis import __main__, commands
from analysis.commands import app, screen
from analysis.commands.common import UNREADABLE

HOSTILE = "E\x1b[31mRED\x1b]0;pwn\x07\u009b31m\u202egnp\u200b.\ufeff\ud800"
"""A colour, a title, a control sequence of one byte, a reversed and a hidden part, half a character."""

ESCAPES = r"""
variable "v" {
  default = 1
  validation {
    condition     = false
    error_message = "E\u001b[31mRED\u001b]0;pwn\u0007 \u009b31m \u202e"
  }
}
output "o" {
  value = "\u001b[2J\u202eo"
}
"""


def hidden(text):
    return {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs")} - {"\n", "\t"}


def test_every_control_format_and_surrogate_character_is_made_visible_and_nothing_else():
    for code in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        if category in ("Cc", "Cf", "Cs", "Zl", "Zp") and chr(code) not in "\n\t":
            assert screen.visible(chr(code)).startswith("\\"), hex(code)
    assert screen.visible("Grüße, 你好 🇩🇪 [31m\n\t—") == "Grüße, 你好 🇩🇪 [31m\n\t—"
    assert screen.visible("\x1b\u009b\u202e\U000e0041") == r"\x1b\x9b\u202e\U000e0041"


def test_text_markup_and_table_cells_reach_a_terminal_without_hidden_characters():
    for terminal in (True, False):
        shown = io.StringIO()
        console = screen.Screen(file=shown, force_terminal=terminal, no_color=True, width=200)
        table = Table(HOSTILE)
        table.add_row(HOSTILE)
        console.print(HOSTILE, table, style=None)
        plain = shown.getvalue().replace("\x1b[0m", "").replace("\x1b[1m", "")  # the console's own bold
        assert not hidden(plain)
        assert r"\x1b" in plain


def test_a_stack_that_writes_escapes_shows_them_and_json_carries_them_as_json_does(tmp_path):
    (tmp_path / "x\x1b[31m.tf").write_text(ESCAPES)
    result = CliRunner().invoke(app, ["model", str(tmp_path)])
    assert result.exit_code == UNREADABLE
    assert not hidden(result.output)
    assert r"x\x1b[31m.tf" in result.output
    assert r"\x1b]0;pwn\x07 \x9b31m \u202e" in result.output
    model = json.loads(CliRunner().invoke(app, ["model", str(tmp_path), "--json"]).stdout)
    assert model["outputs"]["o"] == "\x1b[2J\u202eo"


def ended(monkeypatch, capsys, error):
    def broken(**_):
        raise error

    monkeypatch.setattr(commands, "app", broken)
    monkeypatch.setattr(sys, "argv", ["gameday", "model", "my dir"])
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "reconfigure", lambda **_: None, raising=False)
    with pytest.raises(SystemExit) as caught:
        __main__.main()
    return caught.value.code, capsys.readouterr().err


def test_a_fault_of_our_own_is_one_sentence_with_the_command_that_shows_more(monkeypatch, capsys):
    for error in (KeyError("x"), RecursionError(), MemoryError(), ValueError("one\ntwo \x1b[31m")):
        status, said = ended(monkeypatch, capsys, error)
        assert status == UNREADABLE
        assert "Traceback" not in said
        assert said.count("\n") == 1
        assert "GAMEDAY_DEBUG=1 gameday model 'my dir'" in said
        assert not hidden(said)


def test_the_traceback_of_a_fault_is_there_for_who_asks(monkeypatch, capsys):
    monkeypatch.setenv(screen.DEBUG, "1")
    with pytest.raises(KeyError):
        ended(monkeypatch, capsys, KeyError("x"))


def test_ctrl_c_ends_with_its_status_and_without_a_word(monkeypatch, capsys):
    assert ended(monkeypatch, capsys, KeyboardInterrupt()) == (130, "")


def test_a_file_that_cannot_be_written_is_a_sentence_with_its_name(tmp_path):
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n')
    result = CliRunner().invoke(app, ["diagram", str(tmp_path), "--out", str(tmp_path)])
    assert result.exit_code == UNREADABLE
    assert f"{tmp_path}: this is a directory" in result.stderr.replace("\n", "")


def test_output_that_nobody_reads_ends_in_silence(tmp_path):
    (tmp_path / "main.tf").write_text('output "o" {\n  value = 1\n}\n')
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "analysis", "model", str(tmp_path), "--json"]
    result = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, check=False)
    os.close(write_end)
    assert result.returncode == screen.CLOSED_OUTPUT
    assert result.stderr == b""
