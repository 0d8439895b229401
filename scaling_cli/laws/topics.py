"""What each law is about, and how to fit it: for lists of laws and for searches."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.laws import HOMES, Law
from scaling_cli.options.laws import TOPIC_NAMES

TOPICS = {topic: tuple(name for name, (_, *topics) in HOMES.items() if topic in topics) for topic in TOPIC_NAMES}
OPTIONS = {
    "mixture-exp": "--map mixture=w1,w2,w3",
    "mixture-additive": "--map mixture=w1,w2,w3",
    "mixture-repetition": "--map share=target_share",
    "transfer": "--map pretrained=init",
    "utility-decay": "--loss error --by pool --share a,d",
    "additive": "--x width,depth,tokens",
    "multi-power": "--x params,tokens --loss best_lr",
    "precision": "--x weight_bits",
    "sweep-optimum": "--x lr",
    "observational": "--x mmlu,arc --loss accuracy --space linear",
    "bernoulli": "--x compute --loss solved",
    "batch-tradeoff": "--steps-to 3.2,2.8",
    "reward-over-optimisation": "--loss gold_reward --space linear",
    "best-of-n-reward": "--loss gold_reward --space linear",
    "critical-batch": "--x loss --loss critical_batch",
    "loss-to-loss": "--x loss_pile --loss loss_code",
    "rl-efficiency": "--x compute --loss error",
    "post-training-quantisation": "--loss added_loss",
    "power-lines": "--loss best_timescale",
}
# Laws of metrics that grow, or that rise and fall.
GROWING = (
    "logarithmic", "sigmoid", "hill", "saturating-power", "exponential-saturation", "u-shaped", "rl-sigmoid",
    "pass-until", "bernoulli", "observational", "reward-over-optimisation", "best-of-n-reward", "multi-power",
    "power-lines",
)  # fmt: skip
INPUT = {"rl-sigmoid": "--x compute --loss pass_rate", "pass-until": "--x params --loss pass_rate"}


def topics_of(name: str) -> tuple[str, ...]:
    """The topics of a law."""
    return tuple(topic for topic, names in TOPICS.items() if name in names)


def example_of(law: Law) -> str:
    """A command that fits the law; the columns that it names stand for those of the user."""
    options = OPTIONS.get(law.name, INPUT.get(law.name, ""))
    if not options and law.inputs == ("x",):
        options = "--x compute --loss accuracy --space linear" if law.name in GROWING else "--x compute"
    return f"scaling fit runs.csv --law {law.name} {options}".strip()


def may_grow(law: Law) -> bool:
    """Whether a law is made for metrics that grow, also in groups or with parameters held."""
    return law.name.partition(" by ")[0] in GROWING


def found_by(text: str, laws: Sequence[Law]) -> tuple[Law, ...]:
    """The laws in whose name, topics, formula, source or parameters all words of a text occur."""
    words = text.lower().replace("-", " ").split()
    return tuple(law for law in laws if words and all(word in _said(law) for word in words))


def _said(law: Law) -> str:
    meanings = (parameter.meaning for parameter in law.parameters)
    parts = (law.name, *topics_of(law.name), law.source, *law.inputs, *meanings)
    return " ".join(parts).lower().replace("-", " ")
