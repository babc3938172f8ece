"""One frame by rule from one condition."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.generation.conditions import Condition
from ccmeval.phantom.diagnoses import TARGETS, draw_plan, draw_subject
from ccmeval.phantom.frame import draw_anatomy
from ccmeval.phantom.optics import render
from ccmeval.phantom.settings import PhantomSettings
from ccmeval.phantom.traced import trace_anatomy

_KEPT = 32
"""Frames drawn last that stay at hand for those who ask for their masks."""


@dataclass(frozen=True)
class Drawn:
    """A frame and the mask that it shows.

    Attributes
    ----------
    frame : float32 array (H, W), in [0, 1]
    mask : bool array (H, W)
    """

    frame: FloatArray
    mask: BoolArray


def draw(condition: Condition, settings: PhantomSettings) -> Drawn:
    """Draw the frame of a condition, after its mask or of an anatomy drawn for its diagnosis.

    The streams of anatomy and optics are apart, so that with the same seed a mask is seen by the same
    microscope, whoever drew it.
    """
    if condition.mask is None:
        return _own(condition.seed, diagnosis_of(condition), settings)
    mask = np.asarray(condition.mask, dtype=np.bool_)
    anatomy = trace_anatomy(_stream(condition.seed, "beads"), mask, settings)
    seen = render(_stream(condition.seed, "optics"), anatomy.nerves, anatomy.drawn, settings)
    return Drawn(seen.frame, mask)


def diagnosis_of(condition: Condition) -> str:
    """Give the diagnosis asked for, or one drawn from the seed where none was."""
    if condition.diagnosis is not None:
        return condition.diagnosis
    return list(TARGETS)[int(_stream(condition.seed, "diagnosis").integers(len(TARGETS)))]


@lru_cache(maxsize=_KEPT)
def _own(seed: int, diagnosis: str, settings: PhantomSettings) -> Drawn:
    rng = _stream(seed, "anatomy")
    plan = draw_plan(rng, draw_subject(rng, diagnosis), settings.area_mm2)
    anatomy = draw_anatomy(rng, plan, settings)
    seen = render(_stream(seed, "optics"), anatomy.nerves, anatomy.drawn, settings)
    return Drawn(seen.frame, anatomy.drawn.mask)


def _stream(seed: int, purpose: str) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(purpose.encode()),)))
