"""Start-up time of the command, compared with the interpreter and the libraries that it needs.

    python benchmarks/startup.py [ROUNDS]

The figures are medians over interleaved rounds, so that other work on the machine affects all commands. The installed
script `scaling` is timed if it exists, and `python -m scaling_cli` otherwise.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "sample_data" / "isoflop_runs.csv"
BARE, NUMPY, BOTH = "python -c pass", "python -c 'import numpy'", "python -c 'import numpy, polars'"
COMPARED = {
    "scaling --version": (BARE, 2.0),
    "scaling --help": (NUMPY, 1.0),
    "scaling fit (no interval)": (BOTH, 1.4),
}


def main() -> None:
    """Print medians in milliseconds, and ratios with their limits."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    script = Path(sys.executable).with_name("scaling")
    scaling = [str(script)] if script.exists() else [shutil.which("python") or sys.executable, "-m", "scaling_cli"]
    commands = {
        BARE: [sys.executable, "-c", "pass"],
        NUMPY: [sys.executable, "-c", "import numpy"],
        BOTH: [sys.executable, "-c", "import numpy, polars"],
        "scaling --version": [*scaling, "--version"],
        "scaling --help": [*scaling, "--help"],
        "scaling fit (no interval)": [*scaling, "fit", str(SAMPLE), "--interval", "none", "--plot", "never"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, median in medians.items():
        against, most = COMPARED.get(name, ("", 0.0))
        ratio = f"  {median / medians[against]:.2f}x {against} (at most {most:g}x)" if against else ""
        print(f"{name:<34}{1e3 * median:8.1f} ms{ratio}")


if __name__ == "__main__":
    main()
