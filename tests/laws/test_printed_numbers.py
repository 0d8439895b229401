"""The parameters that papers print, written down a second time, so that a slip of the pen is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.laws import LAWS, find_law

# Scale, exponent and floor of (x / scale)^exponent, as Kaplan et al. 2020 and Henighan et al. 2020, table 1, print
# them; compute in PF-days of 8.64e19 FLOPs.
SCALED = """
power kaplan-params params 8.8e13 -0.076 0
power kaplan-tokens tokens 5.4e13 -0.095 0
power kaplan-compute compute 3.1e8 -0.050 0
power henighan-params params 1.47e14 -0.070 0
power henighan-compute compute 3.47e8 -0.048 0
power-constant image-8x8-params params 8.0e1 -0.24 3.12
power-constant image-8x8-compute compute 1.8e-8 -0.19 3.13
power-constant image-16x16-params params 2.8e2 -0.22 2.64
power-constant image-16x16-compute compute 1.6e-8 -0.16 2.64
power-constant image-32x32-params params 6.3e1 -0.13 2.20
power-constant image-32x32-compute compute 3.6e-9 -0.10 2.21
power-constant image-vq-16x16-params params 2.7e4 -0.13 3.99
power-constant image-vq-16x16-compute compute 6.1e-7 -0.11 4.09
power-constant image-vq-32x32-params params 1.9e4 -0.14 3.07
power-constant image-vq-32x32-compute compute 2.6e-6 -0.12 3.17
power-constant text-to-image-params params 5.1e3 -0.16 2.0
power-constant text-to-image-compute compute 1.5e-6 -0.15 1.93
power-constant image-to-text-params params 5.5e3 -0.15 2.0
power-constant image-to-text-compute compute 1.5e-6 -0.16 1.97
power-constant video-vq-params params 3.7e4 -0.24 1.01
power-constant video-vq-compute compute 2.2e-5 -0.14 0.95
power-constant math-params params 1.1e4 -0.16 0.28
power-constant math-compute compute 1.4e-5 -0.17 0.14
"""
PF_DAY = 1e15 * 24 * 3600
PRINTED = {
    "power:muon": "a=2.506 b=-0.052",
    "power:adamw": "a=2.608 b=-0.054",
    "bnsl:four-digit-addition":
        "a=0.41388453071629455 b=2.2772722897737556 c0=0.055077348404973955 c1=5.662903816010331 "
        "d1=612.5836172918001 f1=0.059193036393742314",
    "chinchilla:hoffmann":
        "E=1.6933736809989528 A=406.4010175194737 B=410.7228269450398 alpha=0.33917084 "
        "beta=0.2849083",
    "chinchilla:hoffmann-printed": "E=1.69 A=406.4 B=410.7 alpha=0.34 beta=0.28",
    "chinchilla:besiroglu": "E=1.81686 A=482.00572 B=2085.4342 alpha=0.34781 beta=0.36585",
    "chinchilla:muennighoff-free":
        "E=1.8782183662781502 A=386.7267611021977 B=2736.777739880548 alpha=0.33480313 "
        "beta=0.38289225",
    "chinchilla-tied:muennighoff":
        "E=1.8691436784054858 A=520.8249516599187 B=1487.716093782861 alpha=0.3526596",
    "kaplan:kaplan": "N_c=64000000000000.0 D_c=18000000000000.0 alpha_N=0.076 alpha_D=0.103",
    "kaplan-steps:kaplan": "N_c=88000000000000.0 S_c=2100.0 alpha_N=0.076 alpha_S=0.76",
    "critical-batch:kaplan": "B_star=200000000.0 alpha_B=0.21",
    "data-constrained:muennighoff":
        "E=1.8691436784054858 A=520.8249516599187 B=1487.716093782861 alpha=0.3526596 "
        "beta=0.3526596 R_D=15.387756 R_N=5.309743",
    "routed:s-base": "a=-0.082 b=-0.108 c=0.009 d=1.104 E_start=1.847 E_max=314.478",
    "routed:rl-r": "a=-0.083 b=-0.126 c=0.012 d=1.111 E_start=1.88 E_max=469.982",
    "routed:hash": "a=-0.087 b=-0.136 c=0.012 d=1.157 E_start=4.175 E_max=477.741",
    "granularity:krajewski": "c=0.47 a=18.1 g=2.1 b=30.8 alpha=0.115 beta=0.147 gamma=0.58",
    "parallel:stack-v2-python": "E=0.69120702 A=11307070.0 alpha=0.18935824 k=0.39345678",
    "parallel:pile": "E=1.28858758 A=197516580.0 alpha=0.19628145 k=0.33444241",
    "multi-power:step-law-lr": "K=1.79 p_x1=-0.713 p_x2=0.307",
    "sparsity:abnar":
        "a=16612.5 alpha=0.5962 b=5455.67 beta=0.3954 c=0.4598 lam=-0.1666 d=17.26 delta=0.1603 "
        "gamma=0.1595 e=0.94",
    "multi-power-schedule:25M": "L0=3.04 A=0.525 alpha=0.508 B=363.788 C=2.066 beta=0.583 gamma=0.641",
    "multi-power-schedule:100M": "L0=2.651 A=0.601 alpha=0.453 B=437.946 C=2.132 beta=0.598 gamma=0.655",
    "multi-power-schedule:400M": "L0=2.375 A=0.654 alpha=0.429 B=523.425 C=2.025 beta=0.594 gamma=0.635",
}  # fmt: skip


def published(law, name):
    return dict(next(fit.parameters for fit in find_law(law).published if fit.name == name))


@pytest.mark.parametrize("row", SCALED.strip().splitlines(), ids=lambda row: row.split()[1])
def test_a_law_with_a_scale_is_one_above_its_floor_there_and_falls_by_its_exponent(row):
    law, name, input_name, *numbers = row.split()
    scale, exponent, floor = map(float, numbers)
    x = scale * (PF_DAY if input_name == "compute" else 1.0) * np.array([1.0, 1e3])
    losses = find_law(law).predict(published(law, name), {"x": x})
    assert losses == pytest.approx(floor + np.array([1.0, 1e3**exponent]), rel=1e-9)


@pytest.mark.parametrize("name", PRINTED)
def test_parameters_are_as_printed(name):
    law, _, fit = name.partition(":")
    printed = {key: float(value) for key, _, value in (part.partition("=") for part in PRINTED[name].split())}
    assert published(law, fit) == pytest.approx(printed, rel=1e-12)


def test_every_published_fit_is_written_down_here():
    here = {*PRINTED, *(":".join(row.split()[:2]) for row in SCALED.strip().splitlines())}
    assert {f"{law.name}:{fit.name}" for law in LAWS for fit in law.published} == here
