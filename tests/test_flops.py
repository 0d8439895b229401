from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.errors import UsageError
from scaling_cli.flops import flops_rule, scale_name
from scaling_cli.formula.functions import non_embedding, with_embedding

# layers, width and what DeepSeek LLM (arXiv:2401.02954, table 3) prints for 6 N1 / M and 6 N2 / M.
DEEPSEEK = ((8, 512, 0.43, 1.32), (80, 8192, 0.92, 0.94))
VOCABULARY, CONTEXT = 102_400, 4096


@pytest.mark.parametrize(("layers", "width", "without", "with_vocabulary"), DEEPSEEK)
def test_attention_counts_as_deepseek_does(layers, width, without, with_vocabulary):
    full = flops_rule("(72 * layers * width**2 + 12 * layers * width * context) * tokens")
    columns = {
        "params": np.array([12.0 * layers * width**2]),
        "tokens": np.ones(1),
        "layers": np.array([float(layers)]),
        "width": np.array([float(width)]),
        "context": np.array([float(CONTEXT)]),
    }
    total = full.compute(columns)[0]
    assert flops_rule("6ND").compute(columns)[0] / total == pytest.approx(without, abs=5e-3)
    larger = columns | {"params": columns["params"] + VOCABULARY * width}
    assert flops_rule("6ND").compute(larger)[0] / total == pytest.approx(with_vocabulary, abs=5e-3)
    causal = flops_rule("attention").compute(columns)[0]
    assert causal == pytest.approx(total - 6 * layers * width * CONTEXT)


def test_params_without_embeddings_invert_the_published_relation():
    sizes = np.geomspace(1e3, 1e13, 40)
    np.testing.assert_allclose(non_embedding(with_embedding(sizes)), sizes, rtol=1e-9)


@pytest.mark.parametrize(
    "text",
    ["", "6 * params", "params * tokens**2", "__import__('os')", "tokens.real * params", "6ND ND", "-params * tokens",
     "(lambda: 1)() * tokens * params", "9" * 600],
)  # fmt: skip
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(UsageError) as caught:
        flops_rule(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("6*N*D", "does not name tokens"),
        ("params * tokens**2", "does not grow in proportion to tokens"),
        ("params * tokens^2", "does not grow in proportion to tokens"),
    ],
)
def test_a_rule_must_count_tokens_in_proportion(text, reason):
    with pytest.raises(UsageError, match=reason):
        flops_rule(text)


def test_a_formula_names_the_columns_it_needs():
    assert flops_rule("(6 * params + 12 * layers * width * context) * tokens").extras == ("layers", "width", "context")


@pytest.mark.parametrize(
    ("text", "rate"),
    [("6ND", 6.0), ("2 * tokens * params", 2.0), ("non-embedding", None), ("attention", None),
     ("(6 * params + 2e6) * tokens", None), ("6 * active * tokens", None)],
)  # fmt: skip
def test_a_rule_has_a_rate_where_it_is_in_proportion_to_params_and_tokens(text, rate):
    assert flops_rule(text).rate == (None if rate is None else pytest.approx(rate))


def test_runs_are_as_large_as_their_compute_or_the_first_input():
    assert scale_name({"params": "n", "tokens": "d"}) == "compute"
    assert scale_name({"params": "n"}) == "n"
    assert scale_name({"x": "lr", "y": "step"}) == "lr"
