"""The commands as functions: load runs, group them, analyse, and return a report that draws nothing.

One module per command, named as the command. Both interfaces, `cli` and `library`, call these functions.
"""
