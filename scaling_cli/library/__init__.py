"""The Python interface: it checks keywords, and its reports print, draw and tabulate themselves."""
