"""The frames of a run as the protocol sees them: who they are, not what they show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Member:
    """A frame of one of the sets.

    Attributes
    ----------
    row : int
        In the pools: real frames first, then synthetic, then held-out ones.
    kind : {"real", "synth", "held-out"}
    frame : str
        Name in tables.
    diagnosis : str or None
    subject : str or None
        Of a real frame its subject; of a synthetic one the subject whose mask it was made from.
    cluster : str
        What counts as independent: the subject, or the frame itself.
    sha256 : str
        Of the file.
    has_mask : bool
        Whether a nerve mask is known.
    generator_saw : bool
        Real frames: the manifest column ``generator_training`` says that a generator was trained on it.
    generator_subjects : frozenset of str
        Synthetic frames: subjects that the manifest column ``generator_subjects`` (separated by ``;``)
        declares as those of its generator's training frames.
    declared : bool
        Synthetic frames: whether anything was declared of its generator's training frames.
    fold : int or None
        For `cross_fit` (column ``fold``, from 0). Synthetic frames: the fold that its generator did not see.
        Real frames: the fold that the frame is tested in, by which generators were fitted.
    """

    row: int
    kind: Literal["real", "synth", "held-out"]
    frame: str
    diagnosis: str | None = None
    subject: str | None = None
    cluster: str = ""
    sha256: str = ""
    has_mask: bool = False
    generator_saw: bool = False
    generator_subjects: frozenset[str] = field(default_factory=frozenset)
    declared: bool = False
    fold: int | None = None
