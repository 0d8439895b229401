"""Exponents of the best params by every IsoFLOP profile, compared with those that Porian et al. 2024 published.

    python -m benchmarks isoflop_profiles

Needs the points of arXiv:2406.19146 in the folder of public data. Published intervals are from an unweighted bootstrap.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

from pathlib import Path

import polars as pl

from scaling_cli import optimal_allocation

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "porian"


def main() -> None:
    """Print a Markdown table."""
    published = pl.read_csv(FOLDER / "published_fits.csv").filter(fit="basic", quantity="n_exponent")
    by_name = {row["config_id"]: row for row in published.iter_rows(named=True)}
    report = optimal_allocation(
        FOLDER / "isoflop_points.csv",
        approach="isoflop",
        profile="akima",
        by=["config_id"],
        map={"compute": "flops"},
        interval="none",
        objective="least-squares",
    )
    print("| configuration | published | akima | exact | parabola |")
    print("| --- | --- | --- | --- | --- |")
    for result in report.results:
        row = by_name[result.group["config_id"]]
        exponents = {profile.profile: profile.params_exponent for profile in result.profiles}
        shown = " | ".join(
            "-" if exponents.get(name) is None else f"{exponents[name]:.4f}" for name in ("akima", "exact", "parabola")
        )
        span = f"{row['estimate']:.4f} [{row['boot_lo95']:.4f}, {row['boot_hi95']:.4f}]"
        print(f"| {row['config_id'].replace('|', ' ')} | {span} | {shown} |")


if __name__ == "__main__":
    main()
