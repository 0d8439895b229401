"""Which runs should be trained next, so that the intervals of what is asked become narrow?

`question` turns the options into a task: `goals` are the quantities whose intervals should become narrow, and `arms`
collect the `knowledge` before the plan: from runs, a saved fit or a published one. `limits` lists the candidates, the
runs that are allowed, with their costs. `answer` puts the plan together from `designs`: in each, `search` chooses the
runs for which the mean `square_error` of the goals is lowest, and `reserve` adds runs that test the law against
`departures` from it. All of them evaluate the law at the places that `ground` lists.

`outlook` gives the interval of each goal now and with further runs, `expected` compares the plan with the `usual`
designs of others, and `until` finds the least budget for a wanted width. `check` simulates the plan, and `judge` rates
runs that somebody else chose. `given_designs` reads files of runs to judge, and of runs under way. `result` holds the
plan as plain numbers. `attempts` plans further attempts at problems, for goals of coverage.
"""
