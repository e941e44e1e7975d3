"""Questions about values: understood as a plan, computed from stored facts, answered with every operand cited."""
