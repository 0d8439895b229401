"""Simulate the sample files of this folder: `python simulate.py [FOLDER]`.

Every file draws from its own generator, so that changing one file leaves the others as they were. README.md
says what the columns mean; `pile_losses.csv` is typed from a published table and is not made here.
"""

import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

SEED = 2
Row = tuple[str | int, ...]

# Besiroglu et al. 2024 (arXiv:2404.10102), their refit of Hoffmann et al. 2022; loss in nats per token.
E, A, B, ALPHA, BETA = 1.8169, 482.0, 2085.4, 0.3478, 0.3659

COMPUTE_BUDGETS = (
    6e18,
    1e19,
    3e19,
    6e19,
    1e20,
    3e20,
    6e20,
    1e21,
    3e21,
)  # FLOPs; Hoffmann et al. 2022, figure 3
ISOFLOP_NOISE = 0.005  # standard deviation of log loss

# Moonlight (arXiv:2502.16982), table 3: loss = coefficient * C^exponent, C in PF-days.
OPTIMIZER_LAWS = (("adamw", 2.608, -0.054), ("muon", 2.506, -0.052))
OPTIMIZER_COMPUTE = (0.1, 0.4, 1.5, 6, 20, 80, 300, 1000)  # PF-days
OPTIMIZER_SEEDS = (0, 1, 2)
OPTIMIZER_NOISE = 0.003

LOG_PARAMS = (25_000_000, 85_000_000, 250_000_000, 800_000_000)
LOG_TOKENS_PER_PARAM = (5, 20, 80)
LOG_ROWS = 40
BATCH_TOKENS = 2**18
WARMUP = 0.05  # fraction of the steps
FINAL_LR = 0.1  # fraction of the peak
UNTRAINED_LOSS = math.log(50_257)  # a uniform guess over the GPT-2 vocabulary
ANNEALING_GAIN = 0.08  # nats per token that decaying the learning rate from its peak takes off the loss
VAL_NOISE = 0.002
TRAIN_NOISE = 0.01

# Model, attempts per problem, and the Beta(a, b) that its success probabilities are drawn from.
SAMPLED_MODELS = (("sim-1B", 400, 0.5, 20.0), ("sim-8B", 200, 0.6, 7.0), ("sim-70B", 200, 0.9, 3.5))
PROBLEMS = 60
DIFFICULTY_SCATTER = 0.25  # how far models disagree about which problems are hard, in sd of the difficulty


CRASHED = 10  # place of the run of `wandb_export` that crashed


def loss_at(params: float, tokens: float) -> float:
    """Loss of the Chinchilla law, in nats per token."""
    return E + A / params**ALPHA + B / tokens**BETA


def optimal_params(compute: float) -> float:
    """Params that minimise `loss_at` where compute = 6 * params * tokens."""
    ratio = (ALPHA * A / (BETA * B)) ** (1 / (ALPHA + BETA))
    return ratio * (compute / 6) ** (BETA / (ALPHA + BETA))


def round_to(value: float, digits: int) -> int:
    """A whole number with so many significant digits."""
    return int(float(f"{value:.{digits - 1}e}"))


def size(count: float) -> str:
    """A count as people write it in run names: 85M, 1.7B."""
    return f"{count / 1e9:.3g}B" if count >= 1e9 else f"{count / 1e6:.3g}M"


def isoflop_runs(rng: np.random.Generator) -> Iterator[Row]:
    """Runs from 1/8 to 8 times the optimal params, budget by budget."""
    yield "run_id", "params", "tokens", "compute", "loss"
    for budget in COMPUTE_BUDGETS:
        factors = np.geomspace(1 / 8, 8, rng.integers(9, 14))
        # Real model sizes follow layers and widths, not a grid.
        for factor in factors * np.exp(rng.normal(0, 0.03, factors.size)):
            params = round_to(optimal_params(budget) * factor, 4)
            tokens = round_to(budget / (6 * params), 6)
            loss = loss_at(params, tokens) * math.exp(rng.normal(0, ISOFLOP_NOISE))
            # 4 + 6 digits times 6 fit in 12, so compute is exactly 6 * params * tokens.
            compute = f"{6 * params * tokens:.12g}"
            yield f"c{budget:.0e}-n{size(params)}".replace("+", ""), params, tokens, compute, f"{loss:.6f}"


def optimizers(rng: np.random.Generator) -> Iterator[Row]:
    """Two optimizers along the compute-optimal frontier, some seeds each."""
    yield "run_id", "optimizer", "seed", "compute_pf_days", "loss"
    for name, coefficient, exponent in OPTIMIZER_LAWS:
        for compute in OPTIMIZER_COMPUTE:
            for seed in OPTIMIZER_SEEDS:
                loss = coefficient * compute**exponent * math.exp(rng.normal(0, OPTIMIZER_NOISE))
                yield f"{name}-{compute:g}pfd-s{seed}", name, seed, f"{compute:g}", f"{loss:.6f}"


def training_log(rng: np.random.Generator, params: int, tokens_per_param: int) -> Iterator[Row]:
    """One training curve that ends on the Chinchilla law.

    On the way it lies above the law's value at the tokens seen so far, by what the learning rate has still to
    give, and it starts from the loss of an untrained model.
    """
    yield "step", "tokens", "lr", "train_loss", "val_loss", "params"
    interval = round(params * tokens_per_param / (BATCH_TOKENS * LOG_ROWS))
    peak = round(3e-3 * (params / 25e6) ** -0.4, 5)
    for row in range(1, LOG_ROWS + 1):
        tokens = row * interval * BATCH_TOKENS
        schedule = cosine_schedule(row / LOG_ROWS)
        lawful = loss_at(params, tokens) + ANNEALING_GAIN * (schedule - FINAL_LR) / (1 - FINAL_LR)
        # A smooth minimum of the two, which at the last step is the law to within 1e-6.
        loss = (lawful**-16 + UNTRAINED_LOSS**-16) ** (-1 / 16)
        train, val = loss * np.exp(rng.normal(0, (TRAIN_NOISE, VAL_NOISE)))
        yield row * interval, tokens, f"{peak * schedule:.4g}", f"{train:.5f}", f"{val:.5f}", params


def cosine_schedule(progress: float) -> float:
    """Learning rate as a fraction of its peak, after a linear warmup."""
    if progress < WARMUP:
        return progress / WARMUP
    cosine = (1 + math.cos(math.pi * (progress - WARMUP) / (1 - WARMUP))) / 2
    return FINAL_LR + (1 - FINAL_LR) * cosine


def samples(rng: np.random.Generator) -> Iterator[Row]:
    """Successes c of n attempts at each problem; what is hard for one model tends to be hard for all."""
    yield "model", "problem_id", "n", "c"
    easiness = rng.normal(size=PROBLEMS)
    for model, attempts, a, b in SAMPLED_MODELS:
        order = np.argsort(easiness + rng.normal(0, DIFFICULTY_SCATTER, PROBLEMS))
        probabilities = np.empty(PROBLEMS)
        probabilities[order] = np.sort(rng.beta(a, b, PROBLEMS))
        for problem, successes in enumerate(rng.binomial(attempts, probabilities), start=1):
            yield model, f"p{problem:02d}", attempts, int(successes)


def wandb_export(rng: np.random.Generator) -> Iterator[Row]:
    """Every second of the IsoFLOP runs, as a runs table exported from Weights & Biases; one run crashed."""
    yield "Name", "State", "Created", "n_params", "train/tokens", "val/loss"
    _, *runs = isoflop_runs(rng)
    for place, (name, params, tokens, _, loss) in enumerate(runs[::2]):
        state = "crashed" if place == CRASHED else "finished"
        yield f"iso-{name}", state, f"2026-03-{1 + place % 28:02d}T12:00:00Z", params, tokens, loss


FILES = (("isoflop_runs.csv", isoflop_runs), ("optimizers.csv", optimizers), ("samples.csv", samples))


def write(path: Path, rows: Iterator[Row]) -> None:
    """Write rows, header first, with the same line ends on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def simulate(folder: Path) -> None:
    """Write every simulated file into a folder."""
    for place, (name, rows) in enumerate(FILES):
        write(folder / name, rows(np.random.default_rng([SEED, place])))
    write(folder / "wandb_export.csv", wandb_export(np.random.default_rng([SEED, 0])))
    for params in LOG_PARAMS:
        for tokens_per_param in LOG_TOKENS_PER_PARAM:
            name = f"n{size(params)}_d{size(params * tokens_per_param)}.csv"
            rng = np.random.default_rng([SEED, len(FILES), params, tokens_per_param])
            write(folder / "logs" / name, training_log(rng, params, tokens_per_param))


if __name__ == "__main__":
    simulate(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
