"""How does coverage (pass@k) grow with attempts per problem, and how many attempts are worth their cost?

`question` holds what the user asks. `answer` computes each group's result: `curve` estimates coverage, `laws` fits
laws, `combined` forecasts beyond the attempts made, `backtest` checks such forecasts on the log itself, and `verifier`
gives the accuracy when one attempt must be chosen. Then it compares groups: `prices` and `budget` say what a budget
buys, `rivals` which group to spend it on, and `paired` how two groups differ on shared problems.
"""
