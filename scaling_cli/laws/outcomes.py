"""Laws of what is not a loss: rewards, pass rates, outcomes, and curves that turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import UsageError
from scaling_cli.laws.law import Derived, Law
from scaling_cli.laws.named import About, exponent, floor, formula_law

GAO = "Gao et al. 2022, arXiv:2210.10760; d is the root of the KL divergence from the reference policy"
FLAT = 0.01  # share of the reward at its peak by which a policy stays below it

REWARD_OVER_OPTIMISATION = formula_law(
    "reward-over-optimisation",
    "d*(alpha - beta*log(d))",
    inputs=("d",),
    source=f"{GAO}; reinforcement learning, and direct alignment (Rafailov et al. 2024, arXiv:2406.02900)",
    narrow=("d",),
    zeros=("d",),
    about={
        "alpha": About("reward per d at d = 1", "loss"),
        "beta": About("by how much the reward per d falls when d grows by a factor of e", "loss"),
    },
    derived=(
        Derived("d_peak", "d at the highest reward", lambda p: np.exp(p["alpha"] / p["beta"] - 1)),
        Derived("kl_peak", "KL divergence at the highest reward", lambda p: np.exp(2 * (p["alpha"] / p["beta"] - 1))),
        Derived("reward_peak", "highest reward", lambda p: p["beta"] * np.exp(p["alpha"] / p["beta"] - 1)),
    ),
)
BEST_OF_N_REWARD = formula_law(
    "best-of-n-reward",
    "d*(alpha - beta*d)",
    inputs=("d",),
    source=f"{GAO}; best of n, whose KL divergence is log n - (n - 1) / n",
    narrow=("d",),
    zeros=("d",),
    about={
        "alpha": About("reward per d near d = 0", "loss"),
        "beta": About("by how much the reward per d falls when d grows by 1", "loss"),
    },
    derived=(
        Derived("d_peak", "d at the highest reward", lambda p: p["alpha"] / (2 * p["beta"])),
        Derived("kl_peak", "KL divergence at the highest reward", lambda p: (p["alpha"] / (2 * p["beta"])) ** 2),
        Derived("reward_peak", "highest reward", lambda p: p["alpha"] ** 2 / (4 * p["beta"])),
        Derived("log10_n_peak",
                "log10 of n at the highest reward; the reward hardly changes near it, so n is known only roughly",
                lambda p: log_n(np.where(p["beta"] > 0, p["alpha"] / (2 * p["beta"]), np.nan) ** 2) / np.log(10)),
        Derived("log10_n_near_peak", f"log10 of the smaller n at which the reward is {100 * FLAT:g} % below its peak",
                lambda p: log_n((np.where(p["beta"] > 0, p["alpha"] / (2 * p["beta"]), np.nan)
                                 * (1 - np.sqrt(FLAT))) ** 2) / np.log(10)),
    ),
)  # fmt: skip


def log_n(kl: Array) -> Array:
    """The log of n whose best of n has this KL divergence, log n - (n - 1) / n, by Newton's method."""
    known = np.maximum(np.asarray(kl, dtype=float), 0.0)
    x = known + 1.0  # from above, where Newton's steps fall steadily
    for _ in range(60):
        x = x - (x - 1 + np.exp(-x) - known) / np.maximum(1 - np.exp(-x), 1e-12)
    return np.asarray(x)


RL_EFFICIENCY = formula_law(
    "rl-efficiency",
    "exp(E0 - E1*log(params) - K_max/(1 + N_0/params)*log(x/X_0))",
    inputs=("params", "x"),
    source="Tan et al. 2025, arXiv:2509.25300: x is compute or data of reinforcement learning, the loss 1 - pass@1; "
    "errors at X_0 are a power law of params",
    about={
        "E0": About("log of the error at X_0 and 1 param", "log loss"),
        "E1": About("exponent of params at X_0", kind="exponent"),
        "K_max": About("exponent of x for large models", kind="exponent"),
        "N_0": About("params at which the exponent is half of K_max", "params", low=0.0, high=1e15),
        "X_0": About("x at which the errors of all sizes are a power law of params", "x", low=0.0, high=1e30),
    },
)
RL_SIGMOID = formula_law(
    "rl-sigmoid",
    "R_0 + (A - R_0)/(1 + (C_mid/x)^B)",
    inputs=("x",),
    positive=("x",),
    source="Khatri et al. 2025 (ScaleRL), arXiv:2510.13786: pass rate against compute; the law `hill` with the "
    "names of the paper",
    about={
        "R_0": About("pass rate before training", "loss"),
        "A": About("pass rate that training approaches", "loss"),
        "C_mid": About("x at half of the gain", "x", low=0.0, high=1e30),
        "B": exponent("steepness", low=0.05, high=20.0),
    },
)
PASS_UNTIL = formula_law(
    "pass-until",
    "exp(-c*x^-alpha)",
    inputs=("x",),
    source="Hu et al. 2023 (PassUntil), arXiv:2310.03262: -log of the pass rate is a power law",
    about={"c": About("-log of the pass rate at x = 1"), "alpha": exponent("exponent of x")},
)
BERNOULLI = formula_law(
    "bernoulli",
    "1/(1 + (x0/x)^k)",
    inputs=("x",),
    positive=("x",),
    source="logistic regression on log x, for outcomes that are 0 or 1 and for shares of known attempts",
    narrow=("x",),
    about={
        "x0": About("x at which half of the outcomes are 1", "x", low=0.0, high=1e30),
        "k": About("steepness in log x; negative for outcomes that become rarer", low=-100.0, high=100.0,
                   starts=(-8.0, -3.0, -1.0, 1.0, 3.0, 8.0)),
    },
)  # fmt: skip
EXPONENTIAL = formula_law(
    "exponential",
    "c + A*exp(-x/scale)",
    inputs=("x",),
    signed=("x",),
    source="decay under perfect pruning of data, Sorscher et al. 2022, arXiv:2206.14486",
    about={
        "c": floor(),
        "A": About("loss above the floor at x = 0", "loss"),
        "scale": About("growth of x that lowers the loss above the floor by a factor of e", "x", low=0.0, high=1e30),
    },
)
U_SHAPED = formula_law(
    "u-shaped",
    "c + a*(log(x) - u)^2",
    inputs=("x",),
    source="a parabola in log x, for metrics that fall and rise again, or the reverse",
    about={
        "c": About("value at the extremum", "loss"),
        "a": About(
            "curvature: positive if the extremum is a minimum, negative if a maximum", "loss", low=-1e30, high=1e30
        ),
        "u": About("log of the x of the extremum"),
    },
    derived=(Derived("x_extremum", "x of the extremum", lambda p: np.exp(p["u"])),),
)
BUMP = formula_law(
    "bump",
    "E + A/x^alpha + H*exp(-((log(x) - u)/width)^2)",
    inputs=("x",),
    source="a power law with a bump, as in double descent, Nakkiran et al. 2019, arXiv:1912.02292",
    about={
        "E": floor(),
        "A": About("loss above the floor at x = 1", "loss"),
        "alpha": exponent("exponent of x"),
        "H": About("height of the bump", "loss"),
        "u": About("log of the x of the bump"),
        "width": About("width of the bump in log x", low=0.02, high=10.0, starts=(0.1, 0.3, 0.7, 1.5)),
    },
    derived=(Derived("x0", "x of the bump", lambda p: np.exp(p["u"])),),
)
BATCH_TRADEOFF = formula_law(
    "batch-tradeoff",
    "S_min*(1 + B_crit/batch_tokens)",
    inputs=("batch_tokens",),
    source="McCandlish et al. 2018, arXiv:1812.06162: steps to a target loss against the batch size in tokens",
    about={
        "S_min": About("steps to the target loss with large batches", "steps", low=0.0, high=1e30),
        "B_crit": About("critical batch size", "tokens", low=0.0, high=1e30),
    },
    derived=(Derived("E_min", "tokens to the target loss with small batches", lambda p: p["S_min"] * p["B_crit"]),),
)
POWER_LINES = formula_law(
    "power-lines",
    "c*(tokens/params)^m",
    inputs=("params", "tokens"),
    source="Bergsma et al. 2025 (Power Lines), arXiv:2505.13738: best timescale of AdamW against tokens per param",
    about={
        "c": About("value at 1 token per param", "loss"),
        "m": About("exponent of tokens per param", low=-3.0, high=3.0, kind="exponent"),
    },
)


def sweep_optimum(columns: Sequence[str]) -> Law:
    """A power law of params plus a parabola in the log of a swept column, whose best value is a power of params."""
    own = [column for column in columns if column != "params"]
    if len(own) != 1:
        raise UsageError("sweep-optimum takes one swept column.", hint="Name it with --x, such as --x lr.")
    (column,) = own
    return formula_law(
        "sweep-optimum",
        f"E + A/params^alpha + curvature*(log({column}) - u - p*log(params))^2",
        inputs=("params", column),
        source="a hyper-parameter swept at several sizes; best values as in Step Law, Li et al. 2025, arXiv:2503.04715",
        narrow=(column,),
        about={
            "E": floor(),
            "A": About("loss from finite params, at 1 param", "loss"),
            "alpha": exponent("exponent of params"),
            "curvature": About(f"rise of the loss when {column} is a factor of e away from its best value", "loss"),
            "u": About(f"log of the best {column} at 1 param"),
            "p": About(f"exponent of params in the best {column}", low=-3.0, high=3.0,
                       starts=(-0.8, -0.4, -0.2, 0.0, 0.2, 0.5)),
        },
        derived=(Derived("scale", f"best {column} at 1 param", lambda p: np.exp(p["u"])),),
    )  # fmt: skip


def observational(columns: Sequence[str]) -> Law:
    """A sigmoid of a plane in the columns, which may be negative."""
    plane = " + ".join(f"w_{column}*{column}" for column in columns)
    return formula_law(
        "observational",
        f"1/(1 + exp(-(a + {plane})))",
        inputs=tuple(columns),
        signed=tuple(columns),
        source="Ruan et al. 2024, arXiv:2405.10938: accuracy from scores, or principal components, of other benchmarks",
        narrow=tuple(columns),
        about={
            "a": About("log odds where all columns are 0", starts=(-3.0, 0.0, 3.0)),
            **{f"w_{column}": About(f"weight of {column} in the log odds", starts=(-1.0, -0.2, 0.2, 1.0))
               for column in columns},
        },
    )  # fmt: skip


SWEEP_OPTIMUM = sweep_optimum(("lr",))
OBSERVATIONAL = observational(("x1", "x2"))
MAKERS = {"sweep-optimum": sweep_optimum, "observational": observational}
