"""Thresholds of the morphometry, each with its unit and where it comes from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class MorphometrySettings(BaseModel):
    """How a mask becomes a graph, what counts as a trunk, and how biomarkers are computed.

    Lengths are micrometres, angles degrees. The defaults were chosen on phantoms with known truth
    (``benchmarks/phantom_truth.py``) and never on the frames that results are reported for.

    Examples
    --------
    >>> MorphometrySettings(min_chord_share=0.6).min_chord_share
    0.6
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    # From mask to graph
    max_hole_um2: float = Field(
        default=12.0,
        ge=0.0,
        description="Holes of the mask up to this area are filled: they are noise, not loops.",
    )
    spur_width_ratio: float = Field(
        default=1.0,
        ge=0.0,
        description="A side twig is mask roughness when it is no longer than this times the local width.",
    )
    max_spur_um: float = Field(
        default=10.0, ge=0.0, description="No side twig longer than this is ever pruned."
    )
    smoothing_um: float = Field(
        default=8.0,
        gt=0.0,
        description="Centre lines keep bends of a longer wavelength than this; shorter ones are pixel noise.",
    )
    max_half_width_um: float = Field(
        default=8.0, gt=0.0, description="Reach of the profile across a nerve to either side."
    )
    merge_width_ratio: float = Field(
        default=1.0,
        ge=0.0,
        description="Two junctions no farther apart than this times the local width are one (skeletons split"
        " a junction of four arms in two).",
    )
    crossing_distance_um: float = Field(
        default=30.0,
        ge=0.0,
        description="Two junctions up to this far apart can be the two halves of one crossing.",
    )
    crossing_angle_deg: float = Field(
        default=40.0,
        ge=0.0,
        le=90.0,
        description="Largest bend of either nerve for four arms to be a mere crossing of two nerves.",
    )
    crossing_offset_um: float = Field(
        default=6.0,
        ge=0.0,
        description="Largest gap between the two halves of a nerve, led on to where they meet, for four arms"
        " to be a mere crossing: two branches that leave a nerve on opposite sides miss each other.",
    )
    width_bend_deg: float = Field(
        default=30.0,
        ge=0.0,
        description="At a branch point, the bend that counts as much as a change of width by a factor of e,"
        " when it is decided which arm goes on.",
    )
    border_gap_um: float = Field(
        default=4.0,
        ge=0.0,
        description="A nerve whose mask ends this close to the imaged border leaves through it.",
    )
    direction_um: float = Field(
        default=20.0, gt=0.0, description="Length of an arm over which its direction at a node is taken."
    )

    curvature_um: float = Field(
        default=30.0,
        gt=0.0,
        description="Wavelength below which bends do not count in the Kallinikos coefficient and the squared"
        " curvature: second derivatives would otherwise measure the pixel grid.",
    )

    # Trunks
    border_distance_um: float = Field(
        default=8.0,
        ge=0.0,
        description="An end this close to the border of the imaged area counts as being on it.",
    )
    reference_side_um: float = Field(
        default=400.0,
        gt=0.0,
        description="The shares below refer to the frame's shorter side, or to this where that is longer: a"
        " trunk of a mosaic need not run through all of it.",
    )
    min_chord_share: float = Field(
        default=0.5,
        ge=0.0,
        description="Least chord of a trunk from border to border, as a share of the frame's shorter side:"
        " nerves that only cut a corner are not trunks.",
    )
    count_fading: bool = Field(
        default=True,
        description="Whether a long nerve that leaves the plane of focus inside the frame is a trunk.",
    )
    min_fading_share: float = Field(
        default=0.6,
        ge=0.0,
        description="Least chord of a trunk with one end inside the frame, as a share of its shorter side.",
    )
    min_straightness: float = Field(
        default=0.75, ge=0.0, le=1.0, description="Least chord over arc of a trunk."
    )
    max_turn_deg: float = Field(
        default=80.0,
        ge=0.0,
        le=180.0,
        description="Largest turn of a trunk at a node: it may bend where it forks, but turns no corner.",
    )
    intensity_exponent: float = Field(
        default=0.5,
        ge=0.0,
        description="Weight of grey level beside width when rival trunks are ranked, where a frame is known"
        " (0: width alone).",
    )
    border_rule: Literal["all", "two-border"] = Field(
        default="all",
        description="`all`: every trunk counts one. `two-border`: a trunk counts once for each of its"
        " crossings of the upper and left border, so that frames tiling an eye count none twice.",
    )

    # Biomarkers
    box_sizes_um: tuple[float, ...] = Field(
        default=(8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0),
        min_length=3,
        description="Box sides of the fractal dimension.",
    )
    box_offsets: int = Field(
        default=3, ge=1, description="Grid offsets along each axis over which box counts are averaged."
    )
    bead_blur_um: float = Field(
        default=400.0 / 384.0,
        ge=0.0,
        description="SD of the Gaussian that smooths the grey level along a nerve before beads are counted:"
        " one pixel of the HRT3-RCM, below any bead.",
    )
    bead_prominence: float = Field(
        default=0.08,
        gt=0.0,
        description="Least rise of a bead above its surroundings along the nerve, over the mean level there.",
    )
