"""Answers to the questions of the commands, one folder per question; no folder imports another.

In each folder `question` holds what the user asks, `evidence` the data it is answered from, and `answer` the steps that
lead to the result. `drawn_fit` turns fits into points and curves for plots, `untaken` says what a law cannot take, and
`recipe` has the rules for width, depth, batch size and learning rate.
"""
