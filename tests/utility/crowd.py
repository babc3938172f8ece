"""Members made for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from ccmeval.utility.members import Member

CLASSES = ("Control", "T1NoDPN", "T1DPN")


def made(
    frames_of_subjects: Mapping[str, Sequence[str | None]],
    n_synth: int = 30,
    kind: Any = "real",
    start: int = 0,
    **more: Any,
) -> list[Member]:
    """Make real frames, one a diagnosis in the lists by subject, and synthetic ones of all classes."""
    found = [(subject, diagnosis) for subject, names in frames_of_subjects.items() for diagnosis in names]
    real = [
        Member(start + i, kind, f"{kind}{i}.png", diagnosis, subject, subject, f"{kind}-{i}", True, **more)
        for i, (subject, diagnosis) in enumerate(found)
    ]
    first = start + len(real)
    synth = [
        Member(first + i, "synth", f"s{i}.png", CLASSES[i % 3], None, "", f"synth-{i}", True, declared=True)
        for i in range(n_synth)
    ]
    return real + synth


def simple(n_subjects: int = 18, frames: int = 3, n_synth: int = 30) -> list[Member]:
    """Make subjects of one diagnosis each, in turn."""
    return made({f"P{i:02d}": [CLASSES[i % 3]] * frames for i in range(n_subjects)}, n_synth)


@st.composite
def crowds(draw: st.DrawFn, least: int = 3) -> list[Member]:
    """Draw cohorts: subjects with unequal numbers of frames, some of several diagnoses."""
    subjects: dict[str, list[str | None]] = {}
    for index, name in enumerate(CLASSES):
        for number in range(draw(st.integers(least, 8))):
            frames: list[str | None] = [name] * draw(st.integers(1, 6))
            if draw(st.integers(0, 9)) == 0:
                frames.append(draw(st.sampled_from(CLASSES)))
            subjects[f"P{index}-{number}"] = frames
    return made(subjects, n_synth=draw(st.integers(3, 40)))
