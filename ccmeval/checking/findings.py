"""How a finding is made, and the order in which findings are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ccmeval.evaluation.schema import Finding, Severity

MOST_FRAMES = 10
"""Frames that a finding names; it counts all."""

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


def finding(
    code: str, severity: Severity, sentence: str, frames: Iterable[str] = (), *, count: int | None = None
) -> Finding:
    """Make a finding.

    Parameters
    ----------
    code : str
    severity : {"error", "warning", "note"}
    sentence : str
    frames : iterable of str
        All frames concerned.
    count : int, optional
        Of what, where it is not those frames.

    Examples
    --------
    >>> finding("dark-frames", "warning", "Too dark.", ["a.png", "b.png"]).count
    2
    """
    names = list(frames)
    return Finding(
        code=code,
        severity=severity,
        sentence=sentence,
        frames=names[:MOST_FRAMES],
        count=len(names) if count is None else count,
    )


def by_severity(findings: Sequence[Finding]) -> list[Finding]:
    """Sort errors before warnings before notes, else as found."""
    return sorted(findings, key=lambda one: _ORDER[one.severity])


def counted(count: int, word: str) -> str:
    """Write a count with its word, in the plural where there are several.

    Examples
    --------
    >>> counted(1, "frame"), counted(3000, "frame")
    ('1 frame', '3,000 frames')
    """
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
