"""What is split as a whole: a subject with all its frames, or, by frame, a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ccmeval.utility.members import Member

NO_DIAGNOSIS = ""
"""Stratum of frames whose diagnosis is unknown."""


@dataclass(frozen=True)
class Cluster:
    """Frames that stay together.

    Attributes
    ----------
    name : str
    frames : tuple of Member
    seen : bool
        Whether a generator is declared to have seen any of them, or their subject.
    mask_source : bool
        Whether a synthetic frame was made from the mask of its subject.
    """

    name: str
    frames: tuple[Member, ...]
    seen: bool = False
    mask_source: bool = False

    @property
    def diagnoses(self) -> frozenset[str]:
        """Diagnoses of its frames."""
        return frozenset(member.diagnosis or NO_DIAGNOSIS for member in self.frames)

    @property
    def stratum(self) -> str:
        """The diagnosis of most of its frames; of equally many, the first by name."""
        counts = Counter(member.diagnosis or NO_DIAGNOSIS for member in self.frames)
        return min(counts, key=lambda name: (-counts[name], name))


@dataclass(frozen=True)
class OtherSets:
    """What the other synthetic sets of a comparison declare: all are to be tested on the same real frames.

    Attributes
    ----------
    seen : frozenset of str
        Subjects that any of their generators was trained on.
    sources : frozenset of str
        Subjects from whose masks any of their frames was made.
    """

    seen: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()


def marked(clusters: Sequence[Cluster], others: OtherSets) -> list[Cluster]:
    """Mark clusters also for what other sets have of them.

    Examples
    --------
    >>> one = Cluster("P1", (Member(0, "real", "", subject="P1"),))
    >>> found = marked([one], OtherSets(sources=frozenset({"P1"})))[0]
    >>> found.seen, found.mask_source
    (False, True)
    """
    return [
        replace(
            one,
            seen=one.seen or any(it.subject in others.seen for it in one.frames),
            mask_source=one.mask_source or any(it.subject in others.sources for it in one.frames),
        )
        for one in clusters
    ]


def clusters_of(
    frames: Sequence[Member],
    members: Sequence[Member],
    split_by: Literal["subject", "frame"],
) -> list[Cluster]:
    """Group real frames into what must not be torn apart.

    Parameters
    ----------
    frames : sequence of Member
        Real frames that take part; with a subject each where `split_by` is ``"subject"``.
    members : sequence of Member
        All frames of the run, from which it is told whom a generator saw.
    split_by : {"subject", "frame"}
        By frame, byte-identical files still stay together.

    Returns
    -------
    list of Cluster
        By name.

    Examples
    --------
    >>> frames = [Member(i, "real", "", subject="P1", generator_saw=i == 0) for i in range(2)]
    >>> [(one.name, len(one.frames), one.seen) for one in clusters_of(frames, frames, "subject")]
    [('P1', 2, True)]
    """
    seen = seen_subjects(members)
    sources = {member.subject for member in members if member.kind == "synth"} - {None}
    groups: dict[str, list[Member]] = {}
    for member in sorted(frames, key=lambda member: member.row):
        groups.setdefault(_name(member, split_by), []).append(member)
    return [
        Cluster(
            name,
            tuple(found),
            any(member.generator_saw or member.subject in seen for member in found),
            any(member.subject in sources for member in found),
        )
        for name, found in sorted(groups.items())
    ]


def seen_subjects(members: Sequence[Member]) -> frozenset[str]:
    """Give the subjects that a generator is declared to have been trained on."""
    by_frame = {m.subject for m in members if m.kind != "synth" and m.generator_saw and m.subject is not None}
    by_synth = (m.generator_subjects for m in members if m.kind == "synth")
    return frozenset(by_frame).union(*by_synth)


def _name(member: Member, split_by: str) -> str:
    if split_by == "subject":
        return str(member.subject)
    return f"file {member.sha256}" if member.sha256 else f"frame {member.row:09d}"
