"""The distribution of a term's statistic, and its draws, against sums over two or three cells written out."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.comparison.factors.approximation import approximated
from scaling_cli.analysis.comparison.factors.cells import designed, frames
from scaling_cli.analysis.comparison.factors.draws import drawn_statistics, tangent
from scaling_cli.analysis.comparison.factors.noise import settled_fits, shrunk
from scaling_cli.analysis.comparison.factors.statistic import Pose
from scaling_cli.analysis.comparison.models import parts
from scaling_cli.fitting.solve import minimise
from scaling_cli.record import replace
from tests.analysis.comparison.factors.simulations import Design


def posed_fit(counts, wider=None, tested=("b",), delta=np.inf):
    """Cells under one exponent, against one for each cell; and the fit of the first to one data set."""
    cells = Design((len(counts),), counts, floors=(1.5,))
    members = [replace(member, delta=delta, is_tuned=False) for member in cells.members()]
    framed = frames(members)
    columns = np.eye(len(counts)) if wider is None else wider
    base = designed(members, dict.fromkeys(tested, np.ones((len(counts), 1))), framed)
    full = designed(members, dict.fromkeys(tested, columns), framed)
    fits = settled_fits(members, [member.theta[None] for member in members], cells.targets(members, 1))
    first = np.zeros((1, len(base.low)))
    for name, place in base.places.items():
        own = [member.theta[member.problem.law.names.index(name)] for member in members]
        first[0, place] = own if len(place) == len(members) else np.mean(own)
    weights = fits.weights(members)
    phi = minimise(base, first, delta=fits.deltas, target=fits.target, weights=weights).theta[0]
    fewer = columns.shape[1] - 1
    return members, Pose(base, full, framed, tested, (), fewer, 1), fits, phi


def lines(members, pose, fits, phi):
    """Each cell's Jacobian under the fitted base, weighted by the shape of its noise."""
    weights = fits.point_weights(members)[0]
    for member, theta, part in zip(members, pose.base.split(phi[None]), parts(members), strict=True):
        yield member.problem.residuals(theta)[1][0] * np.sqrt(weights[part])[:, None]


def precisions(members, pose, fits, phi):
    """One over the variance of each cell's own exponent, at unit noise."""
    place = members[0].problem.law.names.index("b")
    return np.array([1 / np.linalg.inv(slopes.T @ slopes)[place, place] for slopes in lines(members, pose, fits, phi)])


def test_a_difference_of_two_cells_has_the_freedom_of_welch():
    """Welch (1947): (V1 + V2)^2 / (V1^2 / n1 + V2^2 / n2); two levels take each cell as it is."""
    members, pose, fits, phi = posed_fit((12, 20))
    spreads, known = fits.scales * np.array([[0.7, 1.6]]), np.array([[9.0, 17.0]])
    fits = replace(fits, spreads=spreads, known=known)
    line = tangent(pose.base, phi, fits, 0, ("b",))
    precision = precisions(members, pose, fits, phi)
    assert [float(each[0, 0]) for each in line.precision] == pytest.approx(precision, rel=1e-6)
    found = approximated(line, pose, ("b",), fits, 0)
    judged = spreads[0] ** 2 / precision
    assert found.freedom == pytest.approx(judged.sum() ** 2 / (judged**2 / known[0]).sum(), rel=1e-6)
    assert found.fewer == pytest.approx(1.0)
    taken = fits.scales[0] ** 2 / precision
    assert found.stretch == pytest.approx(judged.sum() / taken.sum(), rel=1e-6)


def test_the_freedom_is_at_most_that_of_all_residuals():
    _, pose, fits, phi = posed_fit((12, 12))
    fits = replace(fits, spreads=fits.scales, known=np.full((1, 2), 1e4))
    assert approximated(tangent(pose.base, phi, fits, 0, ("b",)), pose, ("b",), fits, 0).freedom == 18.0


def test_weights_that_are_estimated_widen_the_test_of_one_cell_against_the_mean_of_two():
    """The first cell against the others, whose mean is weighted: l_g = h_g - (projection on the test * on all)_gg."""
    against = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    members, pose, fits, phi = posed_fit((12, 16, 20), wider=against)
    fits = replace(fits, scales=np.array([[1.0, 2.0, 1.5]]), spreads=np.array([[1.1, 1.5, 2.0]]),
                   known=np.array([[9.0, 13.0, 17.0]]))  # fmt: skip
    line = tangent(pose.base, phi, fits, 0, ("b",))
    found = approximated(line, pose, ("b",), fits, 0)
    root = np.sqrt(precisions(members, pose, fits, phi)) / fits.scales[0]
    rows = against * root[:, None]
    wide = rows @ np.linalg.inv(rows.T @ rows) @ rows.T
    part = wide - np.outer(root, root) / (root @ root)
    held = np.diag(part)
    loose = held - held * np.diag(wide)
    excess = (fits.spreads[0] / fits.scales[0]) ** 2
    mean = excess @ held
    assert found.stretch == pytest.approx(mean + 4 * np.sum(excess * loose / fits.known[0]), rel=1e-6)
    assert found.freedom == pytest.approx(mean**2 / np.sum((excess * held) ** 2 / fits.known[0]), rel=1e-6)
    crossed = part * excess
    assert found.fewer == pytest.approx(min(mean**2 / np.sum(crossed * crossed.T), 1.0), rel=1e-6)


def test_three_levels_of_unequal_noise_have_less_than_two_degrees_of_freedom():
    members, pose, fits, phi = posed_fit((12, 16, 20))
    fits = replace(fits, scales=np.ones((1, 3)), spreads=np.array([[1.0, 4.0, 1.0]]), known=np.full((1, 3), 9.0))
    found = approximated(tangent(pose.base, phi, fits, 0, ("b",)), pose, ("b",), fits, 0)
    root = np.sqrt(precisions(members, pose, fits, phi))
    part = np.eye(3) - np.outer(root, root) / (root @ root)
    crossed = part * np.array([1.0, 16.0, 1.0])
    assert found.fewer == pytest.approx(np.trace(crossed) ** 2 / np.trace(crossed @ crossed), rel=1e-6)
    assert 1 < found.fewer < 2
    assert found.stretch == pytest.approx(np.trace(crossed) / 2, rel=1e-6)


def test_a_drawn_statistic_is_that_of_the_cells_estimates():
    """Two cells: the square of the difference of their estimates over its variance, by the noise of the replicate."""
    members, pose, fits, phi = posed_fit((12, 20))
    line = tangent(pose.base, phi, fits, 0, ("b",))
    factors = np.random.default_rng(3).choice([-1.0, 1.0], size=(6, len(line.residuals)))
    place = members[0].problem.law.names.index("b")
    for row, drawn in zip(factors, drawn_statistics(line, pose.base, pose.wider, ("b",), factors, 1), strict=True):
        data, estimates, squares = row * line.residuals, [], []
        for slopes, part in zip(lines(members, pose, fits, phi), parts(members), strict=True):
            solved, rest, *_ = np.linalg.lstsq(slopes, data[part], rcond=None)
            estimates.append(solved[place])
            squares.append(float(rest[0]))
        scales, _ = shrunk(np.array([squares]), np.array([9.0, 17.0]))
        variance = scales[0] ** 2 / precisions(members, pose, fits, phi)
        assert drawn == pytest.approx((estimates[0] - estimates[1]) ** 2 / variance.sum(), rel=1e-5)


def test_residuals_that_are_drawn_are_widened_by_their_leverage_in_the_base():
    members, pose, fits, phi = posed_fit((12, 20))
    line = tangent(pose.base, phi, fits, 0, ("b",))
    residuals, slopes = (values[0] for values in pose.base.residuals(phi[None], fits.target))
    root = np.sqrt(fits.point_weights(members)[0])
    design = slopes * (root / np.repeat(fits.scales[0], (12, 20)))[:, None]
    leverage = np.diag(design @ np.linalg.pinv(design))
    assert line.residuals == pytest.approx(residuals * root / np.sqrt(1 - leverage), rel=1e-6)
    assert line.freedom.tolist() == [9.0, 17.0]


def test_residuals_beyond_delta_are_cut_off_and_divided_by_the_share_inside():
    members, pose, fits, phi = posed_fit((12, 20), delta=1e-3)
    weights = fits.point_weights(members)[0]
    residuals, slopes = (values[0] for values in pose.base.residuals(phi[None], fits.target))
    design = slopes * (np.sqrt(weights) / np.repeat(fits.scales[0], (12, 20)))[:, None]
    leverage = np.diag(design @ np.linalg.pinv(design))
    delta = fits.deltas[0]
    expected = np.clip(residuals, -delta, delta) * np.sqrt(weights) / np.sqrt(1 - leverage)
    for part in parts(members):
        inside = np.mean(np.abs(residuals[part]) <= delta[part])
        assert 0.05 < inside < 0.95
        expected[part] /= max(inside, 0.3)
    assert tangent(pose.base, phi, fits, 0, ("b",)).residuals == pytest.approx(expected, rel=1e-6)


def test_many_replicates_are_drawn_as_few_are():
    _, pose, fits, phi = posed_fit((12, 20))
    line = tangent(pose.base, phi, fits, 0, ("b",))
    factors = np.random.default_rng(3).choice([-1.0, 1.0], size=(5000, len(line.residuals)))
    every = drawn_statistics(line, pose.base, pose.wider, ("b",), factors, 1)
    assert every.shape == (5000,)
    last = drawn_statistics(line, pose.base, pose.wider, ("b",), factors[4090:4110], 1)
    assert every[4090:4110] == pytest.approx(last, rel=1e-9)
