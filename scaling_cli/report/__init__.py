"""How results look: one folder per command says what there is to show, `pages` and `charts` draw it.

`written_files` writes files whole or not at all.
"""
