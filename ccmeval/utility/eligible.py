"""Which frames can take part in a task: those of which the answer is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.statistics.tables import diagnosis_order
from ccmeval.utility.learning import Task
from ccmeval.utility.members import Member
from ccmeval.utility.words import counted, listed

_MASK_CURE = {
    "real": "name them with --real-masks or in the column mask of a manifest (`ccmeval biomarkers` writes"
    " masks)",
    "synth": "name them with --synth-masks or in the column mask of a manifest",
    "held-out": "name them in the column mask of its manifest (`ccmeval biomarkers` writes masks)",
}
_KIND_WORDS = {"real": "real", "synth": "synthetic", "held-out": "held-out"}


@dataclass(frozen=True)
class Eligible:
    """The frames of a task, by row.

    Attributes
    ----------
    real, synth, held_out : tuple of Member
    classes : tuple of str
        Diagnoses of the real frames: the field's by severity, then others by appearance. For diagnosis the
        order of labels; for segmentation those that are known, empty where none is.
    notes : tuple of str
        What was left out.
    """

    real: tuple[Member, ...]
    synth: tuple[Member, ...]
    held_out: tuple[Member, ...]
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)


def eligible(members: Sequence[Member], task: Task) -> Eligible:
    """Choose the frames whose diagnosis, or mask, is known.

    Parameters
    ----------
    members : sequence of Member
    task : {"diagnosis", "segmentation"}

    Returns
    -------
    Eligible

    Raises
    ------
    UnavailableError
        If a set that is needed has no such frame, or the real frames fewer than two diagnoses, with the cure.

    Examples
    --------
    >>> real = [Member(i, "real", "", name) for i, name in enumerate(["T1DPN", "Control", None])]
    >>> synth = [Member(i, "synth", "", name) for i, name in enumerate(["T1DPN", "Control"], start=3)]
    >>> found = eligible([*real, *synth], "diagnosis")
    >>> found.classes, found.notes
    (('Control', 'T1DPN'), ('1 real frame has no diagnosis and is left out.',))
    """
    ordered = sorted(members, key=lambda member: member.row)
    if len({member.row for member in ordered}) < len(ordered):
        raise ValueError("Two members have the same row.")
    return _with_diagnosis(ordered) if task == "diagnosis" else _with_mask(ordered)


def require_subjects(frames: Sequence[Member]) -> None:
    """Refuse to split by subject where a frame has none.

    Raises
    ------
    CcmevalError
        With what to do.
    """
    without = [member.frame for member in frames if member.subject is None]
    if without:
        raise CcmevalError(
            f"{len(without)} of {len(frames)} real frames have no subject, such as {listed(without, 2)}; name"
            " subjects in a manifest or with --real-subject-pattern, or say --split-by frame, whose results"
            " are too good."
        )


def _kind(members: Sequence[Member], kind: str) -> list[Member]:
    return [member for member in members if member.kind == kind]


def _with_diagnosis(members: Sequence[Member]) -> Eligible:
    notes: list[str] = []
    kept = {kind: _kind(members, kind) for kind in _KIND_WORDS}
    for kind, words in _KIND_WORDS.items():
        known = [member for member in kept[kind] if member.diagnosis is not None]
        notes += _left_out(len(kept[kind]) - len(known), words, "diagnosis")
        kept[kind] = known
    classes = _classes(kept["real"])
    if len(classes) < 2:
        found = f"all have {classes[0]}" if classes else "none has one"
        raise UnavailableError(
            f"Learning diagnoses needs real frames of at least two, but {found}; name diagnoses in a"
            " manifest's column diagnosis or by folders."
        )
    for kind in ("synth", "held-out"):
        kept[kind], more = _of_classes(kept[kind], classes, _KIND_WORDS[kind])
        notes += more
    if not kept["synth"]:
        raise UnavailableError(
            f"No synthetic frame has a diagnosis of the real ones ({listed(classes)}); name diagnoses in its"
            " manifest's column diagnosis or by folders."
        )
    missing = set(classes) - {str(member.diagnosis) for member in kept["synth"]}
    if missing:
        notes.append(f"No synthetic frame has the diagnosis {listed(missing)}: group C never sees it.")
    return Eligible(tuple(kept["real"]), tuple(kept["synth"]), tuple(kept["held-out"]), classes, tuple(notes))


def _with_mask(members: Sequence[Member]) -> Eligible:
    notes: list[str] = []
    kept: dict[str, tuple[Member, ...]] = {}
    for kind, words in _KIND_WORDS.items():
        given = _kind(members, kind)
        kept[kind] = tuple(member for member in given if member.has_mask)
        if not kept[kind] and (given or kind != "held-out"):
            raise UnavailableError(
                f"Learning segmentation needs masks, but no {words} frame has one; {_MASK_CURE[kind]}."
            )
        notes += _left_out(len(given) - len(kept[kind]), words, "mask")
    classes = _classes(kept["real"])
    return Eligible(kept["real"], kept["synth"], kept["held-out"], classes, tuple(notes))


def _classes(frames: Sequence[Member]) -> tuple[str, ...]:
    return tuple(diagnosis_order([m.diagnosis for m in frames if m.diagnosis is not None]))


def _left_out(count: int, words: str, what: str) -> list[str]:
    if not count:
        return []
    verbs = "has no {} and is" if count == 1 else "have no {} and are"
    return [f"{counted(count, f'{words} frame')} {verbs.format(what)} left out."]


def _of_classes(
    frames: Sequence[Member], classes: Sequence[str], words: str
) -> tuple[list[Member], list[str]]:
    kept = [member for member in frames if member.diagnosis in classes]
    others = {str(member.diagnosis) for member in frames} - set(classes)
    if not others:
        return kept, []
    told = counted(len(frames) - len(kept), f"{words} frame")
    return kept, [f"{told} of diagnoses that no real frame has ({listed(others)}) left out."]
