"""Settings of the ridge segmenter: every length in micrometres, every threshold with its reason."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SegmentWeights(BaseModel):
    """Weights of the logistic rule that judges a candidate segment.

    They were fitted to experts' traces (which segments did the expert draw?) by
    ``benchmarks/traced.py --fit``; the same script leaves frames out, fits on the others and scores
    the frames left out, so that its figures hold for frames the weights have not seen. Each feature is
    described in :mod:`ccmeval.nerves.features`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    intercept: float = -8.28
    log_length: float = 0.621
    faint_coherence: float = 2.08
    straightness: float = 1.18
    log_network_length: float = 0.42
    log_firm_length: float = 0.503
    weaker_end: float = 0.384
    crowding: float = -21.1
    breadth: float = -0.12
    alignment: float = 0.91


class RidgeSettings(BaseModel):
    """Settings of the ridge segmenter.

    "By trial" means: best or level with the best of a handful of values on the traced frames under
    leave-frames-out, where neighbouring values change F1 by less than 0.01.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    background_um: float = Field(
        default=16.0,
        gt=0,
        description="Gaussian sigma of the local mean that is subtracted; four nerve widths.",
    )
    contrast_um: float = Field(
        default=24.0, gt=0, description="Gaussian sigma of the local spread that is divided by; by trial."
    )
    across_um: float = Field(
        default=1.8, gt=0, description="Sigma of the ridge profile: a full width at half maximum of 4.2 um."
    )
    along_um: float = Field(
        default=2.0, gt=0, description="Sigma of the ridge filter along the nerve; by trial."
    )
    broad_um: float = Field(
        default=4.5,
        gt=0,
        description="Sigma of the profile of K-structures and folds (10.6 um wide), twice a nerve's.",
    )
    response_scale: float = Field(
        default=1.6,
        gt=0,
        description="Ridge response to bare texture (its median over 0.6745), the unit of evidence.",
    )
    strongest_evidence: float = Field(
        default=4.0,
        gt=0,
        description="A point counts at most this many units: one bright speck makes no line; by trial.",
    )
    near_um: float = Field(
        default=6.0, gt=0, description="Sigma of the short part of the context kernel; by trial."
    )
    far_um: float = Field(
        default=18.0, gt=0, description="Sigma of the long part of the context kernel; by trial."
    )
    curvatures_per_um: tuple[float, ...] = Field(
        default=(0.0, -0.02, 0.02, -0.04, 0.04),
        description="Bends that evidence is gathered along (radius 25, 50 um).",
    )
    candidate_coherence: float = Field(
        default=1.16,
        gt=0,
        description="Coherence from which a pixel is a candidate; 16 % of the traced frames' pixels.",
    )
    firm_coherence: float = Field(
        default=1.56, gt=0, description="Coherence of clearly visible nerve; by trial."
    )
    least_flank_contrast: float = Field(
        default=0.7, description="A nerve exceeds its brighter side by this many local spreads; by trial."
    )
    edge_length_um: float = Field(
        default=12.0, ge=0, description="Shorter segments are too short to tell an edge from a nerve."
    )
    spur_um: float = Field(
        default=12.0,
        ge=0,
        description="Shorter side twigs are noise on a thick line's skeleton; two to three widths.",
    )
    least_probability: float = Field(
        default=0.45, gt=0, lt=1, description="Segments judged less probable are dropped; by trial."
    )
    bridge_um: float = Field(
        default=40.0,
        ge=0,
        description="Longest gap bridged between two ends; longer ones raise false discovery.",
    )
    bridge_to_side_um: float = Field(
        default=8.0, ge=0, description="Longest gap bridged from an end to another nerve's side; by trial."
    )
    bridge_coherence: float = Field(
        default=0.7,
        ge=0,
        description="Mean coherence a bridge must have: that of ordinary texture, not less.",
    )
    body_thickness_um: float = Field(
        default=5.2, gt=0, description="Bodies of dendritic cells are thicker than this in every direction."
    )
    body_brightness: float = Field(
        default=1.5, gt=0, description="Contrast, in local spreads, that a whole body exceeds; by trial."
    )
    process_um: float = Field(
        default=50.0, ge=0, description="Longest process of a dendritic cell that is dropped with it."
    )
    least_length_um: float = Field(
        default=30.0,
        ge=0,
        description="Shorter isolated pieces are dropped; dendritic cells are up to 50 um long.",
    )
    band_width_um: float = Field(
        default=5.0,
        gt=0,
        description=(
            "Connected pieces with a larger median width at half maximum, and fainter than the next setting,"
            " are K-structures; a nerve's is up to 4.5 um. By trial on raw frames and phantoms."
        ),
    )
    band_contrast: float = Field(
        default=2.3, description="Mean contrast, in local spreads, that a broad nerve exceeds; by trial."
    )
    width_convention: Literal["visible", "half maximum"] = Field(
        default="visible",
        description=(
            "What counts as a nerve's width, in widths and mask. 'half maximum': full width at half maximum"
            " of the profile across it. 'visible': full width at 1 / e^2 of the crest, 1.70 times as much for"
            " the Gaussian profile that nerves have; masks in the field are about 5 um wide by it."
        ),
    )
    width_broadening_um: float = Field(
        default=1.6,
        ge=0,
        description=(
            "What speckle, beads and the slight misfit of the centre line add to the width at half maximum,"
            " subtracted in quadrature. Calibrated on phantoms so that the mean width of a frame is right on"
            " average; as thin faint nerves are missed, the widths of those found are then 0.13 um low. 0"
            " gives the width as measured."
        ),
    )
    weights: SegmentWeights = Field(default_factory=SegmentWeights, description="See SegmentWeights.")
