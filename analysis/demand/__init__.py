"""A scenario becomes arrivals over the night and usage over the month: the bill and the queue see the same crowd."""
