import pytest

from scaling_cli.caveats import caveat


@pytest.mark.parametrize(
    ("reach", "written"),
    [(12.0, "12"), (333_333.0, "333,333"), (999_998_116_661_547_008.0, "1e18"), (1.26e6, "1.3e6")],
)
def test_factors_are_written_out_up_to_a_million(reach, written):
    assert f" is {written} times the largest run" in caveat("far-reach", compute="1e24", reach=reach).message
