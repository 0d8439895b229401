"""The Python interface: it checks keywords, and its reports print, draw and tabulate themselves.

`called` makes a function of each verb, with `aliases` for older keywords. The function returns an `answer`, whose
figure is `drawn` by matplotlib, and whose law is `predicted` at amounts of the caller.
"""
