"""Allocation from IsoFLOP curves: the best model size at each of several compute budgets.

`budgets` finds runs that share a budget, `profile` is the exact shape of an IsoFLOP curve, `minima` finds the minimum
of one curve by parabola or spline, and `fit` finds those of all curves. `curves` collects them, `tables` adds checks
and caveats, and `answer` splits budgets along power laws through the minima.
"""
