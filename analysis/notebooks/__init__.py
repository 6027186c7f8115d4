"""Notebooks executed with other numbers, and what they show of the stacks: `gameday notebook`."""
