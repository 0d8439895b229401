"""Which rows of sampling logs may be counted together: what is refused, and what gets a caveat."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.files.inputs import BY_FILE
from scaling_cli.data.names import listing, shortened
from scaling_cli.data.runs.table import left_out
from scaling_cli.data.samples.columns import MODELS, SETTINGS, TASKS, named, rivals
from scaling_cli.data.samples.log import SamplingLog
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import percent

FEWEST_MIXED = 15  # problems with successes and failures, whose counts agree in two files hardly ever
SIMILAR = 0.01  # of the problems: fewer names that are written alike hardly change coverage
CHANCE = 1e-4  # p-value of the difference between files, over their number


def refuse_models(log: SamplingLog) -> None:
    """Refuse to pool the attempts of several models.

    Raises:
        UsageError: A column that is not a group names several models.
    """
    for name in named(log.schema.names(), MODELS):
        if name in log.options.by or log.schema[name].is_nested():
            continue
        count = log.rows.select(pl.col(name).n_unique()).collect(engine="streaming").item()
        if count > 1:
            raise UsageError(
                f"Column {name!r} names {count} models, whose attempts must not be pooled.",
                hint=f"Analyse each model with --by {log.by_also(name)}, or keep one with --where.",
            )


def refuse_filters(log: SamplingLog) -> None:
    """Refuse to count a document once for each filter that lm-eval scored it under.

    Raises:
        UsageError: There are several filters, and they are not groups.
    """
    if "filter" not in log.schema or "filter" in log.options.by or "doc_id" not in log.schema:
        return
    filters = log.rows.select(pl.col("filter").unique().sort()).collect(engine="streaming")["filter"].to_list()
    if len(filters) > 1:
        raise UsageError(
            f"Each document was scored under {len(filters)} filters: {listing([str(name) for name in filters])}.",
            hint=f"Keep one: --where \"filter = '{filters[0]}'\", or give --by {log.by_also('filter')}.",
        )


def refuse_documents(log: SamplingLog) -> None:
    """Refuse to count different documents of lm-eval under one number as one problem.

    Raises:
        UsageError: A number has several documents in a group, as in files of several tasks.
    """
    number, content = "doc_id", "doc_hash"
    if not {number, content} <= set(log.schema.names()) or "problem" in log.options.mapping:
        return
    key = list(dict.fromkeys((*log.options.by, *log.tasks, number)))
    contents = log.rows.group_by(key).agg(pl.col(content).drop_nulls().n_unique())
    if (contents.select(pl.col(content).max()).collect(engine="streaming").item() or 0) > 1:
        raise UsageError(
            f"One {number} names several documents, which have different values of {content}, as in files of several "
            "tasks.",
            hint=f"Give --by {log.by_also(BY_FILE)} for one curve per file, --problem {content} to pool the documents "
            f"of all tasks, or --problem {number} if they are one problem, whose text changes between attempts.",
        )


def tasks_of(log: SamplingLog) -> tuple[tuple[str, ...], list[Caveat]]:
    """Columns of tasks, which become part of a problem's name, with a caveat that several tasks are pooled."""
    used = (*log.options.by, *log.options.mapping.values())
    candidates = [name for name in named(log.schema.names(), TASKS) if name not in used]
    candidates = [name for name in candidates if not log.schema[name].is_nested()]
    if not candidates:
        return (), []
    counts = log.rows.select(pl.col(name).n_unique() for name in candidates).collect(engine="streaming").row(0)
    tasks = tuple(name for name, count in zip(candidates, counts, strict=True) if count > 1)
    return tasks, [caveat("pooled-tasks", column=name, by=log.by_also(name)) for name in tasks]


def pooled_settings(log: SamplingLog) -> list[Caveat]:
    """A caveat for each setting of sampling, such as the temperature, that takes several values in a group."""
    used = (*log.options.by, *log.tasks, *log.columns.values(), *log.options.mapping.values())
    columns = [name for name in named(log.schema.names(), SETTINGS) if name not in used]
    columns = [name for name in columns if not log.schema[name].is_nested()]
    if not columns:
        return []
    by = list(log.options.by)
    counts = [pl.col(name).drop_nulls().n_unique() for name in columns]
    grouped = log.rows.group_by(by).agg(counts) if by else log.rows.select(counts)
    most = grouped.select(pl.col(columns).max()).collect(engine="streaming")
    return [
        caveat("pooled-settings", column=name, values=most[name][0], by=log.by_also(name))
        for name in columns
        if most[name][0] is not None and most[name][0] > 1
    ]


def without_group(counts: pl.DataFrame, by: Sequence[str], layout: str) -> tuple[Caveat, ...]:
    """The caveat about rows that are in no group, since a column of the groups is empty."""
    counts, size = counts.with_columns(problems=1), "n" if layout == "attempts" else "problems"
    lost = {f"no {name}": int(counts.filter(pl.col(name).is_null())[size].sum()) for name in by}
    return left_out({reason: count for reason, count in lost.items() if count}, int(counts[size].sum()))


def similar_problems(frame: pl.DataFrame, by: Sequence[str]) -> list[Caveat]:
    """A caveat that names problems which differ only in capitals, or blanks, hyphens and underscores between words."""
    plain = pl.col("problem").str.strip_chars().str.to_lowercase().str.replace_all(r"[\s_-]+", " ")
    alike = (
        frame.group_by(*by, plain.alias("plain"), maintain_order=True)
        .agg(pl.col("problem").unique(maintain_order=True).alias("names"))
        .filter(pl.col("names").list.len() > 1)
    )
    if alike.height <= SIMILAR * frame.height:
        return []
    first, second, *_ = alike["names"][0]
    count = int(alike["names"].list.len().sum())
    pair = f"{shortened(first)!r} and {shortened(second)!r}"
    return [caveat("similar-problems", count=f"{count:,}", total=f"{frame.height:,}", pair=pair)]


def other_problems(log: SamplingLog) -> list[Caveat]:
    """A caveat for each other column that could name the problems, and would divide the rows into other problems."""
    taken = log.columns.get("problem")
    if taken is None or "problem" in log.options.mapping:
        return []
    used = (*log.options.by, *log.tasks, *log.columns.values(), *log.options.mapping.values())
    others = [name for name in rivals(log.schema.names(), "problem", taken) if name not in used]
    caveats = []
    for other in others:
        if log.schema[other].is_nested():
            continue
        counts = log.rows.select(
            pl.col(taken).n_unique(), pl.col(other).n_unique(), both=pl.struct(taken, other).n_unique()
        )
        by_taken, by_other, by_both = counts.collect(engine="streaming").row(0)
        if by_both > by_taken:
            caveats.append(
                caveat(
                    "other-problems",
                    taken=taken,
                    count=f"{by_taken:,}",
                    other=other,
                    others=f"{by_other:,}",
                    by=log.by_also(other),
                )
            )
    return caveats


def refuse_copied_files(counts: pl.DataFrame) -> None:
    """Refuse files with equal counts at all problems, which are copies of one another.

    Args:
        counts: Columns `file`, `problem`, `n` attempts and `c` successes, and perhaps groups.

    Raises:
        UsageError: There are such files, with enough problems that were solved in some attempts only.
    """
    facts = pl.struct(pl.exclude("file")).hash().sort().implode()
    is_mixed = (pl.col("c") > 0) & (pl.col("c") < pl.col("n"))
    files = counts.group_by("file", maintain_order=True).agg(facts.alias("facts"), mixed=is_mixed.sum())
    alike = files.filter(pl.col("mixed") >= FEWEST_MIXED).group_by("facts", maintain_order=True).agg("file")
    copies = next((names for names in alike["file"].to_list() if len(names) > 1), None)
    if copies:
        raise UsageError(
            f"{copies[0]} and {copies[1]} have equally many successes at each problem, as copies of one file have, "
            "whose attempts must not count twice.",
            hint="Name one of these files only, or give --by file for one curve per file.",
        )


def files_differ(counts: pl.DataFrame, by: Sequence[str]) -> list[Caveat]:
    """A caveat if a file has other chances of success than the other files at the problems that they share.

    Args:
        counts: Columns `file`, those of `by`, `problem`, `n` attempts and `c` successes.
        by: The groups, in each of which problems are compared.
    """
    from scipy.special import ndtr

    whole = counts.group_by(*by, "problem").agg(all_n=pl.col("n").sum(), all_c=pl.col("c").sum())
    shared = counts.join(whole, on=[*by, "problem"], nulls_equal=True).filter(pl.col("all_n") > pl.col("n"))
    n, c, all_n, all_c = (pl.col(name).cast(pl.Float64) for name in ("n", "c", "all_n", "all_c"))
    # Mantel and Haenszel 1959: successes of one file, given those of all files at each problem.
    excess = c - n * all_c / all_n
    variance = n * (all_n - n) * all_c * (all_n - all_c) / (all_n**2 * (all_n - 1))
    files = shared.group_by("file", maintain_order=True).agg(
        z=excess.sum().abs() / variance.sum().sqrt(),
        rate=c.sum() / n.sum(),
        others=(all_c - c).sum() / (all_n - n).sum(),
    )
    found = files.filter(pl.col("z").is_finite()).sort("z", descending=True, maintain_order=True).head(1).to_dicts()
    if not found or 2 * ndtr(-found[0]["z"]) * files.height >= CHANCE:
        return []
    (first,) = found
    rate, others = percent(first["rate"]), percent(first["others"])
    return [caveat("files-differ", file=first["file"], rate=rate, others=others, by=",".join((*by, BY_FILE)))]


def with_files(caveats: Sequence[Caveat], differ: Sequence[Caveat]) -> tuple[Caveat, ...]:
    """The caveats, with what is known of files that differ, unless they are already known to hold other problems."""
    pooled = {each.code: each for each in caveats if f"values of {BY_FILE} are pooled" in each.message}
    if not differ or "pooled-tasks" in pooled:
        return tuple(caveats)
    return (*(each for each in caveats if each is not pooled.get("pooled-settings")), *differ)
