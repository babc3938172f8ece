"""What the audit of a paper's printed numbers found, as data: `audit.json`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ccmeval.preservation.schema import Equivalence
from ccmeval.published.schema import KnownFrom, Strict

SCHEMA_VERSION = "1.0"
"""Raised by one in the first place when a reader of the old file would misread the new one."""

Finding = Literal["agrees", "does not agree", "cannot be told"]


class Quoted(Strict):
    """A printed number or word that a check rests on."""

    what: str
    printed: str | None
    unit: str = ""
    where: str = ""
    known_from: KnownFrom | None = None


class Check(Strict):
    """One claim, checked by arithmetic on what is printed."""

    key: str = Field(description="Machine name.")
    title: str
    claim: str = Field(description="What must hold if all numbers are of the same thing.")
    finding: Finding
    sentence: str = Field(description="What was found, or why it cannot be told.")
    numbers: list[Quoted] = Field(default_factory=list)
    steps: list[str] = Field(default_factory=list, description="The arithmetic, step by step.")
    explanations: list[str] = Field(
        default_factory=list, description="Arithmetic facts that bear on a disagreement; none is proven."
    )
    missing: list[str] = Field(default_factory=list, description="Printed numbers that are not at hand.")


class SummaryTest(Strict):
    """Tests of two means from their printed means, SDs and an assumed or printed number of frames."""

    source: str = Field(description="Row that is compared with the real frames.")
    diagnosis: str
    biomarker: str
    label: str
    unit: str
    mean_real: float
    sd_real: float
    n_real: int
    mean_synth: float
    sd_synth: float
    n_synth: int
    n_assumed: bool = Field(description="The numbers of frames are not printed but assumed.")
    difference: float = Field(description="Synthetic minus real.")
    error: float | None
    degrees: float | None
    low: float | None = Field(description="95 % interval of the difference, or of 1 - alpha.")
    high: float | None
    p: float | None = Field(description="Welch's test, two-sided.")
    p_holm: float | None = None
    holm_family_size: int = 0
    margin: float
    margin_source: str
    tost_p: float | None
    verdict: Equivalence = "undefined"


class Reach(Strict):
    """What a number of frames a side could show at all, where both sides have the real frames' SD."""

    n: int = Field(description="Frames a side.")
    diagnosis: str
    biomarker: str
    label: str
    unit: str
    sd: float = Field(description="Printed SD of the real frames, taken for both sides.")
    smallest_significant: float = Field(description="Difference from which Welch's p is below alpha.")
    margin: float
    largest_equivalent: float | None = Field(
        description="Difference up to which equivalence is shown; null: none, however small."
    )


class AuditResult(Strict):
    """Everything that the audit of one paper found."""

    schema_version: str = SCHEMA_VERSION
    kind: Literal["published-audit"] = "published-audit"
    created: str = Field(description="UTC time, ISO 8601.")
    command: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    paper: str
    title: str
    paper_versions: str
    own_copy: str = Field(default="", description="File given by --tables.")
    alpha: float
    margin_in_sd: float
    margins: dict[str, float] = Field(default_factory=dict, description="In the unit, by biomarker.")
    group_sizes: list[int] = Field(description="Frames a side that tests assume where none are printed.")
    checks: list[Check]
    tests: list[SummaryTest] = Field(default_factory=list)
    reach: list[Reach] = Field(default_factory=list)
    assumptions: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)

    def of(self, key: str) -> Check:
        """Find a check by its key.

        Raises
        ------
        KeyError
            If there is none.
        """
        return {it.key: it for it in self.checks}[key]
