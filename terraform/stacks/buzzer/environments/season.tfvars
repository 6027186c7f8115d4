# All that the briefs ask for: every value is the stack's own.
