"""The runs that the limits allow, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.data.user_texts import read_user_text
from scaling_cli.errors import UsageError
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.numbers.format import count, flops
from scaling_cli.numbers.parse import parse_number
from scaling_cli.record import Record

COMPUTE_LEVELS, RATIO_LEVELS = 15, 17
SMALLEST = 1e-3  # of the budget: the smallest run where nothing is known
SMALLEST_COMPUTE = 1e17  # FLOPs: laws of language models have not been tested far below
LARGEST = 0.5  # of the budget
WIDEST_RATIO = (0.08, 5000.0)  # tokens per param: what the widest usual grid has, +-1.2 decades of params around 20
USUAL_RATIO = 20.0


class Bounds(Record):
    """What one run may be: FLOPs, tokens per param, sizes that exist (any if empty) and most tokens."""

    compute: tuple[float, float]
    ratio: tuple[float, float] = WIDEST_RATIO
    sizes: tuple[float, ...] = ()
    most_tokens: float | None = None


class Candidates(Record):
    """Runs that are possible: their params and tokens `(m,)`."""

    params: Array
    tokens: Array

    @property
    def compute(self) -> Array:
        """FLOPs of each run."""
        return FLOPS_A_PARAM_AND_TOKEN * self.params * self.tokens

    @property
    def columns(self) -> dict[str, Array]:
        """Params, tokens and compute by role."""
        return {"params": self.params, "tokens": self.tokens, "compute": self.compute}

    def joined(self, other: Candidates | None) -> Candidates:
        """These runs and others."""
        if other is None:
            return self
        return Candidates(np.append(self.params, other.params), np.append(self.tokens, other.tokens))


def candidates(
    bounds: Bounds, *, is_surface: bool, levels: tuple[int, int] = (COMPUTE_LEVELS, RATIO_LEVELS)
) -> Candidates:
    """Runs on a grid within the bounds; of laws of one input, only those at 20 tokens per param.

    Raises:
        UsageError: No run is within the bounds.
    """
    low, high = bounds.compute
    compute = np.geomspace(low, high, levels[0]) if high > low * 1.001 else np.array([low])
    ratios = np.geomspace(*bounds.ratio, levels[1]) if is_surface else np.array([np.clip(USUAL_RATIO, *bounds.ratio)])
    if bounds.sizes:
        params, budgets = (grid.ravel() for grid in np.meshgrid(np.array(bounds.sizes), compute, indexing="ij"))
        tokens = budgets / FLOPS_A_PARAM_AND_TOKEN / params
        inside = (tokens / params >= bounds.ratio[0] * 0.999) & (tokens / params <= bounds.ratio[1] * 1.001)
        params, tokens = params[inside], tokens[inside]
    else:
        budgets, ratio = (grid.ravel() for grid in np.meshgrid(compute, ratios, indexing="ij"))
        params = np.sqrt(budgets / FLOPS_A_PARAM_AND_TOKEN / ratio)
        tokens = params * ratio
    if bounds.most_tokens is not None:
        params, tokens = (values[tokens <= bounds.most_tokens * 1.001] for values in (params, tokens))
    if not len(params):
        raise _none(bounds)
    return Candidates(params, tokens)


def _none(bounds: Bounds) -> UsageError:
    least, most = (np.sqrt(bounds.compute[i] / FLOPS_A_PARAM_AND_TOKEN / bounds.ratio[1 - i]) for i in (0, 1))
    return UsageError(
        f"No run of {flops(bounds.compute[0])} to {flops(bounds.compute[1])} FLOPs is within the limits.",
        hint=f"Within {bounds.ratio[0]:g} to {bounds.ratio[1]:g} tokens per param, such runs have {count(least)} to "
        f"{count(most)} params: widen --sizes, --unique-tokens or the range of tokens per param, or lower "
        "--min-compute.",
    )


def compute_bounds(
    budget: float, least: float | None, most: float | None, present: Array | None
) -> tuple[float, float]:
    """The smallest and the largest run in FLOPs: as asked, else by the budget and the runs that there are.

    A budget that pays for less than two of the smallest runs has candidates of that size alone.

    Raises:
        UsageError: The smallest is above the largest.
    """
    if least is not None:
        low = least
    elif present is not None:
        low = float(present.min())
    else:
        low = max(SMALLEST * budget, SMALLEST_COMPUTE)
    if most is None:
        high = max(LARGEST * budget, low)
    else:
        high, low = most, low if least is not None else min(low, most)
    if low > high * (1 + 1e-9):
        raise UsageError(
            f"The smallest run, {flops(low)} FLOPs, is above the largest, {flops(high)} FLOPs.",
            hint="Lower --min-compute, or raise --max-compute.",
        )
    return low, high


def parse_sizes(texts: Sequence[str]) -> tuple[float, ...]:
    """Sizes from text such as `60M,150M`, or from a file with one on each line.

    Raises:
        UsageError: One is not a number above zero.
        DataError: The file cannot be read.
    """
    sizes: set[float] = set()
    for text in texts:
        sizes |= _sizes_of_file(Path(text)) if Path(text).is_file() else _numbers(text, "--sizes")
    if not sizes or min(sizes) <= 0:
        raise UsageError(f"--sizes {', '.join(texts)!r} has no size above 0.", hint="Write it like --sizes 60M,150M.")
    return tuple(sorted(sizes))


def _sizes_of_file(path: Path) -> set[float]:
    """The sizes in a file, without comments behind `#` and a first line that is the name of the column."""
    text = read_user_text(path, "Write one size on each line.")
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    if lines and lines[0].isalpha():
        lines[0] = ""
    return set[float]().union(*(_numbers(line, f"{path}, line {number}") for number, line in enumerate(lines, 1)))


def _numbers(text: str, where: str) -> set[float]:
    """The numbers in a text that commas or blanks separate."""
    try:
        return {parse_number(word) for word in text.replace(",", " ").split()}
    except UsageError as error:
        file = " Or give a file with one size on each line." if where == "--sizes" else ""
        raise UsageError(f"{where}: {error.message}", hint=f"{error.hint}{file}") from None


def shared_budget(whole: str, groups: int) -> tuple[str, ...]:
    """The note that groups with a plan each share a budget; none for one group."""
    return (f"the budget of {whole} is shared equally by {groups} groups",) if groups > 1 else ()
