"""An AWS on this machine: moto, behind a front of our own that answers what moto cannot, on 127.0.0.1 and nowhere else.

    with running() as emulator:
        client = boto3.client("ecs", **emulator.client_arguments())      # or, for a process:
        subprocess.run(["aws", "--endpoint-url", emulator.endpoint, ...], env=emulator.environment(os.environ))
        emulator.calls()                                                   # who answered what: moto, the front, or nobody

Every emulator is a process of its own with an account of its own (123456789012, empty), so that two stacks with the same names do
not meet and a crash is seen as one. `invented()` lists what the front answers in moto's place: where it does, a clean plan says
that the configuration comes back as it was sent, not that AWS would take it.

A new case is a new row: an operation that moto lacks in `absent`, an answer that loses something in `edits`, a class that answers
wrongly in `patches`.
"""

from analysis.emulator.invented import invented
from analysis.emulator.process import ACCOUNT, REGION, Call, Emulator, EmulatorError, EmulatorGoneError, local, running
from analysis.emulator.rows import AS_MOTO_HAS_IT, LIMITS, Row, lacking

__all__ = [
    "ACCOUNT",
    "AS_MOTO_HAS_IT",
    "LIMITS",
    "REGION",
    "Call",
    "Emulator",
    "EmulatorError",
    "EmulatorGoneError",
    "Row",
    "invented",
    "lacking",
    "local",
    "running",
]
