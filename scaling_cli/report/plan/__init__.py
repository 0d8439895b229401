"""How `scaling plan` looks: the answer, the runs, the intervals to expect, and charts."""
