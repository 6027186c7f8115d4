"""Files are read where regular and bounded, and written whole or not at all."""

import errno
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from analysis import files


def refused(path, **options):
    with pytest.raises(OSError, match=r".") as caught:
        files.read_bytes(path, **options)
    assert caught.value.filename == str(path)
    return caught.value.strerror


def unwritten(path, content="new", **options):
    with pytest.raises(OSError, match=r".") as caught:
        files.write(path, content, **options)
    assert caught.value.filename == str(path)
    return caught.value.strerror


def leftovers(directory):
    return [path.name for path in directory.iterdir() if path.name.endswith(".unfinished")]


def test_a_pipe_a_socket_a_device_and_a_directory_are_refused_without_waiting(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # a socket's path has room for 107 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for path in (tmp_path / "pipe", tmp_path / "socket", Path("/dev/zero"), Path("/dev/null")):
            assert "no regular file" in refused(path)
    assert "directory" in refused(tmp_path)


def test_a_link_to_a_device_is_refused_and_a_link_to_a_file_is_read(tmp_path):
    (tmp_path / "endless").symlink_to("/dev/zero")
    (tmp_path / "there").write_text("x")
    (tmp_path / "link").symlink_to("there")
    assert "no regular file" in refused(tmp_path / "endless")
    assert files.read_bytes(tmp_path / "link") == b"x"


def test_a_file_over_the_limit_is_refused_before_it_is_read_and_one_at_the_limit_is_read(tmp_path):
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert "limit is 2,000,000" in refused(path)
    path.write_bytes(b"12345")
    assert files.read_bytes(path, limit=5) == b"12345"
    assert "limit is 4" in refused(path, limit=4)


def test_a_file_that_says_it_is_empty_and_does_not_end_is_read_up_to_the_limit_only():
    if not Path("/proc/self/smaps").exists():
        pytest.skip("no /proc here")
    assert "more than 10 bytes" in refused(Path("/proc/self/smaps"), limit=10)


def test_a_missing_file_and_a_null_byte_in_a_name_are_plain_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.read_bytes(tmp_path / "missing")
    assert "null byte" in refused(Path(f"{tmp_path}/a\0b"))
    assert "null byte" in unwritten(Path(f"{tmp_path}/a\0b"))


def test_line_ends_are_read_as_python_reads_them(tmp_path):
    (tmp_path / "text").write_bytes(b"a\r\nb\rc\n")
    assert files.read_text(tmp_path / "text") == "a\nb\nc\n"


def test_a_new_file_has_the_permissions_that_the_umask_leaves_and_an_old_one_keeps_its_own(tmp_path):
    path = tmp_path / "x"
    before = os.umask(0o027)
    try:
        files.write(path, "ä")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        files.write(path, b"new")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fills_up_halfway_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path, monkeypatch, number):
    path = tmp_path / "x"
    path.write_text("old")
    real = os.write

    def half(descriptor, data):
        if len(data) < 3:
            raise OSError(number, os.strerror(number))
        return real(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", half)
    message = unwritten(path, "a longer text than fits")
    monkeypatch.undo()
    assert ("disk is full" in message) == (number == errno.ENOSPC)
    assert path.read_text() == "old"
    assert not leftovers(tmp_path)


def test_an_interruption_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_text("old")

    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write(path, "new")
    assert path.read_text() == "old"
    assert not leftovers(tmp_path)


def test_a_directory_a_missing_directory_and_a_full_device_are_refused_with_a_sentence(tmp_path):
    assert "this is a directory" in unwritten(tmp_path)
    assert "there is no directory" in unwritten(tmp_path / "no" / "x")
    (tmp_path / "file").write_text("")
    assert "there is no directory" in unwritten(tmp_path / "file" / "x")
    if Path("/dev/full").exists():
        assert "disk is full" in unwritten(Path("/dev/full"))
    files.write(Path("/dev/null"), "gone")


def test_a_pipe_without_a_reader_is_refused_and_one_with_a_reader_takes_all(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "nobody reads" in unwritten(tmp_path / "pipe")
    with subprocess.Popen(["/bin/cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as reader:
        keep = os.open(tmp_path / "pipe", os.O_RDWR)  # a reader that is surely there
        files.write(tmp_path / "pipe", "x" * 10_000)
        while reader.stdout.read(1) != b"x":
            pass
        os.close(keep)
        assert reader.stdout.read() == b"x" * 9_999


def test_a_link_is_followed_and_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("later")
    (tmp_path / "loop").symlink_to("loop")
    files.write(tmp_path / "link", "new")
    files.write(tmp_path / "dangling", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == (tmp_path / "later").read_text() == "new"
    assert "leads back to itself" in unwritten(tmp_path / "loop")


def test_a_file_that_must_be_new_is_not_overwritten(tmp_path):
    files.write(tmp_path / "x", "first", new=True)
    with pytest.raises(FileExistsError):
        files.write(tmp_path / "x", "second", new=True)
    assert (tmp_path / "x").read_text() == "first"
    assert not leftovers(tmp_path)


def test_a_read_only_file_and_a_closed_directory_are_refused(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "x").write_text("old")
    (tmp_path / "x").chmod(0o444)
    assert "may not be written" in unwritten(tmp_path / "x")
    tmp_path.chmod(0o555)
    assert "may not be written" in unwritten(tmp_path / "y")
    tmp_path.chmod(0o755)


def test_dev_stdout_works_into_a_pipe_and_into_a_file(tmp_path):
    program = "from analysis.files import Path, write; print('a'); write(Path('/dev/stdout'), 'b\\n'); print('c')"
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"a\nb\nc\n"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(command, stdout=out, check=True)
    assert (tmp_path / "out").read_bytes() == b"a\nb\nc\n"


def test_a_link_planted_in_a_cache_is_replaced_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "entry").symlink_to("precious")
    files.write_own(tmp_path / "entry", b"cached")
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "entry").is_symlink()
    assert (tmp_path / "entry").read_bytes() == b"cached"
