"""How does coverage (pass@k) grow with attempts per problem, and how many attempts are worth their cost?

`question` holds what the user asks. `answer` computes each group's result: `curve` estimates coverage, `laws` fits
laws, `combined` forecasts beyond the attempts made, `backtest` checks such forecasts on the log itself, and `verifier`
gives the accuracy when one attempt must be chosen. `printed` decides which ends of intervals are shown.

`together` then adds what needs several groups: `prices` and `budget` say what a budget buys, `rivals` which group to
spend it on, `opponents` which groups are compared, `paired` how two groups differ on shared problems, `crossing` where
one overtakes the other, and `exchange` whether a larger model is worth more than further attempts. `verifications`
answers logs of solutions and verifications: how to split compute between both.
"""
