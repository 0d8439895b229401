from scaling_cli.report.pages.latex import latex
from scaling_cli.report.pages.markdown import markdown
from scaling_cli.report.pages.plain import aligned
from scaling_cli.report.pages.sheet import Column, Sheet, numbers, words

HOSTILE = Sheet(
    (*words("group"), Column("parameter", "symbol"), *numbers("estimate")),
    (("[a]*_|\\&<b>$%", "alpha", "-1.5e7"), ("漢字", "R_D", "-"), ("x", "tokens_exponent", "[1, -]")),
)


def test_latex_prints_names_as_they_are():
    rows = latex(HOSTILE).splitlines()[4:7]
    assert rows == [
        r"{[}a]{*}\_|\textbackslash{}\&\textless{}b\textgreater{}\$\% & $\alpha$ & $-1.5 \times 10^{7}$ \\",
        r"漢字 & $R_{D}$ & -- \\",
        r"x & tokens\_exponent & $[1, -]$ \\",
    ]


def test_markdown_shows_names_as_they_are():
    assert markdown(HOSTILE).splitlines()[2] == r"| [a]\*\_\|\\&amp;&lt;b&gt;$% | alpha | -1.5e7 |"


def test_wide_characters_keep_columns_aligned():
    lines = aligned(HOSTILE).splitlines()
    assert lines[1].index("alpha") == lines[2].index("R_D") + 2  # two characters there take four columns


def test_no_rows_make_no_table():
    empty = Sheet(words("parameter"), ())
    assert (aligned(empty), latex(empty)) == ("", "")


def test_empty_columns_are_left_out_but_those_of_the_group_stay():
    columns = (Column("model", is_group=True), *words("unit"), *numbers("loss"))
    sheet = Sheet(columns, (("", "", "3.1"), ("", "-", "2.9")))
    assert sheet.without_empty().header == ("model", "unit", "loss")
    assert sheet.without_empty(empty=("", "-")).header == ("model", "loss")
