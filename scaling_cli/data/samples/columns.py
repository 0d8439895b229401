"""Which column of a sampling log is read for each role.

Names are compared in the form that `names.normalise` gives. The aliases of a role are listed in tiers, the best first;
two columns of the same tier are an error, never guessed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from scaling_cli.data.names import listing, normalise, unknown
from scaling_cli.data.runs.columns import IGNORE
from scaling_cli.errors import UsageError
from scaling_cli.options.inference_coverage import ROLES, Samples

# Of attempts, if they hold whole numbers: the text of an attempt may have these names too.
NUMBERED = ("sample", "completion", "generation", "rollout", "repeat", "repetition", "try")
ALIASES: dict[str, tuple[tuple[str, ...], ...]] = {
    "problem": (
        ("problem_id", "problem_idx", "problem", "question_id", "prompt_id", "instance_id", "behavior_id"),
        ("task_id", "doc_id"),
        ("question_idx", "question_index", "prompt_idx", "problem_index", "item_id", "example_id"),
        ("id", "i"),
        ("name",),
        ("question",),
    ),
    "attempt": (
        ("attempt", "attempt_id", "sample_id", "completion_id", "epoch", "trial", "seed"),
        (
            *(
                "attempt_idx",
                "attempt_index",
                "attempt_number",
                "attempt_no",
                "sample_idx",
                "sample_index",
                "sample_no",
            ),
            *("completion_idx", "completion_index", "generation_id", "generation_idx", "rollout_id", "rollout_idx"),
            *("trial_id", "trial_idx", "try_idx", "repeat_id", "repeat_idx"),
        ),
        ("run", "n"),
        NUMBERED,
    ),
    "correct": (
        ("correct", "is_correct", "passed", "success", "resolved", "solved", "is_corrects", "corrects", "graded_list"),
        ("flagged", "score", "acc", "exact_match", "pass_1", "pass@1", "reward"),
    ),
    "n": (
        ("n", "num_samples", "num_samples_total", "n_samples"),
        (
            "total",
            "attempts",
            "trials",
            "n_total",
            "num_total",
            "num_attempts",
            "n_attempts",
            "num_trials",
            "n_trials",
            "total_count",
        ),
    ),
    "c": (
        ("c", "num_correct", "num_samples_correct", "n_correct"),
        ("correct", "passes", "successes", "num_passed", "n_passed", "correct_count", "pass_count"),
        ("passed", "success", "solved", "resolved"),
    ),
}
SETTINGS = (  # of sampling: attempts of one problem that differ in them have different chances
    *(
        "temperature",
        "temp",
        "top_p",
        "top_k",
        "min_p",
        "prompt_name",
        "prompt_version",
        "template",
        "n_shot",
        "num_shots",
    ),
    *("shots", "num_fewshot", "max_tokens", "reasoning_effort", "thinking", "checkpoint", "revision"),
)
GENERIC = frozenset({"id", "i", "name", "question"})  # names that other things than problems may have, too
RATE = re.compile(
    r"(.*_)?((pass|coverage)(@|_at_|_)(k|\d+)([,_].*)?"
    r"|(pass|solve|success|correct|win|accept(ance)?)_?(rate|ratio|share|frac|fraction|prob|probability|percent|percentage)"
    r"|(mean|avg|average)_(correct|pass|passed|success|solved|acc|accuracy|score|reward))"
)
CURVE_COLUMNS = ("scaling_parameter", "k")  # of files with one row for each problem and k
MODELS = (
    "model",
    "model_name",
    "model_id",
    "model_path",
    "model_version",
    "llm",
)  # attempts of different models are never pooled
PARTS = (  # of the attempts at a problem, which are alike, so that counts of several of them add up
    *("seed", "random_seed", "sampling_seed", "shard", "shard_id", "shard_idx", "shard_index"),
    *("chunk", "chunk_id", "part", "worker", "worker_id", "rank"),
)
TASKS = (
    "task",
    "task_name",
    "benchmark",
    "dataset",
    "subset",
    "modality",
)  # part of a problem's name, unless they are groups


def choose(names: Sequence[str], mapping: Mapping[str, str], role: str) -> str | None:
    """The column of a role, from the mapping or from the aliases, or None.

    Raises:
        UsageError: The mapping names a column that does not exist, or two columns fit equally well.
    """
    if role in mapping:
        if mapping[role] == IGNORE:
            return None
        if mapping[role] not in names:
            raise unknown("column", mapping[role], names)
        return mapping[role]
    taken = set(mapping.values())
    for tier in ALIASES.get(role, ()):
        columns = [name for name in names if normalise(name) in tier and name not in taken]
        if len(columns) > 1:
            raise UsageError(
                f"Several columns could be {role}: {listing(columns)}.",
                hint=f"Choose one, such as --{role} {shlex.quote(columns[0])}.",
            )
        if columns:
            return columns[0]
    return None


def rivals(names: Sequence[str], role: str, taken: str) -> list[str]:
    """The columns besides `taken` that could have been chosen for a role; none if `taken` has a generic name."""
    tiers = [tier for tier in ALIASES[role] if not GENERIC.intersection(tier)]
    if not any(normalise(taken) in tier for tier in tiers):
        return []
    return [name for name in names if name != taken and any(normalise(name) in tier for tier in tiers)]


def check_roles(mapping: Mapping[str, str]) -> None:
    """Refuse roles that do not exist.

    Raises:
        UsageError: The mapping has such a role.
    """
    for role in mapping:
        if role not in ROLES:
            raise unknown("role", role, ROLES)


def check_named(names: Sequence[str], reading: Samples) -> None:
    """Refuse a role whose column does not exist, whatever the layout: a log may have no use for the role.

    Raises:
        UsageError: There is one.
    """
    for column in reading.mapping.values():
        if column not in (*names, IGNORE):
            raise unknown("column", column, names)


def named(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The columns whose normalised name is one of `wanted`."""
    return [name for name in names if normalise(name) in wanted]


def is_pass_rate(name: str) -> bool:
    """Whether a column is called pass@10, coverage_at_k, pass_rate or the like, which are shares and not outcomes."""
    return RATE.fullmatch(normalise(name)) is not None
