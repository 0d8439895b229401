"""Power laws of one input, without a floor (a line in logs) or with one."""

from __future__ import annotations

from scaling_cli.laws.law import Parameter, Published
from scaling_cli.laws.sums import Power, SumLaw, Term

KAPLAN = "Kaplan et al. 2020, arXiv:2001.08361"
HENIGHAN = "Henighan et al. 2020, arXiv:2010.14701, table 1"
PF_DAYS = 8.64e19  # FLOPs


def _scaled(name: str, about: str, source: str, scale: float, exponent: float, floor: float | None = None) -> Published:
    """Published parameters of a law that its paper writes as (x / scale)^exponent, with or without a floor."""
    parameters = {"a": scale**-exponent, "b": exponent}
    return Published(name, about, source, parameters if floor is None else {**parameters, "c": floor})


def _henighan(domain: str, x: str, floor: float, scale: float, exponent: float) -> Published:
    unit = PF_DAYS if x == "compute" else 1.0
    about = f"{domain.replace('-', ' ')} against {x if x == 'compute' else 'params without embeddings'}"
    return _scaled(f"{domain}-{x}", about, HENIGHAN, scale * unit, exponent, floor)


EXPONENT = Parameter(
    name="b",
    meaning="exponent, signed: negative for a loss that falls",
    kind="exponent",
    is_signed=True,
    low=-3.0,
    high=3.0,
)
COEFFICIENT = Parameter(name="a", meaning="loss above the floor at x = 1", unit="loss", positive=True, vanishes=True)

POWER = SumLaw(
    name="power",
    formula="a * x^b",
    source="Hestness et al. 2017, arXiv:1712.00409; Kaplan et al. 2020, arXiv:2001.08361, eq. 1.1",
    inputs=("x",),
    parameters=(Parameter(name="a", meaning="loss at x = 1", unit="loss", positive=True, vanishes=True), EXPONENT),
    terms=(Term("a", (Power("x", "b", +1),)),),
    published=(
        _scaled("kaplan-params", "WebText2, x = params without embeddings", KAPLAN, 8.8e13, -0.076),
        _scaled("kaplan-tokens", "WebText2, x = tokens of the data set", KAPLAN, 5.4e13, -0.095),
        _scaled("kaplan-compute", "WebText2, x = minimum compute in FLOPs", KAPLAN, 3.1e8 * PF_DAYS, -0.050),
        _scaled("henighan-params", "language, x = params without embeddings", HENIGHAN, 1.47e14, -0.070),
        _scaled("henighan-compute", "language, x = compute in FLOPs", HENIGHAN, 3.47e8 * PF_DAYS, -0.048),
        Published(
            "muon",
            "Muon, x = compute in PF-days of 8.64e19 FLOPs",
            "Liu et al. 2025 (Moonlight), arXiv:2502.16982",
            {"a": 2.506, "b": -0.052},
        ),
        Published(
            "adamw",
            "AdamW, x = compute in PF-days of 8.64e19 FLOPs",
            "Liu et al. 2025 (Moonlight), arXiv:2502.16982",
            {"a": 2.608, "b": -0.054},
        ),
    ),
)

POWER_CONSTANT = SumLaw(
    name="power-constant",
    formula="a * x^b + c",
    source="Henighan et al. 2020, arXiv:2010.14701, eq. 1.1",
    inputs=("x",),
    parameters=(
        COEFFICIENT,
        EXPONENT,
        Parameter(name="c", meaning="irreducible loss", kind="floor", unit="loss", low=0.0),
    ),
    terms=(Term("a", (Power("x", "b", +1),)), Term("c")),
    published=(
        _henighan("image-8x8", "params", 3.12, 8.0e1, -0.24),
        _henighan("image-8x8", "compute", 3.13, 1.8e-8, -0.19),
        _henighan("image-16x16", "params", 2.64, 2.8e2, -0.22),
        _henighan("image-16x16", "compute", 2.64, 1.6e-8, -0.16),
        _henighan("image-32x32", "params", 2.20, 6.3e1, -0.13),
        _henighan("image-32x32", "compute", 2.21, 3.6e-9, -0.10),
        _henighan("image-vq-16x16", "params", 3.99, 2.7e4, -0.13),
        _henighan("image-vq-16x16", "compute", 4.09, 6.1e-7, -0.11),
        _henighan("image-vq-32x32", "params", 3.07, 1.9e4, -0.14),
        _henighan("image-vq-32x32", "compute", 3.17, 2.6e-6, -0.12),
        _henighan("text-to-image", "params", 2.0, 5.1e3, -0.16),
        _henighan("text-to-image", "compute", 1.93, 1.5e-6, -0.15),
        _henighan("image-to-text", "params", 2.0, 5.5e3, -0.15),
        _henighan("image-to-text", "compute", 1.97, 1.5e-6, -0.16),
        _henighan("video-vq", "params", 1.01, 3.7e4, -0.24),
        _henighan("video-vq", "compute", 0.95, 2.2e-5, -0.14),
        _henighan("math", "params", 0.28, 1.1e4, -0.16),
        _henighan("math", "compute", 0.14, 1.4e-5, -0.17),
    ),
)
