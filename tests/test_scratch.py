"""What a run writes goes at its end, or at the start of the next one where it was killed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from analysis.scratch import scratch_directory

OWNER = """
import sys, time
from analysis.scratch import scratch_directory
with scratch_directory("gameday-test-") as directory:
    (directory / "kept").write_text("x")
    print(directory, flush=True)
    time.sleep(600)
"""


def test_a_directory_is_the_users_own_and_goes_with_its_block(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_directory("gameday-test-") as directory:
        assert directory.parent == tmp_path
        assert directory.stat().st_mode & 0o777 == 0o700
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_left_goes_with_the_next_start_and_what_is_held_or_linked_or_foreign_stays(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(tmp_path)}
    )
    left = Path(owner.stdout.readline().strip())
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / ".held").touch()
    (tmp_path / "gameday-test-link").symlink_to(precious)
    (tmp_path / "gameday-test-unlocked").mkdir()
    (tmp_path / "gameday-other-run").mkdir()
    with scratch_directory("gameday-test-"):
        assert left.is_dir()
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    assert left.is_dir()
    with scratch_directory("gameday-test-"):
        assert not left.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "gameday-other-run", "gameday-test-link", "gameday-test-unlocked", "precious",
    ]  # fmt: skip
    assert (precious / ".held").exists()
