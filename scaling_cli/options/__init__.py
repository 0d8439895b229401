"""Every option of every command, written once: name, default, check, help.

The flags of the shell, the keywords of the library, `options` in JSON, `docs/options.md` and the stub for type checkers
all come from here. Nothing here imports numpy, polars or typer.
"""
