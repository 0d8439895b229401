"""Which column of a sampling log plays which role.

Names are compared as `names.normalise` folds them. Aliases come in tiers: the best tier that occurs wins, and two
columns of one tier are a tie, which is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scaling_cli.data.names import listing, normalise, unknown
from scaling_cli.data.runs.columns import IGNORE
from scaling_cli.errors import UsageError

ROLES = ("problem", "attempt", "correct", "n", "c", "score", "verified", "answer", "cluster")
ALIASES: dict[str, tuple[tuple[str, ...], ...]] = {
    "problem": (
        ("problem_id", "problem_idx", "problem", "question_id", "prompt_id", "instance_id", "behavior_id"),
        ("task_id", "doc_id"),
        ("id", "i"),
        ("name",),
    ),
    "attempt": (("attempt", "attempt_id", "sample_id", "completion_id", "epoch", "trial", "seed"), ("run", "n")),
    "correct": (
        ("correct", "is_correct", "passed", "success", "resolved", "solved", "is_corrects", "corrects"),
        ("flagged", "score", "acc", "exact_match", "pass_1", "pass@1", "reward"),
    ),
    "n": (("n", "num_samples", "num_samples_total", "n_samples"), ("total", "attempts", "trials")),
    "c": (("c", "num_correct", "num_samples_correct", "n_correct"), ("correct", "passes", "successes")),
}
GENERIC = frozenset({"id", "i", "name"})  # names that may be of anything
CURVE_COLUMNS = ("scaling_parameter", "k")  # of files with a row for each problem and k
MODELS = ("model", "model_name", "model_id")  # never pooled
TASKS = ("task", "task_name", "benchmark", "dataset", "subset", "modality")  # part of a problem's name, if not grouped


def choose(names: Sequence[str], mapping: Mapping[str, str], role: str) -> str | None:
    """The column of a role, by the mapping or by the aliases; None where there is none.

    Raises:
        UsageError: The mapping names no column, or two columns tie.
    """
    if role in mapping:
        if mapping[role] == IGNORE:
            return None
        if mapping[role] not in names:
            raise unknown("column", mapping[role], names)
        return mapping[role]
    taken = set(mapping.values())
    for tier in ALIASES.get(role, ()):
        found = [name for name in names if normalise(name) in tier and name not in taken]
        if len(found) > 1:
            raise UsageError(
                f"{listing(found)} could each be the column of {role}.", hint=f"Choose with --{role} {found[0]}."
            )
        if found:
            return found[0]
    return None


def rivals(names: Sequence[str], role: str, taken: str) -> list[str]:
    """The columns that would have been chosen for a role, were `taken` not there, by names that are no less telling."""
    tiers = [tier for tier in ALIASES[role] if not GENERIC.intersection(tier)]
    if not any(normalise(taken) in tier for tier in tiers):
        return []
    return [name for name in names if name != taken and any(normalise(name) in tier for tier in tiers)]


def check_roles(mapping: Mapping[str, str]) -> None:
    """Refuse roles that do not exist."""
    for role in mapping:
        if role not in ROLES:
            raise unknown("role", role, ROLES)


def named(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The columns whose folded name is one of `wanted`."""
    return [name for name in names if normalise(name) in wanted]
