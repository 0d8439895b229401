"""Complete points from other rows of their runs: values that stand on other rows, and counters that started again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import polars as pl

from scaling_cli.caveats import Caveat
from scaling_cli.data.runs.canonical import AFTER_GROUP
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.rows import token_counter
from scaling_cli.data.runs.rows.sparse_rows import are_sparse, filled
from scaling_cli.data.runs.select import EARLIEST, FIRST_LOSS, LOWEST, PEAK, RATE, Selection
from scaling_cli.data.runs.table import BY
from scaling_cli.record import replace

NO_LOSS = "no loss"


class Completion:
    """Completes rows or points of runs, and gathers caveats about that."""

    def __init__(self, read: Callable[[], pl.LazyFrame], plan: Plan, run_names: Mapping[str, str]) -> None:
        """`read` makes all rows under canonical names; `run_names` has the names of runs that are files."""
        self._read = read
        self.plan = plan
        self.run_names = run_names
        self.caveats: tuple[Caveat, ...] = ()
        self.has_mended_rows = False

    @cached_property
    def rows(self) -> pl.LazyFrame:
        """All rows, made only where they are needed: most tables have one row per run."""
        return self._read()

    def of_rows(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Rows whose tokens are complete, for a choice of points by tokens."""
        if not self._counts_tokens:
            return rows
        falls = token_counter.find_falls(self.rows)
        if not falls.restarts.is_empty():
            rows = token_counter.mended(rows.collect(engine="streaming"), falls).lazy()
            self.rows = token_counter.mended(self.rows.collect(engine="streaming"), falls).lazy()
        self.has_mended_rows = True
        self._tell(falls, self.rows.select(pl.col("run_id").n_unique()).collect(engine="streaming").item())
        if are_sparse(rows, "tokens"):
            evaluations = rows.filter(pl.col("loss").is_not_null()).collect(engine="streaming")
            return filled(evaluations, self.rows, ["params", "tokens", "compute"])[0].lazy()
        return rows

    def of_points(self, selection: Selection) -> Selection:
        """The chosen points with what other rows of their runs hold, and with tokens before restarts added."""
        if not self.plan.has_runs:
            return selection
        skipped = ("run_id", "step", "loss", EARLIEST, FIRST_LOSS, PEAK, LOWEST, RATE)
        points = selection.points
        roles = [name for name in points.columns if name not in skipped and not name.startswith(BY)]
        points, found = filled(points, self.rows, roles)
        if found and NO_LOSS in selection.excluded:  # rows that give points their values are not left out
            excluded = dict(selection.excluded)
            selection = replace(selection, total=selection.total - excluded.pop(NO_LOSS), excluded=excluded)
        if self._counts_tokens and not self.has_mended_rows:
            points = self._with_all_tokens(points, is_filled="tokens" in found)
        return replace(selection, points=points)

    @property
    def _counts_tokens(self) -> bool:
        return self.plan.has_curves and "tokens" in self.plan.chosen

    def _with_all_tokens(self, points: pl.DataFrame, *, is_filled: bool) -> pl.DataFrame:
        runs = token_counter.suspects(points.drop(RATE, strict=False) if is_filled else points)
        if runs.is_empty():
            return points
        falls = token_counter.find_falls(self.rows, runs)
        self._tell(falls, points["run_id"].n_unique())
        return token_counter.mended(points, falls)

    def _tell(self, falls: token_counter.Falls, runs: int) -> None:
        found = token_counter.doubts(falls, self.plan.chosen["tokens"].column, runs, self._name)
        self.caveats = (*self.caveats, *found)

    def _name(self, run: str) -> str:
        name = run.rpartition(AFTER_GROUP)[2]
        return self.run_names.get(name, name)
