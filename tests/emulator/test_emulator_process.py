"""The emulator as a process: it starts and ends, speaks to this machine alone, and says what is wrong where it cannot."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from patience import at_last

pytest.importorskip("moto", reason="moto is not installed")

import boto3
from botocore.exceptions import ClientError

from analysis.emulator import EmulatorError, EmulatorGoneError, local, process, running


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://sqs.us-east-1.amazonaws.com:80",
        "https://127.0.0.1:5000",
        "http://localhost:5000",
        "http://127.0.0.1.example.com:5000",
        "http://127.0.0.1@example.com:5000",
        "http://user@127.0.0.1:5000",
        "http://169.254.169.254:80",
        "http://0.0.0.0:5000",
        "http://127.0.0.1",
        "http://127.0.0.1:99999",
        "127.0.0.1:5000",
        "",
    ],
)
def test_an_endpoint_that_would_leave_the_machine_is_refused(endpoint):
    with pytest.raises(EmulatorError, match="would leave the machine"):
        local(endpoint)
    with pytest.raises(EmulatorError, match="would leave the machine"):
        process.settings(endpoint, process.Keys())


def test_an_address_of_this_machine_is_taken():
    assert local("http://127.0.0.1:5000/") == "http://127.0.0.1:5000"
    assert local("http://[::1]:5000") == "http://[::1]:5000"


def test_nothing_of_the_users_account_reaches_a_command():
    with_profile = {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "secret", "PATH": "/bin"}
    emulator = process.Emulator("http://127.0.0.1:5000", "5", Path("x"), None, process.Keys())
    environment = emulator.environment(with_profile)
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["PATH"] == "/bin"
    assert environment["AWS_CONFIG_FILE"] == os.devnull


def test_an_emulator_has_an_account_of_its_own_logs_its_calls_and_ends_with_its_block():
    with running() as first, running() as second:
        boto3.client("s3", **first.client_arguments()).create_bucket(Bucket="same-name")
        boto3.client("s3", **second.client_arguments()).create_bucket(Bucket="same-name")
        with pytest.raises(ClientError, match="neither moto nor the front"):
            boto3.client("events", **first.client_arguments()).list_endpoints()
        calls = [(call.service, call.operation, call.status, call.answered) for call in first.calls()]
        assert calls == [("s3", "CreateBucket", 200, "moto"), ("events", "ListEndpoints", 400, "unimplemented")]
        scratch = first.scratch
    assert not first.alive()
    assert not second.alive()
    assert not scratch.exists()


def test_a_taken_port_is_a_sentence():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(EmulatorError, match=rf"did not start on port {port} of 127\.0\.0\.1"), running(port):
            pass


def test_moto_missing_is_a_sentence_with_what_to_do(monkeypatch):
    monkeypatch.setattr(process.importlib.util, "find_spec", lambda _name: None)
    with (
        pytest.raises(EmulatorError, match=r"moto is not installed.*pip install 'gameday-notebook\[emulator\]'"),
        running(),
    ):
        pass


def test_an_emulator_that_takes_too_long_is_ended(monkeypatch):
    started, begin = [], process._started

    def noted(*arguments):
        started.append(begin(*arguments))
        return started[0]

    monkeypatch.setattr(process, "_started", noted)
    with pytest.raises(EmulatorError, match=r"did not start within 0\.01 s"), running(start_timeout_s=0.01):
        pass
    assert started[0].poll() is not None


def test_an_emulator_that_died_says_so():
    with running() as emulator:
        emulator.require()
        emulator.process.kill()
        emulator.process.wait()
        with pytest.raises(EmulatorGoneError, match=r"ended with status -9 while it was needed"):
            emulator.require()


OWNER = """
import pathlib, sys, time
from analysis.emulator import running
with running() as emulator:
    pathlib.Path(sys.argv[1]).write_text(str(emulator.process.pid))
    time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc to look into")
def test_an_emulator_ends_when_its_owner_is_killed(tmp_path):
    pid = tmp_path / "pid"
    owner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            OWNER,
            str(pid),
        ]
    )
    at_last(lambda: pid.exists() and pid.read_text())
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    emulator = Path("/proc") / pid.read_text()
    at_last(lambda: not emulator.exists() or "emulator.server" not in (emulator / "cmdline").read_text())
