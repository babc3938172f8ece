"""What the user asks for, and the diagnoses that this means for a generator and its masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ccmeval.cohort.diagnosis import fold_diagnosis
from ccmeval.errors import CcmevalError
from ccmeval.generation.conditions import Capabilities, FrameFormat
from ccmeval.generation.source_masks import SourceMask
from ccmeval.generation.stems import stem_of

AS_MASK = "as-mask"
"""In place of a diagnosis: each frame has its mask's."""


@dataclass(frozen=True)
class Asked:
    """What the user asks for.

    Attributes
    ----------
    diagnoses : sequence of str
        Names, or :data:`AS_MASK` alone; empty is the same.
    per_diagnosis : int or None
        Frames of each diagnosis; None for as many as masks.
    seed : int
    prompt : str
    counterfactual : bool
        The same masks and seeds under every diagnosis.
    any_mask : bool
        Masks of every diagnosis for every diagnosis, also where the masks' own are known.
    """

    diagnoses: Sequence[str] = ()
    per_diagnosis: int | None = None
    seed: int = 0
    prompt: str = ""
    counterfactual: bool = False
    any_mask: bool = False


def diagnoses_asked(
    asked: Asked, masks: Sequence[SourceMask], can: Capabilities, wanted: FrameFormat
) -> list[str | None]:
    """Decide which diagnoses are made.

    Parameters
    ----------
    asked : Asked
    masks : sequence of SourceMask
    can : Capabilities
    wanted : FrameFormat
        Tells the diagnoses that the generator knows.

    Returns
    -------
    list of str or None
        None for frames without a diagnosis.

    Raises
    ------
    CcmevalError
        If the generator does not know one, follows none, or needs one that masks do not tell.
    """
    found = _diagnoses(asked, masks, can, wanted)
    _check_names(found)
    return found


def _diagnoses(
    asked: Asked, masks: Sequence[SourceMask], can: Capabilities, wanted: FrameFormat
) -> list[str | None]:
    known = list(wanted.diagnoses)
    given = list(dict.fromkeys(asked.diagnoses))
    if AS_MASK in given and len(given) > 1:
        raise CcmevalError(f"--diagnosis {AS_MASK} stands for all that masks have; give it alone.")
    if AS_MASK in given and not masks:
        raise CcmevalError(f"--diagnosis {AS_MASK} needs masks; give --masks, or name the diagnoses.")
    if asked.counterfactual:
        return list(_counterfactual(given, masks, can, known))
    if not given or given == [AS_MASK]:
        return _as_mask(masks, can, known)
    if "diagnosis" not in can.takes:
        raise CcmevalError(
            "This generator follows no diagnosis, so that a name given by --diagnosis would be untrue; leave"
            " it out, and each frame is labelled with its mask's diagnosis."
        )
    return [_resolved(name, known) for name in given]


def _counterfactual(
    given: list[str], masks: Sequence[SourceMask], can: Capabilities, known: list[str]
) -> list[str]:
    if "diagnosis" not in can.takes:
        raise CcmevalError(
            "--counterfactual needs a generator that follows the diagnosis; this one does not."
        )
    named = [name for name in given if name != AS_MASK]
    of_masks = [mask.diagnosis for mask in masks if mask.diagnosis is not None]
    diagnoses = [_resolved(name, known) for name in named or known or sorted(set(of_masks))]
    if len(diagnoses) < 2:
        raise CcmevalError("--counterfactual compares diagnoses; give at least two by --diagnosis.")
    return list(dict.fromkeys(diagnoses))


def _as_mask(masks: Sequence[SourceMask], can: Capabilities, known: list[str]) -> list[str | None]:
    if not masks:
        return list(known) if known else [None]
    own = {mask.diagnosis for mask in masks}
    if None in own and "diagnosis" in can.needs:
        count = sum(mask.diagnosis is None for mask in masks)
        raise CcmevalError(
            f"{count} of {len(masks)} masks have no known diagnosis, and the generator needs one; give"
            " --diagnosis, or a manifest that tells it."
        )
    named = sorted(name for name in own if name is not None)
    if "diagnosis" in can.takes:
        named = [_resolved(name, known) for name in named]
    placed = sorted(named, key=lambda name: (known.index(name) if name in known else len(known), name))
    return [*placed, *([None] if None in own else [])]


def _resolved(name: str, known: Sequence[str]) -> str:
    """Find a diagnosis among those that the generator knows, by its own name or an alias of it."""
    folded = fold_diagnosis(name)
    if folded is None:
        raise CcmevalError("--diagnosis is empty; name one, such as Control.")
    if not known:
        return folded
    for candidate in (name.strip(), folded):
        if candidate in known:
            return candidate
    raise CcmevalError(f"The generator knows no diagnosis {name!r}; it knows {', '.join(known)}.")


def _check_names(diagnoses: Sequence[str | None]) -> None:
    """Refuse diagnoses whose folders a file system may not tell apart."""
    seen: dict[str, str] = {}
    for name in diagnoses:
        if name is None:
            continue
        stem = stem_of(name).casefold()
        if seen.setdefault(stem, name) != name:
            raise CcmevalError(
                f"The diagnoses {seen[stem]!r} and {name!r} differ by capital letters only; rename one."
            )
