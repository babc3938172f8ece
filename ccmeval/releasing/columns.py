"""Which columns of a manifest are published, decided one by one, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Fate = Literal["published", "replaced", "left out"]


@dataclass(frozen=True)
class Decision:
    """What becomes of a column, and why."""

    fate: Fate
    why: str


_PATH = "paths in the set's own folders stand instead of those on the maker's machine"
DECISIONS: Final[dict[str, Decision]] = {
    "frame": Decision("replaced", _PATH + "; names of files can name people"),
    "mask": Decision("replaced", _PATH),
    "trace": Decision("replaced", _PATH),
    "diagnosis": Decision("published", "the class that the frame was asked to show"),
    "eye": Decision("published", "left or right tells of nobody"),
    "pixel_size_um": Decision("published", "no length can be measured without it"),
    "source": Decision("published", "name of the generator"),
    "subject": Decision("replaced", "a pseudonym, the same wherever the subject stands, kept nowhere public"),
    "source_subject": Decision(
        "replaced", "a pseudonym: frames of one subject's masks must stay together in statistics and splits"
    ),
    "mask_subject": Decision("replaced", "published as source_subject, by pseudonym"),
    "generator_subjects": Decision(
        "replaced", "only how many there are (n_generator_subjects): the names are those of real subjects"
    ),
    "seed": Decision("published", "the same generator and seed make the same frame"),
    "prompt": Decision("published", "what the generator was asked in words; names found in it are taken out"),
    "inference_steps": Decision("published", "how the frame was made"),
    "guidance_scale": Decision("published", "how the frame was made"),
    "mask_diagnosis": Decision("published", "diagnosis of the subject whose mask it was"),
    "generator_version": Decision("published", "how the frame was made"),
    "generator_identity": Decision("published", "a hash of the generator's weights and settings"),
    "adapter_sha256": Decision("published", "a hash of the adapter's weights"),
    "ccmeval_version": Decision("published", "how the frame was made"),
    "fold": Decision("published", "the fold that the frame's generator did not see"),
    "split": Decision("published", "the split that the frame was meant for"),
    "source_mask": Decision("left out", "it is the name of a real frame's file"),
    "graph": Decision("left out", "it is the path of a file that is not released"),
}
"""By column of a ccmeval manifest."""

UNKNOWN: Final = Decision("left out", "nobody said that it may be published (--keep-column)")
KEPT: Final = Decision("published", "the publisher asked for it (--keep-column)")

PRIVATE: Final = frozenset({"frame", "mask", "trace", "subject", "source_subject", "mask_subject"})
"""Columns that :func:`ccmeval.releasing.plan.make_plan` writes itself."""


def decide(column: str, keep: Iterable[str] = ()) -> Decision:
    """Decide what becomes of a column.

    Parameters
    ----------
    column : str
    keep : iterable of str
        Columns that the publisher wants published; this moves none of those that name subjects or files.

    Returns
    -------
    Decision

    Examples
    --------
    >>> decide("source_subject", ["source_subject"]).fate, decide("age").fate, decide("age", ["age"]).fate
    ('replaced', 'left out', 'published')
    """
    known = DECISIONS.get(column)
    if known is not None:
        return known
    return KEPT if column in set(keep) else UNKNOWN
