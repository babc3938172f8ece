"""Whether a generator can follow the conditions that it is given."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import Capabilities, Condition, FrameFormat


def check_conditions(
    name: str, capabilities: Capabilities, conditions: Sequence[Condition], frame_format: FrameFormat
) -> None:
    """Refuse conditions that a generator cannot follow.

    What a generator does not take is not looked at.

    Raises
    ------
    UnavailableError
        If one is missing, a mask has not the frames' shape, or a diagnosis was not trained on.

    Examples
    --------
    >>> takes_masks = Capabilities("Draws.", takes=("mask",), needs=("mask",))
    >>> check_conditions("drawer", takes_masks, [Condition(1)], FrameFormat((8, 8), 2.0))
    Traceback (most recent call last):
    ccmeval.errors.UnavailableError: The generator 'drawer' needs a mask for every frame.
    """
    for condition in conditions:
        for needed in capabilities.needs:
            value = getattr(condition, needed)
            if value is None or (needed == "prompt" and not value):
                raise UnavailableError(f"The generator {name!r} needs a {needed} for every frame.")
        if "mask" in capabilities.takes:
            _check_mask(name, condition, frame_format)
        if "diagnosis" in capabilities.takes:
            _check_diagnosis(name, condition, frame_format)


def _check_mask(name: str, condition: Condition, frame_format: FrameFormat) -> None:
    if condition.mask is not None and condition.mask.shape != tuple(frame_format.shape_px):
        raise UnavailableError(
            f"The generator {name!r} takes masks of {_size(frame_format.shape_px)}, not of"
            f" {_size(condition.mask.shape)}; resize them."
        )


def _check_diagnosis(name: str, condition: Condition, frame_format: FrameFormat) -> None:
    known = list(frame_format.diagnoses)
    if condition.diagnosis is not None and condition.diagnosis not in known:
        told = f"it knows {', '.join(known)}" if known else "it was trained without any"
        raise UnavailableError(
            f"The generator {name!r} was not trained on the diagnosis {condition.diagnosis!r}; {told}."
        )


def _size(shape: Sequence[int]) -> str:
    return " x ".join(str(side) for side in shape) + " px"
