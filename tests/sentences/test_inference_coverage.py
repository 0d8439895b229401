"""What coverage says in a sentence: of attempts made, of forecasts, of targets and budgets, and of larger models."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from scaling_cli.results.coverage import (
    AssumedVerifier,
    Backtest,
    Coverage,
    CoverageResult,
    Forecast,
    Purchase,
    Selection,
)
from scaling_cli.results.exchange import Exchange
from scaling_cli.results.fit import Estimate
from scaling_cli.results.verifications import BestSplit, VerificationSplit
from scaling_cli.sentences.inference_coverage import money, sentence, turn_words, unit_of


def at(k, estimate=0.5, low=0.4, high=0.6):
    return Coverage(k, estimate, low, high, 0.01, 0.01)


def said(*rows, **changes):
    given = {"split": None, "forecast": (), "backtest": (), "budgets": (), "exchange": (), "selection": (),
             "verifier": None, "labels": "truth", "attempts": SimpleNamespace(min=100), **changes}  # fmt: skip
    result = SimpleNamespace(coverage=rows, **given)
    result.are_verdicts = CoverageResult.are_verdicts.fget(result)
    return sentence(result, "coverage")


class TestCoverage:
    def test_the_first_and_the_last_k_with_an_estimate_are_said(self):
        rows = (at(1, None), at(2, 0.25, 0.2, 0.3), at(5), at(1000, 0.9, 0.85, 0.95), at(2000, None))
        assert said(*rows) == (
            "2 attempts solve 25.0 % [20.0 %, 30.0 %] of problems and 1,000 attempts solve 90.0 % [85.0 %, 95.0 %]."
        )

    def test_one_attempt_solves(self):
        assert said(at(1)) == "One attempt solves 50 % [40 %, 60 %] of problems."
        assert said(at(1), at(1)) == said(at(1))

    def test_without_an_estimate_the_bounds_are_said(self):
        assert said(at(8, None, 0.4, 0.6)) == "8 attempts solve between 40 % and 60 % of problems."
        assert said() == "No coverage could be estimated."

    def test_shares_have_as_many_digits_as_tell_their_ends(self):
        assert "99.950 % [99.930 %, 99.970 %]" in said(at(1, 0.9995, 0.9993, 0.9997))
        assert "0 %" in said(at(1, 0.0, 0.0, 0.0))


class TestVerdicts:
    chosen = (Selection(8, "best-of-k", 0.9, None, None, 0.9), Selection(8, "assumed-verifier", 0.3, 0.2, 0.4, 0.5))

    def test_verdicts_are_accepted_and_not_solved_and_the_correct_share_follows(self):
        found = said(at(2), at(8), verifier=AssumedVerifier(0.9, 0.1, 0.8, 0.2, "verifier"), selection=self.chosen)
        assert found == (
            "One or more of 2 attempts are accepted at 50 % [40 %, 60 %] of problems and one or more of 8 attempts are "
            "accepted at 50 % [40 %, 60 %]. With the assumed rates, the first accepted one of 8 attempts is correct at "
            "30 % [20 %, 40 %] of problems."
        )
        assert said(at(1), verifier=AssumedVerifier(0.9, 0.1, 0.8, 0.2)).startswith("One attempt is accepted at 50 %")

    def test_verdicts_are_accepted_also_if_no_rates_are_known(self):
        assert said(at(1), labels="verifier").startswith("One attempt is accepted at 50 %")

    def test_where_outcomes_are_the_truth_attempts_solve(self):
        truth = AssumedVerifier(0.9, 0.1, 0.8, 0.2, "truth")
        assert said(at(8), verifier=truth, selection=self.chosen) == said(at(8))


class TestForecasts:
    rows = (
        Forecast(1000, "combined", 0.7, 0.6, 0.8), Forecast(9999, "combined", 0.8, 0.7, 0.9),
        Forecast(10**6, "combined", None, None, None), Forecast(10**6, "power-law", 0.99, 0.98, 0.999),
    )  # fmt: skip

    def test_the_furthest_combined_one_is_said(self):
        assert said(at(1), forecast=self.rows) == (
            "One attempt solves 50 % [40 %, 60 %] of problems; expect 80 % [70 %, 90 %] at 9,999 attempts."
        )
        assert "expect" not in said(at(1), forecast=self.rows[2:])

    def test_its_record_is_that_of_combined_forecasts(self):
        record = (
            Backtest("power-law", 10, 100, 5, 0, 0.1, 0.2), Backtest("combined", 10, 100, 5, 0, 0.1, 0.0234),
            Backtest("combined", 10, 1000, 5, 0, 0.1, 0.5),
        )  # fmt: skip
        found = said(at(1), forecast=self.rows, backtest=record)
        assert found.endswith("at 9,999 attempts (on this log such forecasts missed by 2.3 points).")
        unknown = (Backtest("combined", 10, 100, 5, 5, None, None),)
        assert "missed" not in said(at(1), forecast=self.rows, backtest=unknown)


def target(k=20, low=10, high=30, cost=0.5, unit="coverage", **changes):
    given = {"policy": "fixed", "is_forecast": False, "amount": 0.9, **changes}
    return Purchase("target", given["amount"], unit, given["policy"], k, low, high, k, cost, Estimate(0.9),
                    is_forecast=given["is_forecast"])  # fmt: skip


def budget(k=78, unit="usd", amount=0.05, **changes):
    given = {"policy": "fixed", "is_forecast": False, "coverage": Estimate(0.8, 0.7, 0.9), **changes}
    return Purchase("budget", amount, unit, given["policy"], k, None, None, 78.0, 0.05, given["coverage"],
                    is_forecast=given["is_forecast"])  # fmt: skip


class TestPurchases:
    def asked(self, *rows):
        return said(at(1), budgets=rows).split("of problems.")[1]

    def test_what_verdicts_reach_is_accepted_and_not_solved(self):
        rows = (target(cost=None), target(k=None), budget())
        verdicts = AssumedVerifier(0.9, 0.1, 0.8, 0.2, "verifier")
        found = said(at(1), budgets=rows, verifier=verdicts).split("of problems.")[1]
        assert "solve" not in found
        assert "20 [10, 30] attempts give an accepted answer at 90 %" in found
        assert "more than 100 attempts are needed for an accepted answer at 90 %" in found
        assert "which give an accepted answer at 80 % [70 %, 90 %]" in found

    def test_a_target_takes_attempts_at_a_price(self):
        assert self.asked(target()) == " 20 [10, 30] attempts, 0.5 USD per problem, solve 90 %."
        assert self.asked(target(cost=None)) == " 20 [10, 30] attempts solve 90 %."
        assert self.asked(target(policy="stop", is_forecast=True, high=None)) == (
            " 20 [10, > 10,000] attempts, 0.5 USD per problem, solve 90 %, if sampling stops at the first success "
            "(a forecast)."
        )
        assert self.asked(target(low=None)) == " 20 [> 100, 30] attempts, 0.5 USD per problem, solve 90 %."

    def test_a_target_that_is_not_reached_says_so(self):
        assert self.asked(target(k=None)) == " More than 100 attempts are needed to solve 90 %."

    def test_a_budget_buys_attempts(self):
        assert self.asked(budget()) == (" 0.05 USD per problem buys 78 attempts, which solve 80 % [70 %, 90 %].")
        assert self.asked(budget(unit="flops", amount=2e15, policy="stop")) == (
            " 2e15 FLOPs per problem buys 78 attempts, which solve 80 % [70 %, 90 %], if sampling stops at the first "
            "success."
        )
        assert said(at(1), budgets=(budget(k=None),)) == said(at(1))
        assert said(at(1), budgets=(budget(coverage=Estimate(None)),)) == said(at(1))

    def test_targets_come_first_and_three_questions_are_answered(self):
        found = self.asked(budget(), target(), target(k=40), target(k=60))
        assert found.startswith(" 20 [10, 30] attempts")
        assert "60 [10, 30]" in found
        assert found.endswith("solve 90 % (1 more below).")
        assert "below" not in self.asked(budget(), target(), target(k=40))

    def test_the_unit_of_a_price_is_that_of_the_other_questions_or_follows_from_its_size(self):
        def of(*rows):
            return unit_of(SimpleNamespace(budgets=rows))

        assert of(target(cost=5e12), budget()) == "usd"
        assert of(target(), budget(unit="flops")) == "flops"
        assert of(target(cost=1.1e6)) == "flops"
        assert of(target(cost=1.0e6), target(cost=None)) == "usd"
        assert of(target(cost=5.0), target(cost=2e6)) == "flops"
        assert of() == of(target(cost=None)) == "usd"
        assert "2e15 FLOPs per problem" in self.asked(target(cost=2e15))
        assert "0.5 FLOPs" not in self.asked(target(unit="usd", cost=0.5))
        assert (money(2.5e15, "flops"), money(0.25, "usd")) == ("2.5e15 FLOPs", "0.25 USD")


def exchange(verdict="sampling", turn=None, k=1, attempts=9, **changes):
    given = {"against": "70B", "difference": Estimate(0.1, 0.05, 0.15), **changes}
    return Exchange(8.75, 1.0, 9.0, k, attempts, 0.8, given["against"], 0.7, 50, given["difference"], verdict, turn)


class TestExchange:
    def made(self, *rows):
        return said(at(1), exchange=rows).split("of problems.")[1]

    @pytest.mark.parametrize(
        ("verdict", "words"),
        [
            ("sampling", "so more attempts are better than the larger model"),
            ("training", "so the larger model is better than more attempts"),
            ("inconclusive", "which is not shown to be a difference"),
        ],
    )
    def test_more_attempts_are_compared_with_the_larger_model(self, verdict, words):
        assert self.made(exchange(verdict)) == (
            " For the compute of one attempt by 70B, this model can make 9 attempts, with a coverage of 80 % instead "
            f"of 70 %, {words}."
        )

    def test_attempts_are_counted_and_what_the_log_lacks_is_said(self):
        assert self.made(exchange(k=2000, attempts=1)).startswith(
            " For the compute of 2,000 attempts by 70B, this model can make one attempt, with"
        )
        assert self.made(exchange("")).endswith("9 attempts, more than the log has, so they cannot be compared.")

    def test_the_first_comparison_with_a_difference_is_said(self):
        rows = (exchange(against=""), exchange(difference=None), exchange(attempts=12), exchange(attempts=15))
        assert "12 attempts" in self.made(*rows)
        assert said(at(1), exchange=rows[:2]) == said(at(1))

    @pytest.mark.parametrize(
        ("verdict", "turn", "words"),
        [
            ("sampling", Estimate(2.0, 1.0, 4.0), "; the larger model is better above a ratio of inference to "
             "pretraining tokens of 2 [1, 4]."),
            ("sampling", Estimate(None), ", at any ratio of inference to pretraining tokens."),
            ("sampling", Estimate(None, 3.0), "than the larger model."),
            ("training", Estimate(None), "than more attempts."),
        ],
    )  # fmt: skip
    def test_the_ratio_of_tokens_at_which_the_answer_turns_is_said(self, verdict, turn, words):
        assert self.made(exchange(verdict, turn)).endswith(words)

    def test_a_turn_without_an_end_has_no_limit(self):
        assert turn_words(exchange()) == ""
        assert turn_words(exchange(turn=Estimate(None))) == "never"
        assert turn_words(exchange(turn=Estimate(None, 3.0))) == "never [3, no limit]"
        assert turn_words(exchange(turn=Estimate(2.0, None, None))) == "2 [0, no limit]"


def split(solutions=Estimate(8.0, 6.0, 10.0), amount=None, unit="", budget=16.0):  # noqa: B008
    return BestSplit(budget, amount, unit, solutions, Estimate(4.0, 3.0, 5.0), Estimate(0.6, 0.5, 0.7))


class TestSplits:
    def made(self, *rows, solutions=Estimate(0.6, 0.5, 0.7)):  # noqa: B008
        return said(split=VerificationSplit(0.5, solutions, Estimate(0.4, 0.3, 0.5), rows, 0.01))

    def test_the_best_split_of_the_largest_budget_that_has_one_is_said(self):
        rows = (split(Estimate(2.0, 1.0, 3.0), budget=4.0), split(), split(Estimate(None), budget=64.0))
        assert self.made(*rows) == (
            "For the compute of 16 solutions per problem, 8 [6, 10] solutions with 4.00 [3.00, 5.00] verifications "
            "each are best: they solve 60 % [50 %, 70 %] of problems. The best number of solutions grows as "
            "compute^0.60 [0.50, 0.70], that of verifications of each as compute^0.40 [0.30, 0.50]."
        )

    def test_a_budget_is_said_in_the_unit_it_was_asked_in(self):
        assert self.made(split(amount=0.25, unit="usd")).startswith("For 0.25 USD per problem, ")
        assert self.made(split(amount=2e15, unit="flops")).startswith("For 2e15 FLOPs per problem, ")

    def test_without_powers_or_without_a_split_less_is_said(self):
        assert self.made(split(), solutions=Estimate(None)).endswith("of problems.")
        assert self.made(split(Estimate(None))) == (
            "The budgets lie beyond the settings of the log, so no best split is known."
        )
