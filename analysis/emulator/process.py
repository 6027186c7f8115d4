"""The emulator as a process of its own: started on a free port of this machine, watched, ended with the block that wants it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import ipaddress
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias, cast
from urllib.parse import urlsplit

from analysis.scratch import scratch_directory

ACCOUNT = (
    "123456789012"  # the account that moto gives to keys it does not know, and AWS's documentation to its examples
)
REGION = "us-east-1"
LOOPBACK = "127.0.0.1"

# Starting means importing moto: two seconds alone, far more beside other work on two cores.
START_TIMEOUT_S = 120.0
END_TIMEOUT_S = 5.0

Answerer: TypeAlias = Literal["moto", "front", "patched", "declared", "unimplemented"]
"""Who answered: moto as it is, the front in its place, moto with an answer or a class corrected, a declaration, nobody (400)."""


class EmulatorError(Exception):
    """The emulator cannot be had or reached; the message says why and what to do about it."""


class EmulatorGoneError(EmulatorError):
    """The emulator ended while it was needed."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to the emulator: service and operation as botocore names them, HTTP status, who answered, error code if any.

    `strange` is what AWS's own model says against it, such as a word that is no choice; moto answers all the same.
    """

    service: str
    operation: str
    status: int
    answered: Answerer
    error: str = ""
    seconds: float = 0.0
    strange: str = ""


@dataclass(frozen=True)
class Keys:
    """What a run alone knows, drawn anew for each: the key that AWS's calls are signed with, and the token of the control paths.

    Every user of the machine and every page open in a browser reaches 127.0.0.1; without these the emulator answers 403.
    """

    key_id: str = field(default_factory=lambda: secrets.token_hex(16))
    secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    control: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)


@dataclass(frozen=True)
class Emulator:
    """A running emulator."""

    endpoint: str
    version: str
    scratch: Path
    process: subprocess.Popen[str]
    keys: Keys

    def alive(self) -> bool:
        """Whether its process still runs."""
        return self.process.poll() is None

    def require(self) -> None:
        """Nothing while it runs; raises EmulatorGoneError, with its last words, once it has ended."""
        if not self.alive():
            raise EmulatorGoneError(
                f"the emulated AWS at {self.endpoint} ended with status {self.process.returncode} while it was needed"
                f"{_last_words(self.scratch)}; run the command again"
            )

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The environment for Terraform, the AWS CLI or a script: nothing of the user's AWS_*, and keys without worth."""
        kept = {name: value for name, value in inherited.items() if not name.startswith("AWS_")}
        return kept | settings(self.endpoint, self.keys)

    def client_arguments(self, region: str = REGION) -> dict[str, Any]:
        """The keyword arguments of `boto3.client` for this emulator."""
        return {
            "endpoint_url": local(self.endpoint),
            "region_name": region,
            "aws_access_key_id": self.keys.key_id,
            "aws_secret_access_key": self.keys.secret,
        }

    def calls(self) -> tuple[Call, ...]:
        """Every call so far, in the order of the answers."""
        try:
            lines = (self.scratch / "calls.jsonl").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        found = []
        for line in lines:
            try:
                found.append(Call(**json.loads(line)))
            except ValueError:  # the last line may still be being written
                continue
        return tuple(found)

    def declare(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Lets later calls be answered as declared: see `control`. Raises EmulatorError for an answer that AWS could not give."""
        _post(f"{self.endpoint}/_front/declare", list(rows), self.keys)

    @contextmanager
    def copy(self) -> Iterator[Copy]:
        """An emulator with the same resources, in a process of its own, ended with the block; what is done to it stays there."""
        self.require()
        said = _post(f"{self.endpoint}/_front/fork", {}, self.keys)
        copy = Copy(said["endpoint"], self.version, Path(said["scratch"]), self.process, self.keys, said["pid"])
        try:
            yield copy
        finally:
            with suppress(ProcessLookupError):
                os.kill(copy.pid, signal.SIGTERM)
            shutil.rmtree(copy.scratch, ignore_errors=True)


@dataclass(frozen=True)
class Copy(Emulator):
    """A copy of an emulator; `process` is that of the original, with which it ends."""

    pid: int

    def alive(self) -> bool:
        """Whether its process still runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def require(self) -> None:
        """Nothing while it runs; raises EmulatorGoneError once it has ended."""
        if not self.alive():
            raise EmulatorGoneError(
                f"the emulated AWS at {self.endpoint} ended while it was needed; run the command again"
            )


def _post(url: str, document: object, keys: Keys) -> dict[str, Any]:
    """The answer of the front's own paths. Raises EmulatorError with its sentence, EmulatorGoneError where nobody answers."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {keys.control}"}
    request = urllib.request.Request(url, json.dumps(document).encode(), headers)  # noqa: S310 - loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=START_TIMEOUT_S) as answer:
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise EmulatorError(json.load(error).get("error", str(error))) from None
    except OSError as error:
        raise EmulatorGoneError(f"the emulated AWS does not answer ({error}); run the command again") from None
    return found


def settings(endpoint: str, keys: Keys) -> dict[str, str]:
    """The variables that send AWS's own tools to an endpoint of this machine; raises EmulatorError for any other endpoint."""
    return {
        "AWS_ENDPOINT_URL": local(endpoint),
        "AWS_ACCESS_KEY_ID": keys.key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # What nobody implements is refused at once; three tries are for a machine that is busy.
        "AWS_MAX_ATTEMPTS": "3",
        "AWS_PAGER": "",
    }


def local(endpoint: str) -> str:
    """The endpoint, if it is an address of this machine; raises EmulatorError for one that would leave it.

    A name is refused, even `localhost`: what it stands for is decided elsewhere. So is an address that only looks local.
    """
    parts = urlsplit(endpoint)
    try:
        address = ipaddress.ip_address(parts.hostname or "")
        has_port = bool(parts.port)
    except ValueError:
        address, has_port = None, False
    if parts.scheme != "http" or address is None or not address.is_loopback or not has_port or parts.username:
        raise EmulatorError(
            f"{endpoint}: refused, because this would leave the machine; only an emulator at http://127.0.0.1:PORT is spoken to"
        )
    return endpoint.rstrip("/")


@contextmanager
def running(port: int = 0, *, start_timeout_s: float = START_TIMEOUT_S) -> Iterator[Emulator]:
    """An emulator with an empty account, on a free port of 127.0.0.1 (or on `port`), ended when the block is left.

    Its process also ends by itself when this one dies, however it dies. Raises EmulatorError where moto is not installed, the
    port is taken, or nothing answers in time.
    """
    version = moto_version()
    # The scratch directory also takes what moto writes to disk (S3 bodies), so that nothing outlives the block.
    with scratch_directory("gameday-emulator-") as scratch:
        keys = Keys()
        process = _started(scratch, port, keys)
        try:
            endpoint = _announced(process, scratch, port, start_timeout_s)
            yield Emulator(endpoint, version, scratch, process, keys)
        finally:
            _end(process)


def moto_version() -> str:
    """The version of moto; raises EmulatorError where it, or what its server needs, is missing."""
    missing = [name for name in ("moto", "flask", "flask_cors") if importlib.util.find_spec(name) is None]
    if missing:
        raise EmulatorError(
            f"{missing[0]} is not installed, and without it there is no emulated AWS; pip install 'gameday-notebook[emulator]'"
        )
    return importlib.metadata.version("moto")


def _started(scratch: Path, port: int, keys: Keys) -> subprocess.Popen[str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "MOTO_")) and name.lower() not in {"http_proxy", "https_proxy", "all_proxy"}
    }
    temporary = scratch / "tmp"
    temporary.mkdir()
    with (scratch / "stderr").open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own module, run by our own interpreter
            [sys.executable, "-m", "analysis.emulator.server", str(port), str(scratch / "calls.jsonl")],
            env=inherited | {"TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,  # closed when this process dies, by which the emulator knows
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,  # Ctrl-C is ours to handle: the emulator must outlive the Terraform that uses it
        )
    with suppress(BrokenPipeError):  # it has ended already, which `_announced` says with its last words
        pipe = cast("IO[str]", process.stdin)  # arguments are seen by every user of the machine; a pipe is not
        pipe.write(json.dumps(asdict(keys)) + "\n")
        pipe.flush()
    return process


def _announced(process: subprocess.Popen[str], scratch: Path, port: int, timeout_s: float) -> str:
    """The endpoint that the emulator prints once it listens."""
    out = cast("IO[str]", process.stdout)
    deadline = time.monotonic() + timeout_s
    while process.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise EmulatorError(f"the emulated AWS did not start within {timeout_s:g} s{_last_words(scratch)}")
        if select.select([out], [], [], min(left, 0.5))[0]:
            line = out.readline()
            if line:
                return local(line.strip())
    wanted = f"port {port} of {LOOPBACK}" if port else f"a free port of {LOOPBACK}"
    raise EmulatorError(f"the emulated AWS did not start on {wanted}{_last_words(scratch)}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def _last_words(scratch: Path) -> str:
    try:
        lines = (scratch / "stderr").read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f" ({last})" if last else ""
