"""`scaling inference-coverage`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from scaling_cli.cli.flags import OutputOptions, listed, share
from scaling_cli.cli.output import prepare_output
from scaling_cli.cli.show import deliver
from scaling_cli.cli.work_options import BatchOptions, WorkOptions
from scaling_cli.errors import UsageError

if TYPE_CHECKING:
    from scaling_cli.results.report import Report

LogsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="LOGS...",
        help="Logs with a row an attempt or a problem, or of inspect, lm-eval, EvalPlus: files, folders, globs, -.",
    ),
]


@dataclasses.dataclass(frozen=True)
class SampleOptions:
    """Which rows and columns to read."""

    by: Annotated[
        list[str], typer.Option(metavar="COL[,COL]", help="One result for each of these columns' values.")
    ] = dataclasses.field(default_factory=list)
    where: Annotated[str | None, typer.Option(metavar="SQL", help="Keep rows where this holds.")] = None
    input_format: Annotated[
        Literal["auto", "attempts", "counts", "curve", "list", "matrix"], typer.Option(help="How the rows stand.")
    ] = "auto"
    problem: Annotated[str | None, typer.Option(metavar="COL", help="Column that names the problem.")] = None
    attempt: Annotated[str | None, typer.Option(metavar="COL", help="Column that numbers the attempt.")] = None
    correct: Annotated[str | None, typer.Option(metavar="COL", help="Column of the outcome: 0 or 1, true, C, ...")] = (
        None
    )
    n: Annotated[str | None, typer.Option("--n", metavar="COL", help="Column of the attempts of a problem.")] = None
    c: Annotated[str | None, typer.Option("--c", metavar="COL", help="Column of its successes.")] = None
    score: Annotated[str | None, typer.Option(metavar="COL", help="Column of a score: best-of-k, or a success.")] = None
    verified: Annotated[str | None, typer.Option(metavar="COL", help="Column of a verifier's verdict.")] = None
    answer: Annotated[str | None, typer.Option(metavar="COL", help="Column of the answer: majority votes.")] = None
    cluster: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of what problems share: resampled whole.")
    ] = None
    threshold: Annotated[float | None, typer.Option(help="From this value on, an attempt has succeeded.")] = None
    on_missing: Annotated[Literal["drop", "fail"], typer.Option(help="What an attempt without an outcome is.")] = "drop"
    design: Annotated[
        Literal["auto", "fixed", "stop-at-success"], typer.Option(help="When sampling a problem ended.")
    ] = "auto"

    def mapping(self) -> dict[str, str]:
        """Role to column."""
        roles = ("problem", "attempt", "correct", "n", "c", "score", "verified", "answer", "cluster")
        return {role: column for role in roles if (column := getattr(self, role)) is not None}

    def groups(self) -> list[str]:
        """Columns of `--by`, given with commas or repeated."""
        return listed(self.by)


@dataclasses.dataclass(frozen=True)
class CurveOptions:
    """What to estimate, fit and forecast."""

    k: Annotated[
        str | None, typer.Option("--k", metavar="K,K,log:N", help="Attempts to report: 1,10,100 or log:40.")
    ] = None
    short: Annotated[Literal["bound", "drop", "error"], typer.Option(help="Problems with fewer than k attempts.")] = (
        "bound"
    )
    fit: Annotated[str, typer.Option(metavar="LAW|auto|all|none", help="Law of coverage; auto: two, combined.")] = (
        "auto"
    )
    to: Annotated[str | None, typer.Option(metavar="K", help="Forecast coverage at this many attempts.")] = None
    force: Annotated[bool, typer.Option("--force", help="Forecast however far, and where laws disagree.")] = False
    backtest: Annotated[bool, typer.Option("--backtest", help="Score the laws on parts of this log, at length.")] = (
        False
    )
    all_succeed: Annotated[
        bool, typer.Option("--all-succeed", help="Show pass^k too: the chance that all of k attempts succeed.")
    ] = False
    level: Annotated[float, typer.Option(parser=share, metavar="SHARE", help="Level of the intervals.")] = 0.95
    band: Annotated[
        Literal["pointwise", "simultaneous"], typer.Option(help="Intervals for each k, or for all at once.")
    ] = "pointwise"
    replicates: Annotated[int, typer.Option(help="Bootstrap replicates.")] = 2000
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0
    compare: Annotated[str | None, typer.Option(metavar="GROUP", help="Paired difference of each group and this.")] = (
        None
    )


@dataclasses.dataclass(frozen=True)
class BudgetOptions:
    """Questions about budgets, and what attempts cost. Quantities may differ by group: NAME=VALUE, repeatable."""

    budget: Annotated[list[str], typer.Option(metavar="AMOUNT", help="A problem: 10usd or 1e15flops. Repeatable.")] = (
        dataclasses.field(default_factory=list)
    )
    target: Annotated[
        list[float], typer.Option(parser=share, metavar="SHARE", help="Attempts to reach this coverage.")
    ] = dataclasses.field(default_factory=list)
    value: Annotated[list[str], typer.Option(metavar="AMOUNT", help="What a solved problem is worth: 0.5usd.")] = (
        dataclasses.field(default_factory=list)
    )
    marginal: Annotated[
        list[float], typer.Option(parser=share, metavar="GAIN", help="Least gain of one more attempt.")
    ] = dataclasses.field(default_factory=list)
    policy: Annotated[
        Literal["fixed", "stop"], typer.Option(help="Make all attempts, or stop at the first success.")
    ] = "fixed"
    mix: Annotated[str | None, typer.Option(metavar="GROUP", help="Split the budget between this and each.")] = None
    price_in: Annotated[list[str], typer.Option(metavar="USD", help="Price of a million prompt tokens.")] = (
        dataclasses.field(default_factory=list)
    )
    price_out: Annotated[list[str], typer.Option(metavar="USD", help="Price of a million answer tokens.")] = (
        dataclasses.field(default_factory=list)
    )
    tokens_in: Annotated[list[str], typer.Option(metavar="N", help="Tokens of a prompt.")] = dataclasses.field(
        default_factory=list
    )
    tokens_out: Annotated[list[str], typer.Option(metavar="N", help="Tokens of an answer.")] = dataclasses.field(
        default_factory=list
    )
    cache_read: Annotated[list[str], typer.Option(metavar="SHARE", help="Price of a cached prompt, of a full one.")] = (
        dataclasses.field(default_factory=list)
    )
    cache_write: Annotated[list[str], typer.Option(metavar="SHARE", help="Price of caching it, of a full one.")] = (
        dataclasses.field(default_factory=list)
    )
    verdict_price: Annotated[list[str], typer.Option(metavar="USD", help="Price of verifying one attempt.")] = (
        dataclasses.field(default_factory=list)
    )
    model_params: Annotated[list[str], typer.Option(metavar="N", help="Active params of the model: 12B.")] = (
        dataclasses.field(default_factory=list)
    )
    kv_dim: Annotated[list[str], typer.Option(metavar="N", help="Keys and values of a token, over all layers.")] = (
        dataclasses.field(default_factory=list)
    )
    intensity: Annotated[list[str], typer.Option(metavar="N", help="FLOPs a read of memory is worth.")] = (
        dataclasses.field(default_factory=list)
    )
    queries: Annotated[list[str], typer.Option(metavar="N", help="Query heads that share a key.")] = dataclasses.field(
        default_factory=list
    )

    def prices(self) -> dict[str, list[str]]:
        """What attempts cost, by quantity."""
        given = {
            "price_in": self.price_in, "price_out": self.price_out, "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out, "cache_read": self.cache_read, "cache_write": self.cache_write,
            "verdict": self.verdict_price, "params": self.model_params, "kv_dim": self.kv_dim,
            "intensity": self.intensity, "queries": self.queries,
        }  # fmt: skip
        return {name: texts for name, texts in given.items() if texts}


@dataclasses.dataclass(frozen=True)
class VerifierOptions:
    """An imperfect verifier, and a smaller model on the same compute."""

    fpr: Annotated[
        float | None,
        typer.Option(parser=share, metavar="SHARE", help="Share of wrong attempts that the verifier accepts."),
    ] = None
    tpr: Annotated[
        float | None, typer.Option(parser=share, metavar="SHARE", help="Share of correct attempts that it accepts.")
    ] = None
    labels: Annotated[
        Literal["verifier", "truth"], typer.Option(help="Whose verdict the log holds, under --fpr and --tpr.")
    ] = "verifier"
    train_exchange: Annotated[
        float | None, typer.Option(metavar="RATIO", help="Attempts against a model so many times larger.")
    ] = None
    pretrain_tokens: Annotated[str | None, typer.Option(metavar="N", help="Tokens both were trained on.")] = None
    inference_tokens: Annotated[str | None, typer.Option(metavar="N", help="Tokens to be generated in all.")] = None


def command(
    logs: LogsArgument,
    data: SampleOptions,
    curve: CurveOptions,
    budget: BudgetOptions,
    verifier: VerifierOptions,
    work: WorkOptions,
    batch: BatchOptions,
    output: OutputOptions,
) -> int:
    """Coverage (pass@k) from logs of repeated sampling: what more attempts buy, and how sure that is.

    Example: scaling inference-coverage samples.csv --by model --to 1e4
    """
    prepare_output(output, logs)
    if work != WorkOptions() and not batch.per_file:
        raise UsageError("Only files are spread over processes.", hint="Add --per-file, or leave --jobs out.")
    import functools

    from scaling_cli.report.inference_coverage import view
    from scaling_cli.verbs.inference_coverage import inference_coverage

    ask: Callable[..., Report[Any]] = functools.partial(
        inference_coverage,
        by=data.groups(),
        layout=data.input_format,
        mapping=data.mapping(),
        where=data.where,
        threshold=data.threshold,
        on_missing=data.on_missing,
        budgets=budget.budget,
        targets=budget.target,
        values=budget.value,
        marginals=budget.marginal,
        policy=budget.policy,
        prices=budget.prices(),
        k=curve.k,
        design=data.design,
        short=curve.short,
        laws=curve.fit,
        to=curve.to,
        force=curve.force,
        backtest=curve.backtest,
        all_succeed=curve.all_succeed,
        level=curve.level,
        band=curve.band,
        replicates=curve.replicates,
        seed=curve.seed,
        compare=curve.compare,
        mix=budget.mix,
        **_assumptions(verifier),
    )
    if batch.is_asked:
        from scaling_cli.cli.per_file import deliver_each

        return deliver_each(logs, ask, batch, work.workers(), output, view)
    return deliver(ask(logs), output, view)


def _assumptions(verifier: VerifierOptions) -> dict[str, Any]:
    """The verifier and the exchange, where they were asked for."""
    from scaling_cli.analysis.coverage.verifier import Rates
    from scaling_cli.numbers.parse import parse_number

    found: dict[str, Any] = {}
    if verifier.fpr is not None or verifier.tpr is not None:
        tpr = 1.0 if verifier.tpr is None else verifier.tpr
        found["verifier"] = Rates(tpr, verifier.fpr or 0.0, verifier.labels)
    if verifier.train_exchange is not None:
        if verifier.pretrain_tokens is None or verifier.inference_tokens is None:
            raise UsageError(
                "An exchange of training for attempts needs the tokens of both.",
                hint="Give --pretrain-tokens and --inference-tokens.",
            )
        tokens = parse_number(verifier.pretrain_tokens), parse_number(verifier.inference_tokens)
        found["exchange"] = (verifier.train_exchange, *tokens)
    return found
