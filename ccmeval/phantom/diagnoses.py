"""The three diagnoses: published biomarkers, and how subjects and frames are drawn from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.phantom.anatomy import Plan


@dataclass(frozen=True)
class Target:
    """Published mean and SD over frames, arXiv 2602.13693, Table V.

    Attributes
    ----------
    cnfl_mm_per_mm2, cnfd_per_mm2, cnbd_per_mm2, cnfw_um_per_mm2 : (float, float)
        Mean and SD.
    bend : float
        Factor on the bends of nerves: tortuosity rises along the diagnoses.
    gaps_per_mm : float
        Gaps in thin fibres and branches: fragmentation rises along the diagnoses.
    """

    cnfl_mm_per_mm2: tuple[float, float]
    cnfd_per_mm2: tuple[float, float]
    cnbd_per_mm2: tuple[float, float]
    cnfw_um_per_mm2: tuple[float, float]
    bend: float
    gaps_per_mm: float


TARGETS: dict[str, Target] = {
    "Control": Target((19.40, 5.14), (21.36, 9.45), (62.35, 37.69), (31.58, 1.30), 0.9, 1.0),
    "T1NoDPN": Target((14.60, 5.60), (16.17, 10.12), (42.09, 34.71), (31.15, 1.34), 1.1, 2.5),
    "T1DPN": Target((9.76, 5.86), (8.73, 8.62), (24.50, 27.35), (30.74, 1.60), 1.35, 5.0),
}

BETWEEN_SUBJECTS = 0.5
"""Share of the variance of every latent level (length, trunks, branch points, width, bends) that lies
between subjects."""

HRT3_AREA_MM2 = 0.16
"""Area that the published counts refer to: 0.4 mm x 0.4 mm."""

_CORRELATION = np.array(
    [
        [1.0, 0.75, 0.65, 0.1, 0.0],
        [0.75, 1.0, 0.4, 0.1, 0.0],
        [0.65, 0.4, 1.0, 0.0, 0.0],
        [0.1, 0.1, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0],
    ]
)
"""Correlation of the latent levels of length, trunks, branch points, width and bends. Not published: chosen
so that frames with more trunks are longer, as they must be."""

_BEND_SPREAD = 0.3
"""SD of the logarithm of a frame's factor on bends."""

_TRUNK_UM, _BRANCH_UM = 420.0, 30.0
"""Least length planned for a trunk of a 400 um frame and for a branch."""

_BRANCHES_PER_TRUNK = 14
"""Most branch points that find room on a trunk of 400 um."""

_LATENT: dict[str, tuple[float, ...]] = {
    "Control": (3100.0, 819.0, 3.413, 1.484, 9.961, 5.995),
    "T1NoDPN": (2326.0, 890.0, 2.582, 1.594, 6.838, 5.516),
    "T1DPN": (1548.0, 932.0, 1.417, 1.323, 4.734, 4.169),
}
"""Mean and SD, before the constraints among them, of length in um, trunks and branch points of a 400 um
frame; solved by `benchmarks/phantom_calibration.py --solve` so that the published moments come out."""


@dataclass(frozen=True)
class Subject:
    """A subject's own level.

    Attributes
    ----------
    diagnosis : str
    level : float array (5,)
        Standard normal levels of length, trunks, branch points, width and bends, correlated.
    """

    diagnosis: str
    level: np.ndarray


def draw_subject(rng: np.random.Generator, diagnosis: str) -> Subject:
    """Draw a subject of a diagnosis.

    Raises
    ------
    KeyError
        If the diagnosis has no targets.
    """
    TARGETS[diagnosis]
    return Subject(diagnosis, _levels(rng, 1)[0])


def draw_plan(rng: np.random.Generator, subject: Subject, area_mm2: float = HRT3_AREA_MM2) -> Plan:
    """Draw one frame of a subject.

    Parameters
    ----------
    rng : numpy.random.Generator
    subject : Subject
    area_mm2 : float
        Area of the frame. Lengths and branch points keep their published densities; trunks keep their
        number per width of frame, so that the CNFD of a larger frame is smaller, as it is in eyes.

    Returns
    -------
    Plan
    """
    level = np.sqrt(BETWEEN_SUBJECTS) * subject.level + np.sqrt(1 - BETWEEN_SUBJECTS) * _levels(rng, 1)[0]
    length, trunks, branches = plan_counts(level[None], _LATENT[subject.diagnosis], area_mm2)
    target = TARGETS[subject.diagnosis]
    mean, deviation = (value * HRT3_AREA_MM2 for value in target.cnfw_um_per_mm2)
    return Plan(
        trunks=int(trunks[0]),
        branch_points=int(branches[0]),
        length_um=float(length[0]),
        mean_width_um=float(mean + deviation * np.clip(level[3], -3, 3)),
        bend=target.bend * float(np.exp(_BEND_SPREAD * level[4])),
        gaps_per_mm=target.gaps_per_mm,
    )


def _levels(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.asarray(rng.standard_normal((count, len(_CORRELATION))) @ np.linalg.cholesky(_CORRELATION).T)


def plan_counts(
    level: np.ndarray, latent: tuple[float, ...], area_mm2: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn standard normal levels into length, trunks and branch points that fit together.

    Parameters
    ----------
    level : float array (N, 5)
    latent : tuple of 6 floats
        Mean and SD of length in um, trunks and branch points of a 400 um frame.
    area_mm2 : float
        Area of the frame.

    Returns
    -------
    length_um, trunks, branch_points : arrays (N,)
    """
    from scipy import stats  # half a second that whoever only names a diagnosis does without

    share = area_mm2 / HRT3_AREA_MM2
    side = np.sqrt(share)
    uniform = stats.norm.cdf(level)
    # Trunks cross the whole frame: their number grows with its width, that of branch points with its area.
    drawn, growth = [], (share, side, share)
    for column, (mean, deviation) in enumerate(zip(latent[::2], latent[1::2], strict=True)):
        shape = (mean / deviation) ** 2
        drawn.append(stats.gamma.ppf(uniform[:, column], shape, scale=mean * growth[column] / shape))
    trunks = np.floor(drawn[1] + 0.5)
    branches = np.minimum(np.floor(drawn[2] + 0.5), np.floor(_BRANCHES_PER_TRUNK * side) * trunks)
    least = _TRUNK_UM * side * trunks + _BRANCH_UM * branches
    return np.maximum(drawn[0], least), trunks.astype(int), branches.astype(int)
