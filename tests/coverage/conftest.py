import polars as pl
import pytest

from scaling_cli.coverage.counts import Counts
from scaling_cli.points.samples import counts_of

PYTHIA = ("70M", "160M", "410M", "1B", "2.8B", "6.9B", "12B")


@pytest.fixture(scope="session")
def pythia(shared_data) -> dict[str, Counts]:
    """Seven Pythia models on 128 MATH problems, 10,000 attempts each."""
    rows = pl.read_csv(shared_data / "pythia_math" / "counts.csv")
    return {name: counts_of(rows.filter(pl.col("model") == f"Pythia {name}")) for name in PYTHIA}


@pytest.fixture(scope="session")
def stopped(shared_data) -> tuple[Counts, list[int]]:
    """Attempts in batches of 60 until one succeeded, and where each problem's first success lies."""
    rows = pl.read_parquet(shared_data / "bon_llama3_attempts" / "attempts.parquet")
    first = (pl.col("attempt").filter(pl.col("correct")).min() + 1).fill_null(0)
    table = rows.group_by("problem_id", maintain_order=True).agg(n=pl.len(), c=pl.col("correct").sum(), first=first)
    return counts_of(table), table["first"].to_list()
