"""What the benchmarks share: processor time, of this process alone."""

import time


def least_s(work, rounds):
    """The least processor time of some rounds, after one that warms up."""
    work()
    found = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)
