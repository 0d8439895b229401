"""One language for the formulas of laws and of FLOPs: what it means, and what a refusal says."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.errors import UsageError
from scaling_cli.flops import flops_rule
from scaling_cli.formula.tape import compile_tape
from scaling_cli.formula.tree import parse
from scaling_cli.laws.custom import law_from_formula


@pytest.mark.parametrize(
    "text",
    [
        "6 * params * tokens",
        "6 * non_embedding(params) * tokens",
        "-params^2 / -tokens + 2^-3^2",
        "max(params, tokens) - min(params, 3) * softplus(log(tokens))",
        "sqrt(params) * exp(-params / tokens)",
    ],
)
def test_plain_and_differentiated_evaluation_agree(text):
    columns = {"params": np.geomspace(1.0, 1e3, 7), "tokens": np.geomspace(2.0, 20.0, 7)}
    logs = {name: np.log(values) for name, values in columns.items()}
    tree = parse(text)
    differentiated = compile_tape(tree, tuple(columns)).evaluate({}, logs)[0]
    np.testing.assert_allclose(tree.evaluate(columns), differentiated, rtol=1e-12)


@pytest.mark.parametrize("text", ["6 * params^1 * tokens", "6*params * tokens ^ 1", "2^2^0.5*params*tokens^(1)"])
def test_a_caret_is_a_power_in_both(text):
    columns = {"params": np.array([2.0, 3.0]), "tokens": np.array([5.0, 7.0])}
    stars = flops_rule(text.replace("^", "**"))
    assert flops_rule(text).compute(columns).tolist() == stars.compute(columns).tolist()
    assert parse(text) == parse(text.replace("^", "**"))


def test_the_largest_long_sum_is_read_and_evaluated():
    total = parse("+".join(["a"] * 250))
    assert total.names() == ("a",)
    assert total.evaluate({"a": np.ones(2)}).tolist() == [250.0, 250.0]
    with pytest.raises(UsageError, match="nested operations"):
        parse("+".join(["a"] * 252))


REFUSED = [
    ("6*N^2*", "something is missing at its end"),
    ("6 * (é + 1) ^2 ? tokens", "it cannot be read from character 16 on"),
    ("  6^2*params//2*tokens", "the operator at character 13 is not one of + - * / ** ^"),
    ("(6^2 + params)  // tokens", "the operator at character 17 is not one of + - * / ** ^"),
    ("(6*params*tokens", "'(' was never closed at character 1"),
    ("6*params*tokens)", "unmatched ')' at character 16"),
    ("6ND*tokens", "a name follows the number at character 1 directly: write * between them"),
    ("6 params * tokens", "it cannot be read from character 3 on"),
    ("C = 6*params*tokens", "it has an = at character 3: write only the right-hand side"),
    ("6 * foo(params) * tokens", "foo() at character 5 is not a known function"),
    ("6 * log(params, 2) * tokens", "log() at character 5 takes 1 argument, not 2"),
    ("6 * max(params) * tokens", "max() at character 5 takes 2 arguments, not 1"),
    ("6 * log(params, base=2) * tokens", "'log(params, base=2)' at character 5 is not a number, a name or arithmetic"),
    ("6 * params.real * tokens", "'params.real' at character 5 is not a number, a name or arithmetic"),
    ("6^2 * params^2[0] * tokens", "'2[0]' at character 14"),
    ("6 *\n params * 'tokens'", "'tokens'\" at character 15"),
    (" ", "it is empty"),
    ("True * tokens", "'True' at character 1"),
    ("a" * 1100, "it has 1,100 characters, but at most 1,000 are allowed"),
    ("9" * 400 + "*params*tokens", "the number at character 1 is too large"),
    ("-" * 900 + "params*tokens", ""),
    ("params*tokens\0", ""),
    ("\ud800*params*tokens", ""),
]


@pytest.mark.parametrize("read", [flops_rule, law_from_formula])
@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_a_refusal_says_what_is_wrong_and_where(read, text, reason):
    with pytest.raises(UsageError) as caught:
        read(text)
    assert " is not a formula: " in caught.value.message
    assert reason in caught.value.message
    assert caught.value.message.startswith("--flops-rule" if read is flops_rule else "--law")
    assert any(advice in caught.value.hint for advice in ("Write it like", "write a formula", "Functions are"))


def test_a_misspelt_function_is_suggested():
    with pytest.raises(UsageError) as caught:
        parse("E + lgo(params)")
    assert "Did you mean log?" in caught.value.hint


def test_a_formula_is_written_as_it_is_read():
    assert parse("6*params**2 - -x/exp(a + 1)").written() == "((6 * (params ^ 2)) - (-x / exp(a + 1)))"
    assert parse("max(a, b*2)").written() == "max(a, b * 2)"


def test_names_come_once_in_the_order_of_the_text():
    assert parse("b*x + a*x").names() == ("b", "x", "a")
    assert parse("A[opt] + b", has_levels=True).names() == ("A", "opt", "b")
    assert [node.operation for node in parse("a + 1").nodes()] == ["add", "name", "number"]


@pytest.mark.parametrize(
    ("text", "levels"),
    [("A[opt]", []), ("A['opt']", []), ("A[opt, 'x', 'y']", ["x", "y"])],
)
def test_a_parameter_may_have_a_value_for_each_level(text, levels):
    node = parse(text, has_levels=True)
    assert (node.operation, node.name) == ("by level", "A")
    assert [part.name for part in node.parts] == ["opt", *levels]
    with pytest.raises(UsageError):
        parse(text)


@pytest.mark.parametrize(
    "text", ["A[1]", "A[opt, 1]", "A[opt, x]", "A[opt, 'x', 2]", "(a)(b)", "a if b else c", "+'x'"]
)
def test_other_syntax_is_refused(text):
    with pytest.raises(UsageError):
        parse(text, has_levels=True)


def test_definitions_stand_for_names_and_signs_are_kept():
    assert parse("c*2", {"c": parse("a + b")}) == parse("(a + b)*2")
    assert parse("+a") == parse("a")
    assert parse("-a").evaluate({"a": np.array([2.0])}).tolist() == [-2.0]


@pytest.mark.parametrize(("length", "is_read"), [(1000, True), (1001, False)])
def test_a_thousand_characters_are_the_most(length, is_read):
    text = "a+1" + " " * (length - 3)
    if is_read:
        assert parse(text).names() == ("a",)
    else:
        with pytest.raises(UsageError, match="at most 1,000 are allowed"):
            parse(text)


@pytest.mark.parametrize(("length", "is_read"), [(1000, True), (1001, False)])
def test_written_levels_are_not_counted(length, is_read):
    text = f"A[opt, '{'x' * 400}', '{'y' * 400}'] + a"
    text += " " * (length - len(text) + 804)
    if is_read:
        assert parse(text, has_levels=True).names() == ("A", "opt", "a")
    else:
        with pytest.raises(UsageError, match=r"has 1,805 characters, but at most 1,000 are allowed"):
            parse(text, has_levels=True)


@pytest.mark.parametrize("sign", ["-", "+"])
@pytest.mark.parametrize(("depth", "is_read"), [(249, True), (250, False)])
def test_operations_nest_up_to_a_depth(depth, is_read, sign):
    text = sign * depth + "a"
    if is_read:
        assert parse(text).names() == ("a",)
    else:
        with pytest.raises(UsageError, match="nested operations"):
            parse(text)
