"""What was decided once and for all: names of frames and subjects, and the splits.

`ledger.json` knows frames by the hash of their pixels, so that it can recognise a subject in a later run
without holding any name. It also remembers what was taken out of the cohort: no name is given twice, and
who comes back is recognised.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ccmeval.errors import CcmevalError
from ccmeval.preparing.using import SPLITS
from ccmeval.report.files import replacing

LEDGER = "ledger.json"


@dataclass
class Ledger:
    """Decisions of all runs into a folder.

    Attributes
    ----------
    places : dict
        Path of a frame below the cohort, without suffix, by its content.
    subjects : dict
        Pseudonym by content.
    splits, strata : dict
        Split and diagnosis under which it was drawn, by pseudonym (or path of a frame without subject).
    counters : dict
        Highest number given, by the stem that it follows.
    present : list of str
        Contents of the frames that are in the cohort.
    """

    places: dict[str, str] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=dict)
    strata: dict[str, str] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    present: list[str] = field(default_factory=list)

    def number(self, stem: str) -> int:
        """Give the next number of a stem."""
        self.counters[stem] = self.counters.get(stem, 0) + 1
        return self.counters[stem]

    def path(self, out: Path, content: str) -> Path | None:
        """Path of a frame's file, whether it is there or not."""
        place = self.places.get(content)
        return out / f"{place}.png" if place is not None else None


def read_ledger(out: Path) -> Ledger:
    """Read the ledger of a folder; an empty one where there is none.

    Raises
    ------
    CcmevalError
        If it cannot be understood.
    """
    path = out / LEDGER
    if not path.is_file():
        return Ledger()
    try:
        ledger = Ledger(**json.loads(path.read_text(encoding="utf-8")))
        good = set(ledger.splits.values()) <= set(SPLITS)
    except (OSError, ValueError, TypeError, AttributeError):
        good = False
    if not good:
        raise CcmevalError(
            f"{path} is damaged, and without it the splits of before are lost; restore it, or prepare"
            " a new folder."
        )
    return ledger


def write_ledger(out: Path, ledger: Ledger) -> None:
    """Write the ledger."""
    with replacing(out / LEDGER) as partial:
        partial.write_text(json.dumps(asdict(ledger), indent=1) + "\n", encoding="utf-8")
