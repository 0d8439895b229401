"""What a file is good for, and the command to run next: the first thing that a new user asks."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from scaling_cli.data.names import normalise
from scaling_cli.data.samples.columns import ALIASES, MODELS
from scaling_cli.numbers.format import escape
from scaling_cli.numbers.surface import SURFACE, has_params_and_tokens
from scaling_cli.options.reading import Reading
from scaling_cli.options.words import words_for
from scaling_cli.report.pages.facts import stated
from scaling_cli.report.pages.page import Facts
from scaling_cli.results.columns import ColumnsResult

# A column called model or arch often names the run.
GROUPS = frozenset(
    {"optimizer", "modelfamily", "family", "dataset", "corpus", "data", "architecture", "recipe", "mixture"}
)
SAME = 2.0  # factor between the fewest and the most tokens per param below which runs lie along one ratio


def next_steps(result: ColumnsResult, paths: Sequence[str], options: Mapping[str, object]) -> Facts:
    """`good for` and `next`, as facts of a page; `options` are those with which the columns were read."""
    file = shlex.join(paths) if len(paths) == 1 else "RUNS" if paths else "FILE"
    if result.problem:
        names = [*result.others, *(name for role in result.roles for name in role.origin.split(" or "))]
        if not _is_sampling_log(names):
            return []
        by = next((name for name in names if normalise(name) in MODELS), "")
        command = f"scaling inference-coverage {file}" + (f" --by {shlex.quote(by)}" if by else "")
        return [("good for", "pass@k: this looks like a log of repeated attempts"), ("next", escape(command))]
    varied = {role.role for role in result.roles if role.low is not None and role.high is not None
              and role.low < role.high}  # fmt: skip
    likely = next((name for name in result.others if normalise(name).replace("_", "") in GROUPS), "")
    group = "" if options.get("by") else likely
    words = (*(("--by", group) if group else ()), *words_for(Reading, options))
    command = " ".join([f"scaling fit {file}", *map(shlex.quote, words)]) if varied & {*SURFACE, "compute"} else ""
    return stated(("good for", _uses(varied, group, is_line=_is_line(result))), ("next", escape(command)))


def _is_line(result: ColumnsResult) -> bool:
    """Whether tokens grow in proportion to params, or nearly so: then no other split can be judged."""
    low, high = result.tokens_per_param or (1.0, 1.0)
    return high < SAME * low


def _is_sampling_log(names: Sequence[str]) -> bool:
    known = {normalise(name) for name in names}
    has = {role: any(known & set(tier) for tier in ALIASES[role]) for role in ALIASES}
    return has["problem"] and (has["correct"] or (has["n"] and has["c"]))


def _uses(varied: set[str], group: str, *, is_line: bool) -> str:
    if not varied & {*SURFACE, "compute"}:
        return ""
    uses = ["a law of the loss (fit)", "the loss of larger runs (extrapolate)"]
    if has_params_and_tokens(varied) and not is_line:
        uses.append("the best split of a budget (optimal-allocation)")
    if group:
        uses.append(f"whether exponents differ (compare-exponents --by {escape(shlex.quote(group))})")
    return ", ".join(uses)
