"""What stands in a stack's arguments and what they refer to, read in one place for cost, capacity, proofs and diagrams."""
