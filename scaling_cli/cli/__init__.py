"""The command-line interface: flags, output and exit codes. It computes nothing.

`run` runs one command line. `command` makes the flags of a command from its options, after `settings` of files and the
environment, with `help` and `completion`. `inputs` are the files that are read, which no result may overwrite. `show`
shows the report: `output` decides where and in which format, `terminal` what can be shown there, and `streams` what to
do where it cannot be written. `verdict` gives the exit code, also by the tests of `gates`, which find a result's
`places` by name.

Long work shows its `progress`, and `interrupts` ends it. Work on many files is that of `per_file` and `threads`, and
`sink` takes JSON lines as they are found. `watch` forecasts a run again while its log grows.
"""
