"""The list of frames to be made: which diagnosis, which mask and which seed each has."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ccmeval.errors import CcmevalError
from ccmeval.generation.asked import Asked, diagnoses_asked
from ccmeval.generation.conditions import Capabilities, FrameFormat
from ccmeval.generation.source_masks import SourceMask
from ccmeval.generation.stems import UNLABELLED, stem_of

_SEED_BITS = 48
"""Of a frame's seed: 15 digits, which spreadsheets and JSON keep; among a million frames two are alike once
in 560 sets."""


@dataclass(frozen=True)
class WantedFrame:
    """One frame to be made.

    Attributes
    ----------
    index : int
        From 1, within its diagnosis.
    diagnosis : str or None
    seed : int
    mask : SourceMask or None
    prompt : str
    """

    index: int
    diagnosis: str | None
    seed: int
    mask: SourceMask | None = None
    prompt: str = ""

    @property
    def folder(self) -> str:
        """Name of the diagnosis that is safe as a file's."""
        return UNLABELLED if self.diagnosis is None else stem_of(self.diagnosis)

    @property
    def name(self) -> str:
        """Stem of its files."""
        return f"{self.folder}_{self.index:06d}"

    @property
    def frame_path(self) -> str:
        """Below the set's folder."""
        return f"{self.folder}/{self.name}.png"

    @property
    def mask_path(self) -> str:
        """Below the set's folder."""
        return f"masks/{self.name}.png"

    @property
    def fingerprint(self) -> str:
        """Changes with whatever of it changes the frame."""
        mask = None if self.mask is None else self.mask.sha256
        return hashlib.sha256(json.dumps([self.diagnosis, self.seed, mask]).encode()).hexdigest()[:32]


def seed_of(seed: int, diagnosis: str | None, index: int) -> int:
    """Derive a frame's seed; it depends on nothing else, so that a longer run begins with the same frames.

    Parameters
    ----------
    seed : int
        Of the run.
    diagnosis : str or None
        None also where frames of every diagnosis are to have the same seed.
    index : int

    Returns
    -------
    int
        Of 48 bits.

    Examples
    --------
    >>> seed_of(0, "Control", 1), seed_of(0, "Control", 2)
    (109447370132342, 231852909186758)
    """
    digest = hashlib.sha256(json.dumps([seed, diagnosis, index]).encode()).digest()
    return int.from_bytes(digest[: _SEED_BITS // 8], "big")


Stock = Callable[["str | None"], Sequence[int]]
"""Seeds for which a generator has a frame of a diagnosis, see :class:`ccmeval.plugins.Generator`."""


def plan_frames(
    asked: Asked,
    masks: Sequence[SourceMask],
    can: Capabilities,
    wanted: FrameFormat,
    stock: Stock | None = None,
) -> list[WantedFrame]:
    """List the frames to be made.

    Parameters
    ----------
    asked : Asked
    masks : sequence of SourceMask
        Empty for a generator that is to make frames without.
    can : Capabilities
    wanted : FrameFormat
        Tells the diagnoses that the generator knows.
    stock : callable, optional
        Of a generator with a limited number of frames; its seeds are asked for in their order.

    Returns
    -------
    list of WantedFrame
        The diagnoses take turns, so that an interrupted run has about as many of each.

    Raises
    ------
    CcmevalError
        If the generator does not know a diagnosis, or there is no mask of one, or no number is given.
    """
    diagnoses = diagnoses_asked(asked, masks, can, wanted)
    frames: list[WantedFrame] = []
    for diagnosis in diagnoses:
        usable = _masks_of(diagnosis, asked, masks)
        for index, seed in enumerate(_seeds(diagnosis, asked, len(usable), stock), start=1):
            mask = usable[(index - 1) % len(usable)] if usable else None
            frames.append(WantedFrame(index, diagnosis, seed, mask, asked.prompt))
    order = {diagnosis: place for place, diagnosis in enumerate(diagnoses)}
    return sorted(frames, key=lambda frame: (frame.index, order[frame.diagnosis]))


def _seeds(diagnosis: str | None, asked: Asked, n_masks: int, stock: Stock | None) -> list[int]:
    """Give the seed of each frame of a diagnosis."""
    if stock is not None:
        return _from_stock(diagnosis, asked, stock)
    count = asked.per_diagnosis if asked.per_diagnosis is not None else n_masks
    if count < 1:
        raise CcmevalError("Without masks nothing tells how many frames to make; give -n.")
    of_seed = None if asked.counterfactual else diagnosis
    return [seed_of(asked.seed, of_seed, index) for index in range(1, count + 1)]


def _from_stock(diagnosis: str | None, asked: Asked, stock: Stock) -> list[int]:
    if asked.counterfactual:
        raise CcmevalError(
            "--counterfactual needs a generator that makes frames; this one has a stock of them."
        )
    seeds = list(stock(diagnosis))
    count = len(seeds) if asked.per_diagnosis is None else asked.per_diagnosis
    if count > len(seeds):
        of = f" of {diagnosis}" if diagnosis is not None else ""
        raise CcmevalError(f"The generator has {len(seeds)} frames{of}, not {count}; ask for fewer by -n.")
    return seeds[:count]


def _masks_of(diagnosis: str | None, asked: Asked, masks: Sequence[SourceMask]) -> Sequence[SourceMask]:
    own = {mask.diagnosis for mask in masks}
    if asked.counterfactual or asked.any_mask or own <= {None}:
        return masks
    found = [mask for mask in masks if mask.diagnosis == diagnosis]
    if not found:
        known = ", ".join(sorted(name for name in own if name is not None))
        raise CcmevalError(
            f"No mask is of the diagnosis {diagnosis}; the masks are of {known}. Nerves of one diagnosis"
            " under the name of another mislead: say --any-mask if that is meant, or --counterfactual to"
            " compare."
        )
    return found
