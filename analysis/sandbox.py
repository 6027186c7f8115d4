"""A wall by the kernel around a program that reads a stranger's text: what it may write, read, start and connect to.

    confinement = Confinement(writable=(scratch,), executable=(terraform, providers))
    subprocess.run(confinement.argv(["terraform", "plan"]))

Two parts, each used where the machine offers it to an ordinary user: namespaces of its own for files, processes and network, by
bubblewrap or by util-linux' `unshare`; and Landlock (Linux 5.13 and later), which this file asks for when it is run as a program.
Where neither is offered the program runs as it would without; `standing` says which it is. It is the second wall: what may be
refused by reading is refused before anything is started.

https://docs.kernel.org/userspace-api/landlock.html, https://man7.org/linux/man-pages/man7/user_namespaces.7.html
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# Bits and numbers of <linux/landlock.h>; the system calls have these numbers on every architecture.
EXECUTE, WRITE, READ, LIST, LINK = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 12
REFER, TRUNCATE = 1 << 13, 1 << 14  # since the second and third version
MAKE = sum(1 << bit for bit in range(4, 12)) | LINK  # remove and make whatever there is
OF_FILES = EXECUTE | WRITE | READ | TRUNCATE
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
BIND, CONNECT = 1, 2  # since the fourth version
NO_ABSTRACT_SOCKETS, NO_SIGNALS = 1, 2  # since the sixth
NO_NEW_PRIVILEGES = 38  # of <linux/prctl.h>

DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/tty")


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a program may do. `readable` and `executable` None: as its user may; `ports`: to which alone it may connect.

    Without `network` it has none but its own loopback, on which nobody listens, where namespaces are offered.
    """

    writable: tuple[Path, ...]
    readable: tuple[Path, ...] | None = None
    executable: tuple[Path, ...] | None = None
    ports: tuple[int, ...] = ()
    network: bool = False

    def argv(self, command: Sequence[str]) -> list[str]:
        """The command, to be started behind what this machine offers; its first word is an absolute path."""
        inner = list(command)
        if landlock_version():
            inner = [str(Path(sys.executable).resolve()), "-I", "-S", __file__, json.dumps(self._rules()), *inner]
        return [*self._namespaces(), *inner]

    def standing(self) -> str:
        """Which wall stands around a program started so, for a person to read."""
        parts = []
        kind = namespaces()
        if kind:
            what = "processes" if self.network else "network and processes"
            parts.append(f"{'files, ' if kind == 'bwrap' else ''}{what} of its own ({kind})")
        if landlock_version():
            parts.append("Landlock")
        return (
            " and ".join(parts) if parts else "none of the kernel's; this machine offers no namespaces and no Landlock"
        )

    def stands(self) -> bool:
        """Whether the kernel keeps the program from other files."""
        return bool(landlock_version()) or namespaces() == "bwrap"

    def _namespaces(self) -> list[str]:
        kind = namespaces()
        if kind == "unshare":
            return [*_found(UNSHARE), *([] if self.network else ["--net"])]
        if kind != "bwrap":
            return []
        found = [*_found(BWRAP), *(["--share-net"] if self.network else [])]
        if self.readable is None:
            found += ["--ro-bind", "/", "/"]
        else:
            for name in ("/bin", "/sbin", "/lib", "/lib64"):
                if Path(name).is_symlink():
                    found += ["--symlink", str(Path(name).readlink()), name]
            for path in _outermost((*self.readable, Path(__file__), *interpreter())):
                if path.is_symlink() and path.parent == Path("/"):  # as above
                    continue
                found += ["--ro-bind-try", str(path), str(path)]
        found += ["--dev", "/dev", "--proc", "/proc"]
        for path in self.writable:
            found += ["--bind", str(path), str(path)]
        for path in self.readable or ():
            if any(
                path.is_relative_to(outer) for outer in self.writable
            ):  # only to be read, though it lies in what is written
                found += ["--ro-bind-try", str(path), str(path)]
        return found

    def _rules(self) -> dict[str, Any]:
        def texts(paths: Sequence[Path] | None) -> list[str] | None:
            return None if paths is None else [str(path) for path in paths]

        return {
            "write": texts(self.writable),
            "read": texts(self.readable),
            "execute": texts(self.executable),
            "ports": list(self.ports),
        }


BWRAP = ("bwrap", "--unshare-all", "--die-with-parent", "--new-session")
UNSHARE = ("unshare", "--user", "--map-current-user", "--pid", "--ipc", "--uts", "--fork", "--kill-child")


def _found(words: Sequence[str]) -> list[str]:
    """The words with the first as an absolute path: the environment of what is started may name no directory of programs."""
    return [shutil.which(words[0]) or words[0], *words[1:]]


@cache
def namespaces() -> str:
    """By which program namespaces can be had here by an ordinary user: `bwrap`, `unshare`, or empty."""
    tries = {
        "bwrap": (*BWRAP, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        "unshare": (*UNSHARE, "--net"),
    }
    for name, words in tries.items():
        if shutil.which(name):
            done = subprocess.run([*words, "true"], capture_output=True, check=False)  # noqa: S603 - words of our own
            if done.returncode == 0:
                return name
    return ""


@cache
def landlock_version() -> int:
    """The version of Landlock that the kernel has; 0 where it has none or does not let it be used."""
    if sys.platform != "linux":
        return 0
    return max(0, int(ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)))


def interpreter() -> tuple[Path, ...]:
    """The program and the libraries of the Python that runs this, without what is installed for it."""
    base = Path(sys.base_prefix).resolve()
    return (Path(sys.executable).resolve(), base / "lib", base / "lib64")


def _outermost(paths: Sequence[Path]) -> list[Path]:
    return sorted(
        path for path in set(paths) if not any(path != other and path.is_relative_to(other) for other in paths)
    )


def restrict(rules: dict[str, Any]) -> None:
    """Keeps this process, and whatever it starts, to the rules for good. Raises OSError where the kernel will not."""
    version, libc = landlock_version(), ctypes.CDLL(None, use_errno=True)

    def call(*arguments: object) -> int:
        answer = int(libc.syscall(*arguments))
        if answer < 0:
            raise OSError(ctypes.get_errno(), "Landlock: " + os.strerror(ctypes.get_errno()))
        return answer

    read, write, execute = rules["read"], rules["write"], rules["execute"]
    change = WRITE | MAKE | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
    handled = change | (READ | LIST if read is not None else 0) | (EXECUTE if execute is not None else 0)
    network = BIND | CONNECT if version >= 4 else 0
    scope = NO_ABSTRACT_SOCKETS | NO_SIGNALS if version >= 6 else 0
    attributes = struct.pack("=QQQ", handled, network, scope)[: 24 if scope else 16 if network else 8]
    ruleset = call(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)

    def allow(path: str, access: int) -> None:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:  # what is not there needs no permission
            return
        if not Path(path).is_dir():
            access &= OF_FILES
        if access & handled:
            call(ADD_RULE, ruleset, 1, struct.pack("=Qi", access & handled, place), 0)
        os.close(place)

    # A link could lead what is written later to a place outside, so where reading is bounded none can be made.
    for path in write:
        allow(path, (change if read is None else change & ~LINK) | READ | LIST)
    for path in DEVICES:
        allow(path, WRITE | READ)
    for path in read or ():
        allow(path, READ | LIST)
    for path in execute or ():
        allow(path, EXECUTE | READ | LIST)
    for port in rules["ports"] if network else ():
        call(ADD_RULE, ruleset, 2, struct.pack("=QQ", CONNECT, port), 0)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    call(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


if __name__ == "__main__":
    try:
        restrict(json.loads(sys.argv[1]))
        os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - the command that is confined
    except OSError as error:
        sys.exit(f"{sys.argv[2]} was not started: {error.strerror}")
