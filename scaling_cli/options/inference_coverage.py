"""The options of `scaling inference-coverage`."""

from __future__ import annotations

from scaling_cli.errors import UsageError
from scaling_cli.input_formats import SAMPLE_SUFFIXES
from scaling_cli.options.command import Argument, Command
from scaling_cli.options.fitting import Intervals
from scaling_cli.options.kinds import (
    BY_GROUP,
    COLUMN,
    KS,
    LISTED,
    SWITCH,
    TEXT,
    TEXTS,
    choice,
    number,
    share_between,
    shares_between,
    whole,
)
from scaling_cli.options.option import Options, changed, option
from scaling_cli.options.output import Drawn
from scaling_cli.options.reading import Reading, Unpacking
from scaling_cli.options.verifications import Verifications
from scaling_cli.options.work import Batch, Work

LAYOUTS = ("auto", "attempts", "counts", "curve", "list", "matrix")
MISSING = ("drop", "fail")
DESIGNS = ("auto", "fixed", "stop-at-success")
BANDS = ("pointwise", "simultaneous")
SHORTS = ("bound", "drop", "error")
POLICIES = ("fixed", "stop")
LABELS = ("verifier", "truth")
ROLES = ("problem", "attempt", "correct", "n", "c", "score", "verified", "answer", "cluster")
PRICES = {
    "price_in": "price_in", "price_out": "price_out", "tokens_in": "tokens_in", "tokens_out": "tokens_out",
    "cache_read": "cache_read", "cache_write": "cache_write", "verdict_price": "verdict", "model_params": "params",
    "kv_dim": "kv_dim", "intensity": "intensity", "queries": "queries",
}  # fmt: skip


class Samples(Unpacking):
    """Which rows and columns of sampling logs to read."""

    heading = "Input"

    by: tuple[str, ...] = changed(
        Reading.by, help="Group the log by these columns, and treat each group separately; file: each file is a group."
    )
    where: str | None = changed(Reading.where, help="Keep only the rows where this holds: 'temperature < 1'.")
    input_format: str = option(
        "auto", choice(*LAYOUTS), "Layout of the rows; auto: recognised from the log.", choices=LAYOUTS
    )
    problem: str | None = option(None, COLUMN, "Column that names the problem; file: each file is one.", is_basic=True)
    attempt: str | None = option(None, COLUMN, "Column that numbers the attempt.")
    correct: str | None = option(None, COLUMN, "Column of the outcome: 0 or 1, true, C, ...", is_basic=True)
    n: str | None = option(None, COLUMN, "Column of the number of attempts at a problem.")
    c: str | None = option(None, COLUMN, "Column of the number of successes at a problem.")
    score: str | None = option(None, COLUMN, "Column of a score, for best-of-k or for --threshold.")
    verified: str | None = option(None, COLUMN, "Column of a verifier's verdicts.")
    answer: str | None = option(None, COLUMN, "Column of the answer, for majority votes.")
    cluster: str | None = option(
        None, COLUMN, "Column that groups related problems; problems of a group are resampled together."
    )
    threshold: float | None = option(None, number(example="0.5"), "Lowest value that counts as a success.", metavar="N")
    on_missing: str = option(
        "drop",
        choice(*MISSING),
        "What to do with attempts without an outcome: leave them out, or count them as failed.",
        choices=MISSING,
    )
    success: tuple[str, ...] = option(
        (), LISTED, "Words of the outcome column that mean success, such as AC; all other words then mean failure.",
        metavar="WORD[,WORD]",
    )  # fmt: skip
    design: str = option(
        "auto", choice(*DESIGNS), "When sampling of a problem stopped: after a fixed number of attempts, or at the "
        "first success; auto: recognised from the log.",
        choices=DESIGNS,
    )  # fmt: skip

    @property
    def mapping(self) -> dict[str, str]:
        """Role to column."""
        return {role: column for role in ROLES if (column := getattr(self, role)) is not None}


class Curve(Options):
    """What to estimate, fit and forecast."""

    heading = "Coverage"

    k: str | None = option(
        None, KS, "Values of k to report: 1,10,100, or log:40 for 40 values evenly spaced in log k.", is_basic=True
    )
    fit: str = option(
        "auto",
        TEXT,
        "Law(s) to fit to coverage; auto: beta-binomial, mixture and both power laws.",
        metavar="LAW|auto|all|none",
        is_basic=True,
    )
    to: float | None = option(
        None,
        number(least=1.0, example="1e5"),
        "Forecast the coverage at this many attempts.",
        metavar="K",
        is_basic=True,
    )
    force: bool = option(False, SWITCH, "Give a forecast even if it is very far beyond the log or the laws disagree.")
    backtest: bool = option(
        False,
        SWITCH,
        "Test the laws: fit them to fewer attempts, and compare with all attempts; takes longer.",
        is_basic=True,
    )
    short: str = option(
        "bound",
        choice(*SHORTS),
        "What to do at a k for which some problems have too few attempts: give bounds, leave them out, or stop.",
        choices=SHORTS,
    )
    all_succeed: bool = option(False, SWITCH, "Also show pass^k: the chance that all of k attempts succeed.")
    compare: str | None = option(
        None,
        TEXT,
        "Compare other groups with this one, or with those of this value in a column of --by, problem by problem.",
        metavar="GROUP",
        is_basic=True,
    )


class Uncertainty(Options):
    """How intervals are made."""

    heading = "Intervals"

    level: float = changed(Intervals.level)
    band: str = option(
        "pointwise", choice(*BANDS), "Intervals that hold at each k separately, or at all k together.", choices=BANDS
    )
    replicates: int = changed(
        Intervals.replicates, default=2000, kind=whole(100, "2000"), help="Number of bootstrap replicates."
    )
    seed: int = changed(Intervals.seed)


class Budgets(Options):
    """Questions about budgets, and what attempts cost."""

    heading = "Budgets and prices (where groups differ, write GROUP=VALUE for each)"

    budget: tuple[str, ...] = option((), TEXTS, "Budget per problem: 10usd or 1e15flops. Repeatable.", metavar="AMOUNT")
    target: tuple[float, ...] = option(
        (), shares_between("0.8"), "Find the number of attempts that reaches this coverage."
    )
    value: tuple[str, ...] = option(
        (),
        TEXTS,
        "Find the best number of attempts if a solved problem is worth this: 0.5usd. Repeatable.",
        metavar="AMOUNT",
    )
    marginal: tuple[float, ...] = option(
        (),
        shares_between("0.001"),
        "Find the number of attempts from which one more gains less coverage than this.",
        metavar="GAIN",
    )
    policy: str = option(
        "fixed", choice(*POLICIES), "Whether to make all attempts, or stop at the first success.", choices=POLICIES
    )
    mix: str | None = option(
        None, TEXT, "Split each budget between this group and each of the others.", metavar="GROUP"
    )
    price_in: dict[str, float] = option({}, BY_GROUP, "Price of a million prompt tokens.", metavar="USD")
    price_out: dict[str, float] = option({}, BY_GROUP, "Price of a million answer tokens.", metavar="USD")
    tokens_in: dict[str, float] = option({}, BY_GROUP, "Tokens in a prompt.", metavar="N")
    tokens_out: dict[str, float] = option({}, BY_GROUP, "Tokens in an answer.", metavar="N")
    cache_read: dict[str, float] = option(
        {}, BY_GROUP, "Price of reading a prompt from the cache, as a share of its full price.", metavar="SHARE"
    )
    cache_write: dict[str, float] = option(
        {}, BY_GROUP, "Price of writing a prompt to the cache, as a multiple of its full price.", metavar="SHARE"
    )
    verdict_price: dict[str, float] = option({}, BY_GROUP, "Price of verifying one attempt.", metavar="USD")
    model_params: dict[str, float] = option({}, BY_GROUP, "Active params of the model: 12B.", metavar="N")
    kv_dim: dict[str, float] = option(
        {}, BY_GROUP, "Number of values in the keys and values of one token, summed over layers.", metavar="N"
    )
    intensity: dict[str, float] = option(
        {}, BY_GROUP, "FLOPs that take as long as reading one value from memory.", metavar="N"
    )
    queries: dict[str, float] = option({}, BY_GROUP, "Number of query heads that share one key head.", metavar="N")

    @property
    def prices(self) -> dict[str, dict[str, float]]:
        """What attempts cost, by quantity and group."""
        return {quantity: given for name, quantity in PRICES.items() if (given := getattr(self, name))}


class Assumptions(Options):
    """An imperfect verifier, and a larger model at equal compute."""

    heading = "Verifier, and larger models"

    fpr: float | None = option(
        None, share_between(inclusive=True, example="0.01"), "Share of wrong attempts that the verifier accepts."
    )
    tpr: float | None = option(
        None, share_between(inclusive=True, example="0.9"), "Share of correct attempts that the verifier accepts."
    )
    labels: str | None = option(
        None,
        choice(*LABELS),
        "Whether outcomes in the log are a verifier's verdicts (so with --fpr or --tpr, unless said) or the truth.",
        choices=LABELS,
    )
    train_exchange: float | None = option(
        None, number(least=1.0, example="14"),
        "Compare with a model this many times larger (that of --compare), at equal total compute.", metavar="RATIO",
    )  # fmt: skip
    pretrain_tokens: float | None = option(
        None, number(above=0.0, example="1T"), "Tokens that both models were trained on."
    )
    inference_tokens: float | None = option(
        None, number(above=0.0, example="200B"), "Total number of tokens to generate."
    )

    def check(self) -> None:
        """Refuse an exchange without tokens, and a verifier that prefers wrong attempts."""
        super().check()
        tokens = (self.pretrain_tokens, self.inference_tokens)
        if self.train_exchange is not None and None in tokens:
            raise UsageError(
                "--train-exchange needs the tokens of training and of inference.",
                hint="Give --train-exchange 14 --pretrain-tokens 1T --inference-tokens 200B.",
            )
        false, true = self.fpr or 0.0, 1.0 if self.tpr is None else self.tpr
        if not false < true:
            raise UsageError(
                f"The verifier accepts {true:g} of correct and {false:g} of wrong attempts, but it must accept a "
                "larger share of correct ones.",
                hint="Give --fpr below --tpr, both between 0 and 1.",
            )


class InferenceCoverage(Curve, Budgets, Assumptions, Verifications, Uncertainty, Samples):
    """Everything that `scaling inference-coverage` takes."""

    @property
    def splits_verifications(self) -> bool:
        """Whether compute is to be split between solutions and verifications, in place of all else."""
        return self.verify_cost is not None or self.solutions is not None or self.verifications is not None

    def check(self) -> None:
        """Refuse, beside a split between solutions and verifications, options that only coverage obeys."""
        super().check()
        if not self.splits_verifications:
            return
        if (self.solutions is None) != (self.verifications is None) or (
            self.solutions is None and self.verified is None
        ):
            raise UsageError(
                "A split between solutions and verifications needs a log of both.",
                hint="Give --solutions and --verifications, the columns of their numbers; or, for a log with a row for "
                "each verification, --verified, the column of verdicts, and --attempt.",
            )
        price = ("budget", "price_in", "price_out", "tokens_in", "tokens_out", "model_params")
        parts = (Curve, Budgets, Assumptions)
        others = [name for part in parts for name in part.options if name not in price]
        others += ["score", "answer", "n", "c", "threshold", "cluster", "band", "design", "input_format", "on_missing"]
        given = [self.options[name].flag for name in others if getattr(self, name) != self.options[name].default]
        if given:
            raise UsageError(
                f"{given[0]} cannot be combined with a split between solutions and verifications.",
                hint="Leave it out, or leave out --solutions, --verifications and --verify-cost.",
            )


COMMAND = Command(
    about="Estimate coverage (pass@k) from logs of repeated sampling, and forecast what more attempts would gain, "
    "with intervals.",
    argument=Argument(
        name="logs",
        metavar="LOGS...",
        help="Files with one row per attempt or per problem, or logs of inspect, lm-eval or EvalPlus; also folders "
        "or globs of them, @LIST (a file with one path per line), or - for stdin.",
        python="Runs",
        suffixes=SAMPLE_SUFFIXES,
    ),
    options=InferenceCoverage,
    examples=(
        ("scaling inference-coverage samples.csv --by model", "pass@k of each model"),
        ("scaling inference-coverage samples.csv --by model --to 1e4", "forecast the coverage at 10,000 attempts"),
        ("scaling inference-coverage samples.csv --budget 1usd --price-out 0.4 --tokens-out 500", "what a budget buys"),
    ),
    shell=(Work, Batch, Drawn),
)
