"""Loss over params and tokens: each formula written out, by row, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from scaling_cli.analysis.allocation.surface import (
    EXCESS_PARAMS,
    REPEATED_TOKENS,
    Chinchilla,
    LawSurface,
    RepeatedSurface,
    chinchilla_of,
    require_surface,
    rest_of,
    surface,
)
from scaling_cli.errors import UsageError
from scaling_cli.flops import flops_rule
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula

ROWS = {
    "E": np.array([1.8, 1.6]), "A": np.array([400.0, 300.0]), "B": np.array([2000.0, 900.0]),
    "alpha": np.array([0.34, 0.3]), "beta": np.array([0.36, 0.28]),
}  # fmt: skip
LAW = Chinchilla(**ROWS)
N, D = np.array([1e8, 1e9, 1e10]), np.array([1e10, 1e9, 3e11])


def loss(row, params, tokens):
    E, A, B, alpha, beta = (values[row] for values in ROWS.values())
    return E + A / params**alpha + B / tokens**beta


def in_order(law):
    return np.stack([ROWS[name] for name in law.names], axis=1)


def surfaces():
    chinchilla = find_law("chinchilla")
    return LAW, LawSurface(chinchilla, chinchilla.to_coordinates(in_order(chinchilla)), {})


def test_each_row_is_the_formula_with_its_own_parameters():
    for made in surfaces():
        assert made.replicates == 2
        found = np.exp(made.log_loss(N, D))
        assert found == pytest.approx(
            np.array([[loss(row, n, d) for n, d in zip(N, D, strict=True)] for row in (0, 1)])
        )
        own = np.exp(made.own_log_loss(N[:2], D[:2]))
        assert own == pytest.approx([loss(row, N[row], D[row]) for row in (0, 1)])
        assert made.first().replicates == 1
        assert np.exp(made.first().log_loss(N, D)) == pytest.approx(found[:1])


def test_the_scale_and_exponent_are_those_of_the_best_split():
    for row in (0, 1):
        for budget in (1e19, 1e23):
            best = minimize_scalar(
                lambda log, r=row, c=budget: loss(r, np.exp(log), c / np.exp(log)), bounds=(5, 45), method="bounded",
                options={"xatol": 1e-9},
            ).x  # fmt: skip
            scale, exponent = LAW.log_scale[row], LAW.params_exponent[row]
            assert scale + exponent * np.log(budget) == pytest.approx(best, abs=1e-4)


def test_a_term_that_is_missing_changes_nothing_else():
    without = Chinchilla(*(np.where(name == "B", 0.0, values) for name, values in ROWS.items()))
    assert np.exp(without.log_loss(N, D)[0]) == pytest.approx(1.8 + 400 / N**0.34)


def worth(amount, base, scale):
    return amount if amount <= base else base + base * scale * (1 - np.exp(-(amount / base - 1) / scale))


def test_repeated_tokens_and_excess_params_are_worth_what_the_formula_says():
    unique = 2e9
    made = RepeatedSurface(LAW, unique)
    for row in (0, 1):
        # The params that the unique tokens deserve: those of the budget whose best split has so many tokens.
        exponent, scale = LAW.params_exponent[row], np.exp(LAW.log_scale[row])
        budget = (unique * scale) ** (1 / (1 - exponent))
        deserved = scale * budget**exponent
        assert budget / deserved == pytest.approx(unique)
        for i in range(3):
            params, tokens = worth(N[i], deserved, EXCESS_PARAMS), worth(D[i], unique, REPEATED_TOKENS)
            assert np.exp(made.log_loss(N, D)[row, i]) == pytest.approx(loss(row, params, tokens))
    assert made.effective_tokens(D) == pytest.approx([worth(tokens, unique, REPEATED_TOKENS) for tokens in D])
    assert made.own_log_loss(N[:2], D[:2]) == pytest.approx([made.log_loss(N[[i]], D[[i]])[i, 0] for i in (0, 1)])
    assert (made.replicates, made.first().replicates) == (2, 1)
    assert made.first().log_loss(N, D) == pytest.approx(made.log_loss(N, D)[:1])
    plenty = RepeatedSurface(LAW, 1e30)
    assert plenty.log_loss(N, D) == pytest.approx(LAW.log_loss(N, D))


def test_other_inputs_of_a_law_have_their_value():
    law = law_from_formula("E + A/params^alpha + B/tokens^beta + k*log(width)", ("params", "tokens", "width"))
    rows = {**ROWS, "k": np.array([0.1, 0.2])}
    parameters = np.stack([rows[name] for name in law.names], axis=1)
    made = surface(law, parameters, None, {"width": np.e, "layers": 3.0})
    assert isinstance(made, LawSurface)
    assert np.exp(made.log_loss(N, D)[1]) == pytest.approx(loss(1, N, D) + 0.2)
    by_compute = law_from_formula("E + A/params^alpha + B/compute^beta", ("params", "tokens", "compute"))
    made = LawSurface(by_compute, by_compute.to_coordinates(in_order(by_compute)), {})
    assert np.exp(made.log_loss(N, D)[0]) == pytest.approx(loss(0, N, 6 * N * D))


def test_the_family_of_chinchilla_has_a_closed_form():
    law, tied = find_law("chinchilla"), find_law("chinchilla-tied")
    found = chinchilla_of(law, in_order(law))
    assert all((getattr(found, name) == ROWS[name]).all() for name in ROWS)
    one = chinchilla_of(tied, in_order(tied))
    assert (one.beta == ROWS["alpha"]).all()
    assert chinchilla_of(find_law("general"), np.ones((1, 6))) is None
    assert chinchilla_of(find_law("power-constant"), np.ones((1, 3))) is None
    other = law_from_formula("E + A*exp(-alpha*params) + B/tokens^beta", ("params", "tokens"))
    assert chinchilla_of(other, in_order(other)) is None or set(other.names) == {"E", "A", "B", "alpha", "beta"}


def test_the_surface_follows_the_law_and_the_unique_tokens():
    law = find_law("chinchilla")
    assert isinstance(surface(law, in_order(law), None, {}), Chinchilla)
    repeated = surface(law, in_order(law), 1e9, {})
    assert isinstance(repeated, RepeatedSurface)
    assert repeated.unique == 1e9
    own = find_law("data-constrained")
    with pytest.raises(UsageError, match="needs the number of unique tokens"):
        surface(own, np.ones((1, len(own.names))), None, {})
    assert surface(own, np.ones((1, len(own.names))), 1e9, {}).fixed == {"unique_tokens": 1e9}
    general = find_law("general")
    with pytest.raises(UsageError, match="does not describe the effect of repeated tokens"):
        surface(general, np.ones((1, len(general.names))), 1e9, {})


WIDE = law_from_formula(
    "E + A/params^alpha + B/tokens^beta + k*width + m*depth", ("params", "tokens", "width", "depth")
)


@pytest.mark.parametrize(
    ("law", "held", "searched", "says"),
    [
        (WIDE, (), (), "also depends on width and depth"),
        (WIDE, ("width",), (), "also depends on depth"),
        (WIDE, ("width",), ("depth",), None),
        (WIDE, ("width", "depth"), (), None),
        (WIDE, ("width", "depth", "layers"), (), None),
        (WIDE, ("width", "depth", "heads"), (), "--hold names heads"),
        (WIDE, ("width",), ("layers", "depth"), "--search names layers"),
        (WIDE, ("width", "depth", "params"), (), "--hold names params"),
        (WIDE, ("width",), ("depth", "tokens"), "--search names tokens"),
        (find_law("power"), (), (), "is a law of one input"),
        (
            find_law("chinchilla by data=c4;web sharing E", ("params", "tokens", "level of data")),
            (),
            (),
            "has its own parameters for each level of data",
        ),
        (law_from_formula("a*params^b", ("params",)), (), (), "is a law of params"),
    ],
)
def test_a_split_needs_params_and_tokens_and_the_value_of_all_else(law, held, searched, says):
    rule = flops_rule("6 * params * tokens * (1 + layers)")
    if says is None:
        require_surface(law, held, searched, rule)
        return
    with pytest.raises(UsageError, match=says):
        require_surface(law, held, searched, rule)


def test_the_last_part_that_is_not_given_is_what_is_left_of_params():
    class Parts:
        parts = ("prelude", "loop", "coda")

    assert rest_of(Parts, ()) == "coda"
    assert rest_of(Parts, ("coda", "prelude")) == "loop"
    assert rest_of(find_law("chinchilla"), ()) is None
    with pytest.raises(UsageError, match="add up to params"):
        rest_of(Parts, Parts.parts)
