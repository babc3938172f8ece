"""What the frames of a synthetic set are asked to show, and which of them a fault befalls."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.phantom.cohort import Item, stream_of, subject_of
from ccmeval.phantom.diagnoses import draw_plan
from ccmeval.phantom.frame import Anatomy, Phantom, draw_anatomy, image_anatomy
from ccmeval.phantom.settings import PhantomSettings

FAULTS = (
    "none",
    "noise",
    "blur",
    "missing branches",
    "collapsed modes",
    "lost gradient",
    "copies",
)
"""Names of the faults; "none" is a faithful generator."""

_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
"""Multiples of it, modulo 1, fill the unit interval evenly however many are taken (Weyl's sequence)."""


_MIDDLE_FEW = 6
"""Frames among which the next mode is chosen."""


@dataclass(frozen=True)
class Wanted:
    """What all frames of a synthetic set have in common.

    Attributes
    ----------
    fault : str
        One of :data:`FAULTS`.
    strength : float
        From 0 (none) to 1.
    seed : int
        Of the real cohort that the generator is said to have learnt from.
    frames_per_subject : int
    diagnoses : sequence of str
    settings : PhantomSettings
    real : pathlib.Path or None
        The real cohort's folder.
    modes : dict of str to Item
        For collapsed modes: the item whose anatomy is shown, by the name of the item asked for.
    """

    fault: str
    strength: float
    seed: int
    frames_per_subject: int
    diagnoses: Sequence[str]
    settings: PhantomSettings
    real: Path | None = None
    modes: dict[str, Item] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Say in a manifest where a frame comes from."""
        return f"phantom, fault {self.fault} strength {self.strength:g}"


@dataclass(frozen=True)
class Asked:
    """What a frame shall show: the phantom that a faithful generator makes.

    Attributes
    ----------
    item : Item
    anatomy : Anatomy
    phantom : Phantom
    optics : numpy.random.Generator
        In the state in which the phantom's imaging began.
    """

    item: Item
    anatomy: Anatomy
    phantom: Phantom
    optics: np.random.Generator


def draw_asked(item: Item, wanted: Wanted) -> Asked:
    """Draw what a frame was asked to show.

    Parameters
    ----------
    item : Item
    wanted : Wanted

    Returns
    -------
    Asked
    """
    rng, subject = stream_of(item, wanted.seed), subject_of(item, wanted.seed)
    plan = draw_plan(rng, subject, wanted.settings.area_mm2)
    anatomy = draw_anatomy(rng, plan, wanted.settings)
    optics = deepcopy(rng)
    return Asked(item, anatomy, image_anatomy(rng, anatomy, item.diagnosis, wanted.settings), optics)


def copied_item(item: Item, wanted: Wanted) -> Item:
    """Name the real frame that stands behind a copy: one of the same subject."""
    return replace(item, number=item.number - wanted.frames_per_subject)


def is_hit(item: Item, wanted: Wanted) -> bool:
    """Tell whether a frame is among the share that a fault befalls.

    The share is met within a frame or two in every diagnosis, whatever the number of frames, and the frames
    hit at one strength are hit at every higher one.

    Parameters
    ----------
    item : Item
    wanted : Wanted

    Returns
    -------
    bool

    Examples
    --------
    >>> half = Wanted("copies", 0.5, 0, 2, ("Control",), PhantomSettings())
    >>> sum(is_hit(Item("Control", subject, number), half) for subject in range(8) for number in (2, 3))
    8
    """
    turn = item.subject * wanted.frames_per_subject + item.number % wanted.frames_per_subject
    start = stream_of(Item(item.diagnosis, 0, 0), wanted.seed, f"share of {wanted.fault}").random()
    return bool((start + turn * _GOLDEN) % 1.0 < wanted.strength)


def choose_modes(items: Sequence[Item], wanted: Wanted) -> dict[str, Item]:
    """Choose the frames of each diagnosis to which a collapsed generator keeps coming back.

    Their planned length, trunks, branch points and width lie near the mean, on all its sides in turn, so
    that the set's means stay and its spread is lost.

    Parameters
    ----------
    items : sequence of Item
        All frames of the set.
    wanted : Wanted

    Returns
    -------
    dict of str to Item
        The mode, by the name of the item asked for; a mode is its own.
    """
    modes: dict[str, Item] = {}
    for diagnosis in dict.fromkeys(item.diagnosis for item in items):
        own = [item for item in items if item.diagnosis == diagnosis]
        ranked = [own[index] for index in _from_the_middle(_standard_plans(own, wanted))]
        count = min(max(2, round((1.0 - wanted.strength) * len(own))), len(own))
        modes |= {item.name: ranked[rank % count] for rank, item in enumerate(ranked)}
    return modes


def _standard_plans(items: Sequence[Item], wanted: Wanted) -> FloatArray:
    """Give what each frame is planned to hold, as distances from the mean in SDs."""
    plans = [
        draw_plan(stream_of(item, wanted.seed), subject_of(item, wanted.seed), wanted.settings.area_mm2)
        for item in items
    ]
    rows = [(plan.length_um, plan.trunks, plan.branch_points, plan.mean_width_um) for plan in plans]
    values = np.array(rows, dtype=float)
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _from_the_middle(standard: FloatArray) -> list[int]:
    """Order points from the middle outwards such that the mean of the first few, however many, is near 0."""
    left = [int(index) for index in np.argsort(np.linalg.norm(standard, axis=1), kind="stable")]
    order: list[int] = []
    total = np.zeros(standard.shape[1])
    while left:
        # Of the few nearest to the middle, the one that best makes up for those before it.
        candidates = left[:_MIDDLE_FEW]
        best = candidates[int(np.argmin(np.linalg.norm(total + standard[candidates], axis=1)))]
        left.remove(best)
        order.append(best)
        total = total + standard[best]
    return order
