"""What pillar 2 found, as data: part of `report.json`, and all that its section is drawn from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ccmeval.fidelity.schema import Scope, Strict, Unit

Equivalence = Literal["equivalent", "different", "both", "inconclusive", "undefined"]
"""Two one-sided tests and the test of difference, together: only the first, only the second (a
difference is shown and equivalence is not), both (a difference is shown, and that it is smaller than the
margin), neither; or too few values."""

GradientVerdict = Literal["kept", "weakened", "exaggerated", "lost", "reversed", "inconclusive", "undefined"]
"""What became of the disease gradient; the rule is in `ccmeval.preservation.gradient_verdict`."""


class BiomarkerComparison(Strict):
    """One biomarker, real against synthetic, in one diagnosis or over all."""

    biomarker: str = Field(description="Column of the biomarker table.")
    label: str
    unit: str
    family: Literal["primary", "exploratory"]
    scope: Scope = "pooled"
    diagnosis: str | None = None
    unit_of_analysis: Unit = "frame"
    reference: Literal["frames", "published table", "reference bundle"] = Field(
        default="frames", description="What the real side is; of a published one only mean and SD are known."
    )
    n_real_frames: int = 0
    n_real_units: int = Field(default=0, description="Subjects, or frames where none are known.")
    n_synth_frames: int = 0
    n_synth_units: int = Field(default=0, description="Source subjects of the masks, or frames.")
    n_shared_units: int = Field(default=0, description="Subjects on both sides: these are paired.")
    n_real_undefined: int = Field(default=0, description="Frames in which the biomarker is undefined.")
    n_synth_undefined: int = 0
    mean_real: float | None = Field(default=None, description="Over units, each counting once.")
    sd_real: float | None = Field(default=None, description="Between units.")
    mean_synth: float | None = None
    sd_synth: float | None = None
    sd_real_frames: float | None = Field(default=None, description="Over frames.")
    sd_synth_frames: float | None = None
    difference: float | None = Field(default=None, description="Synthetic minus real, in the unit.")
    difference_low: float | None = None
    difference_high: float | None = None
    difference_in_published_sd: float | None = Field(
        default=None, description="The difference over the published SD (over frames); published tables only."
    )
    hedges_g: float | None = None
    hedges_g_low: float | None = None
    hedges_g_high: float | None = None
    sd_ratio: float | None = Field(default=None, description="SD over frames, synthetic over real.")
    sd_ratio_low: float | None = None
    sd_ratio_high: float | None = None
    ks: float | None = Field(default=None, description="Kolmogorov-Smirnov distance over frames.")
    ks_p: float | None = Field(default=None, description="By permutation of units.")
    wasserstein: float | None = Field(default=None, description="Wasserstein-1 over frames, in the unit.")
    welch_p: float | None = Field(
        default=None,
        description="Of the t-test that `test_method` names: Welch's, or its kin for shared units.",
    )
    welch_p_holm: float | None = None
    mann_whitney_p: float | None = Field(
        default=None, description="Of Mann-Whitney's test, or the test on ranks that `test_method` names."
    )
    mann_whitney_p_holm: float | None = None
    holm_family: str = Field(default="", description="Rows that were adjusted together, in words.")
    holm_family_size: int | None = Field(default=None, description="P-values in it, of one kind of test.")
    margin: float | None = Field(default=None, description="Equivalence margin, in the unit.")
    margin_source: str = ""
    tost_p: float | None = Field(default=None, description="The larger of the two one-sided p-values.")
    equivalence_low: float | None = Field(
        default=None,
        description="90 % interval that TOST sets against the margin; holds an estimated margin's error too.",
    )
    equivalence_high: float | None = None
    verdict: Equivalence = "undefined"
    test_method: str = ""
    interval_method: str = ""
    warning: str = ""


class GradientRow(Strict):
    """Whether a biomarker falls (or rises) along the diagnoses in both sets."""

    biomarker: str
    label: str
    unit: str
    family: Literal["primary", "exploratory"]
    order: list[str] = Field(description="Diagnoses from healthy to ill.")
    direction: Literal["falls", "rises", "none"] = Field(description="In the real set.")
    means_real: list[float | None] = Field(default_factory=list)
    means_synth: list[float | None] = Field(default_factory=list)
    jonckheere_z_real: float | None = None
    jonckheere_p_real: float | None = None
    jonckheere_z_synth: float | None = None
    jonckheere_p_synth: float | None = None
    n_units_real: list[int] = Field(default_factory=list, description="By diagnosis, in the order.")
    n_units_synth: list[int] = Field(default_factory=list)
    difference_real: float | None = Field(
        default=None, description="Mean of the last diagnosis minus that of the first, in the unit."
    )
    difference_synth: float | None = None
    difference_ratio: float | None = Field(
        default=None,
        description="Synthetic over real: the share of the disease's effect that is kept. The verdict rests"
        " on it, since frames a subject and spread, which differ between sets, do not enter it.",
    )
    difference_ratio_low: float | None = None
    difference_ratio_high: float | None = None
    effect_real: float | None = Field(default=None, description="Hedges' g, last against first diagnosis.")
    effect_real_low: float | None = None
    effect_real_high: float | None = None
    effect_synth: float | None = None
    effect_synth_low: float | None = None
    effect_synth_high: float | None = None
    effect_ratio: float | None = Field(
        default=None, description="Effect sizes, synthetic over real; 1 is kept whole."
    )
    effect_ratio_low: float | None = None
    effect_ratio_high: float | None = None
    order_kept: bool | None = Field(default=None, description="Means of S stand in the order of those of R.")
    verdict: GradientVerdict
    reason: str = ""
    interval_method: str = ""
    reference: Literal["frames", "published table", "reference bundle"] = "frames"
    unit_of_analysis: Unit = "frame"


class CorrelationStructure(Strict):
    """How the biomarkers hang together within diagnoses, real against synthetic."""

    biomarkers: list[str] = Field(default_factory=list)
    real: list[list[float | None]] = Field(default_factory=list, description="Correlations (Spearman).")
    synth: list[list[float | None]] = Field(default_factory=list)
    mean_absolute_difference: float | None = None
    low: float | None = None
    high: float | None = None
    floor_n: int | None = Field(default=None, description="Frames on each side of floor and matched value.")
    floor_median: float | None = Field(default=None, description="Between halves of the real set.")
    floor_low: float | None = None
    floor_high: float | None = None
    matched_median: float | None = Field(
        default=None,
        description="Real half against as many synthetic frames of other units; stands beside the floor.",
    )
    matched_low: float | None = None
    matched_high: float | None = None
    n_real_frames: int = 0
    n_synth_frames: int = 0
    n_real_units: int = 0
    n_synth_units: int = 0
    warning: str = ""


class PairAgreement(Strict):
    """Bland-Altman and ICC of a biomarker over declared pairs."""

    biomarker: str
    label: str
    unit: str
    n_pairs: int
    n_units: int
    bias: float | None = None
    bias_low: float | None = None
    bias_high: float | None = None
    lower_limit: float | None = None
    upper_limit: float | None = None
    icc: float | None = Field(default=None, description="ICC(2,1).")
    icc_low: float | None = None
    icc_high: float | None = None
    method: str = ""
    real: list[float] = Field(default_factory=list, description="Values of the pairs, for the figure.")
    synth: list[float] = Field(default_factory=list)


class AdherenceFrame(Strict):
    """How well one synthetic frame obeys the mask that asked for its nerves."""

    frame: str
    diagnosis: str | None = None
    length_recall: float | None = Field(default=None, description="Of the mask's centre line, at 3 px.")
    hallucinated_length: float | None = Field(
        default=None, description="Share of the found centre line farther than 3 px from the mask's."
    )
    cl_dice: float | None = None
    betti_0_error: int | None = Field(default=None, description="Connected pieces, found minus asked.")
    betti_1_error: int | None = Field(default=None, description="Loops, found minus asked.")
    branch_point_recall: float | None = None
    shift_row_px: float | None = Field(default=None, description="By which the frame is shifted.")
    shift_column_px: float | None = None
    scale: float | None = Field(default=None, description="By which the frame is zoomed; 1 is right.")
    aligned_length_recall: float | None = Field(
        default=None, description="Recall once shift and scale are undone: what misalignment costs."
    )


class AdherenceSummary(Strict):
    """A measure of mask adherence over frames."""

    measure: str = Field(description="A field of AdherenceFrame.")
    label: str
    scope: Scope = "pooled"
    diagnosis: str | None = None
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    n_frames: int = 0
    n_units: int = 0
    ceiling: float | None = Field(
        default=None, description="The same measure between real frames and their own masks, where known."
    )
    ceiling_low: float | None = None
    ceiling_high: float | None = None
    ceiling_units: int | None = Field(default=None, description="Real subjects, or frames, behind it.")


class PreservationResult(Strict):
    """All of pillar 2."""

    comparisons: list[BiomarkerComparison] = Field(default_factory=list)
    gradients: list[GradientRow] = Field(default_factory=list)
    correlation: CorrelationStructure | None = None
    pairs: list[PairAgreement] = Field(default_factory=list)
    adherence: list[AdherenceSummary] = Field(default_factory=list)
    adherence_frames: list[AdherenceFrame] = Field(default_factory=list)
    diagnosis_order: list[str] = Field(default_factory=list)
    segmenter_real: str = ""
    segmenter_synth: str = ""
    notes: list[str] = Field(default_factory=list)
