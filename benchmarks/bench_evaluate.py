"""How long the evaluation of the largest own stack takes, without parsing: under 50 ms on an idle core.

The limit is scaled by how fast this machine is just now, measured on plain Python in the same run: the figure of 50 ms is one for
a core that counts to two million in a loop in 0.1 s.
"""

import time
from pathlib import Path

import pytest

from analysis.terraform.inputs import root_inputs
from analysis.terraform.modules import ModuleInstance
from analysis.terraform.resolve import resolve
from analysis.terraform.stack import Stack

STACKS = Path(__file__).parents[1] / "terraform" / "stacks"
LIMIT_S = 0.050
REFERENCE_S = 0.100
ROUNDS = 15


def counting_s() -> float:
    start = time.process_time()
    total = 0
    for number in range(2_000_000):
        total += number
    return time.process_time() - start


def architecture(directory, modules):
    stack = Stack(directory, None, {})
    stack.modules.update(modules)
    root = ModuleInstance(stack, stack.module(stack.root), "")
    return resolve(root, root_inputs(stack, root, {}, (), {}), directory.name)


def parsed_modules(directory):
    stack = Stack(directory, None, {})
    root = ModuleInstance(stack, stack.module(stack.root), "")
    resolve(root, root_inputs(stack, root, {}, (), {}), directory.name)
    return stack.modules


def largest():
    loaded = [
        (directory, parsed_modules(directory)) for directory in sorted(STACKS.glob("*")) if list(directory.glob("*.tf"))
    ]
    return max(loaded, key=lambda pair: len(architecture(*pair).resources))


def test_the_largest_own_stack_is_evaluated_within_the_limit(benchmark):
    directory, modules = largest()
    speeds, times = [], []

    def once():
        start = time.process_time()
        result = architecture(directory, modules)
        times.append(time.process_time() - start)
        speeds.append(counting_s())
        return result

    result = benchmark.pedantic(once, rounds=ROUNDS, warmup_rounds=1)
    slowdown = max(1.0, min(speeds) / REFERENCE_S)
    print(
        f"{directory.name}: {len(result.resources)} resources in {1000 * min(times):.0f} ms, "
        f"on a core {slowdown:.2f} times as slow as the reference"
    )
    assert len(result.resources) > 30
    assert min(times) <= LIMIT_S * slowdown


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-s"]))
