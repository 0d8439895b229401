"""Start-up time of the command, compared with the interpreter and the libraries that it needs.

    python -m benchmarks startup [ROUNDS]

The figures are medians of CPU time over interleaved rounds, so that other work on the machine affects all commands.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from benchmarks.measure import cost, scaling

SAMPLE = Path(__file__).parents[1] / "sample_data" / "isoflop_runs.csv"
BARE, NUMPY, BOTH = "pass", "import numpy", "import numpy, polars"
# The arguments of each command, what it is compared with, and the largest ratio.
COMMANDS = {
    "scaling --version": (["--version"], BARE, 2.0),
    "scaling --help": (["--help"], NUMPY, 1.0),
    "scaling fit (no interval)": (["fit", str(SAMPLE), "--interval", "none", "--plot", "never"], BOTH, 1.2),
}


def main() -> None:
    """Print medians in milliseconds, and ratios with their limits."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    seconds: dict[str, list[float]] = {name: [] for name in (BARE, NUMPY, BOTH, *COMMANDS)}
    for _ in range(rounds):
        for code in (BARE, NUMPY, BOTH):
            seconds[code].append(cost(["-c", code]).seconds)
        for name, (arguments, _, _) in COMMANDS.items():
            seconds[name].append(scaling(*arguments).seconds)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for code in (BARE, NUMPY, BOTH):
        print(f"{f'python -c {code!r}':<34}{1e3 * medians[code]:8.1f} ms")
    for name, (_, against, most) in COMMANDS.items():
        ratio = f"{medians[name] / medians[against]:.2f}x {against} (at most {most:g}x)"
        print(f"{name:<34}{1e3 * medians[name]:8.1f} ms  {ratio}")


if __name__ == "__main__":
    main()
