"""Whether the nerves of a frame lie where its mask asked for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.generation.conditions import Condition

MOVED_UM = 3.125
"""By which a corner of the frame may move, as two centre lines may lie apart and still agree."""


@dataclass(frozen=True)
class MaskAlignment:
    """How a frame lies to its mask.

    Attributes
    ----------
    told : str
        ``"aligned"``, ``"moved"``, or ``"unclear: "`` with the reason.
    shift_row_px, shift_column_px, scale : float or None
        Of the nerves against the mask, about the middle of the frame; None where unclear.
    overlap : float
        Of the two centre lines once the move is undone, from 0 to about 1.
    """

    told: str
    shift_row_px: float | None = None
    shift_column_px: float | None = None
    scale: float | None = None
    overlap: float = 0.0

    def columns(self) -> dict[str, str]:
        """Give it as cells of a manifest; empty where there is no number."""
        numbers = {
            "alignment_shift_row_px": self.shift_row_px,
            "alignment_shift_column_px": self.shift_column_px,
            "alignment_scale": self.scale,
            "alignment_overlap": self.overlap,
        }
        told = {name: "" if value is None else f"{value:.4g}" for name, value in numbers.items()}
        return {"alignment": self.told, **told}


def mask_alignment(frame: FloatArray, mask: BoolArray, pixel_size_um: float) -> MaskAlignment:
    """Find by how much the nerves of a made frame are shifted and zoomed against its mask.

    The nerves are found by the segmenter `ridge`, the move by
    :func:`ccmeval.preservation.alignment.align`, which believes one only where it explains the frame
    clearly better than none.

    Parameters
    ----------
    frame : float32 array (H, W), in [0, 1]
    mask : bool array (H, W)
    pixel_size_um : float

    Returns
    -------
    MaskAlignment
    """
    from ccmeval.options import DEFAULT_SEGMENTER
    from ccmeval.plugins import load
    from ccmeval.preservation.alignment import align
    from ccmeval.thinning import thin_mask

    if not mask.any():
        return MaskAlignment("unclear: the mask is empty")
    found = load("ccmeval.segmenters", DEFAULT_SEGMENTER).segment([frame], [pixel_size_um])[0]
    line = found.mask if found.centre_line is None else found.centre_line
    if not line.any():
        return MaskAlignment("unclear: no nerves are found in the frame")
    move = align(thin_mask(line), thin_mask(mask), pixel_size_um)
    if not move.clear:
        return MaskAlignment("unclear: its nerves overlap no more than by chance", overlap=move.overlap)
    height, width = mask.shape
    corners = np.array([[0.0, 0.0], [0.0, width - 1], [height - 1, 0.0], [height - 1, width - 1]])
    moved_px = np.linalg.norm(move.found_at(corners, (height, width)) - corners, axis=1).max()
    told = "moved" if moved_px * pixel_size_um > MOVED_UM else "aligned"
    return MaskAlignment(told, move.shift_row_px, move.shift_column_px, move.scale, move.overlap)


def samples_note(frames: Sequence[FloatArray], conditions: Sequence[Condition], pixel_size_um: float) -> str:
    """Tell how many of the frames lie to their masks; empty where there are no masks.

    Parameters
    ----------
    frames : sequence of float32 arrays (H, W), in [0, 1]
    conditions : sequence of Condition
        From which they were made.
    pixel_size_um : float
    """
    pairs = [(frame, one.mask) for frame, one in zip(frames, conditions, strict=True) if one.mask is not None]
    if not pairs:
        return ""
    found = [mask_alignment(frame, mask, pixel_size_um) for frame, mask in pairs]
    counts = Counter(one.told.partition(":")[0] for one in found)
    moved = [one for one in found if one.told == "moved"]
    largest = max((_length(one) for one in moved), default=0.0)
    told = f" (by up to {largest:.1f} px, scale up to {_farthest_scale(moved):.3f})" if moved else ""
    return (
        f"Nerves of the {len(pairs)} samples after the last step: aligned with their masks"
        f" {counts['aligned']},"
        f" shifted or zoomed {counts['moved']}{told}, unclear {counts['unclear']}."
    )


def _length(one: MaskAlignment) -> float:
    return float(np.hypot(one.shift_row_px or 0.0, one.shift_column_px or 0.0))


def _farthest_scale(moved: Sequence[MaskAlignment]) -> float:
    return max((one.scale or 1.0 for one in moved), key=lambda scale: abs(scale - 1.0))
