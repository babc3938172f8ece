"""The distribution distances as metrics of the result: names, directions, notes, quick ways."""

from __future__ import annotations

import numpy as np

from ccmeval.fidelity import kernel
from ccmeval.fidelity.frechet import frechet_distance, frechet_influence, prepare_frechet
from ccmeval.fidelity.frechet_infinity import MINIMUM, frechet_infinity
from ccmeval.fidelity.scopes import MetricSpec
from ccmeval.fidelity.vectors import Matrix

CANONICAL = "FID"
"""Label of the one extractor whose distances bear the names of papers: Inception with official weights."""

CLIP = "FD-clip"
"""Label of the extractor on which the Gaussian distance is called CMMD."""


def distance_specs(*, seed: int = 0) -> list[MetricSpec]:
    """Give the Frechet distance, its extrapolation, the polynomial and the Gaussian kernel distance.

    Parameters
    ----------
    seed : int
        For the subsets of the extrapolation, which are the same in every evaluation.

    Examples
    --------
    >>> [(it.metric, it.label("FID"), it.label("FD-clip")) for it in distance_specs()]
    [('frechet', 'FID', 'FD-clip'),
     ('frechet_infinity', 'FID-infinity', 'FD-infinity-clip'),
     ('kid', 'KID', 'KID-clip'),
     ('cmmd', 'MMD-RBF-inception', 'CMMD')]
    """

    def infinity(real: Matrix, synth: Matrix) -> float:
        return frechet_infinity(real, synth, rng=np.random.default_rng(seed)).value

    def infinity_notes(real: Matrix, synth: Matrix) -> list[str]:
        found = frechet_infinity(real, synth, rng=np.random.default_rng(seed))
        return [
            f"An extrapolation from {found.smallest} to {found.largest} frames, linear in the inverse of "
            f"their number; standard error of the line's end {found.standard_error:.3g}.",
            *frechet_notes(real, synth),
        ]

    return [
        MetricSpec(
            "frechet", lambda label: label, frechet_distance, bounds=(0.0, np.inf),
            prepare=prepare_frechet, influence=frechet_influence, notes=frechet_notes,
        ),
        MetricSpec(
            "frechet_infinity", _infinity_label, infinity, minimum=MINIMUM, needs_interval=False,
            needs_floor=False, notes=infinity_notes,
        ),
        MetricSpec(
            "kid", _kid_label, kernel.kid, prepare=kernel.prepare_kid, influence=kernel.kid_influence,
        ),
        MetricSpec(
            "cmmd", _cmmd_label, kernel.cmmd, bounds=(0.0, np.inf), prepare=kernel.prepare_cmmd,
            influence=kernel.cmmd_influence,
        ),
    ]  # fmt: skip


def frechet_notes(real: Matrix, synth: Matrix) -> list[str]:
    """Say that the value hangs on the number of frames where they are fewer than the features."""
    fewest, dimension = min(len(real), len(synth)), real.shape[1]
    if fewest > dimension:
        return []
    return [
        f"The value depends on the number of frames ({fewest}, fewer than the {dimension + 1} that these "
        "features need for a full covariance); compare it only at one number of frames."
    ]


def features_name(label: str) -> str:
    """Give the features' name in a label such as "FD-dinov2".

    Examples
    --------
    >>> features_name("FD-dinov2"), features_name("FID")
    ('dinov2', 'inception')
    """
    return "inception" if label == CANONICAL else label.removeprefix("FD-")


def _infinity_label(label: str) -> str:
    return "FID-infinity" if label == CANONICAL else f"FD-infinity-{features_name(label)}"


def _kid_label(label: str) -> str:
    return "KID" if label == CANONICAL else f"KID-{features_name(label)}"


def _cmmd_label(label: str) -> str:
    return "CMMD" if label == CLIP else f"MMD-RBF-{features_name(label)}"
