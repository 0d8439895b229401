"""Recipes of the splits: width, depth, batch size and so on of the model that is trained."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.analysis.recipe import Rule, read_rules, recipe_of, rules_for, told
from scaling_cli.options.recipe import Recipe
from scaling_cli.record import replace
from scaling_cli.results.allocation import Allocation, AllocationResult


def with_recipes(result: AllocationResult, asked: Recipe, fitted: Sequence[Rule] = ()) -> AllocationResult:
    """The result with a recipe for each split, if recipes are asked for; `fitted` are the rules of the runs.

    Raises:
        UsageError: A rule gives no number above zero.
        DataError: The file of rules cannot be read.
    """
    if not asked.recipe or any(row.pools for row in result.allocations):
        return result
    rules = rules_for(fitted, read_rules(asked.rules) if asked.rules is not None else [])
    rows = tuple(_with_recipe(row, rules) for row in result.allocations)
    recipes = [(row.params.estimate, row.recipe) for row in rows if row.params.estimate is not None]
    return replace(result, allocations=rows, recipe=told(rules, recipes))


def _with_recipe(row: Allocation, rules: Sequence[Rule]) -> Allocation:
    params, tokens, compute = row.params.estimate, row.tokens.estimate, row.training_compute
    if params is None or tokens is None or compute is None:
        return row
    return replace(row, recipe=recipe_of(params, tokens, compute, rules))
