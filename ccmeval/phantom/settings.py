"""Settings of the phantom: every length in micrometres, every range (low, high) drawn uniformly a frame."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

HRT3_PIXEL_SIZE_UM = 400.0 / 384.0
"""Side of a pixel of the HRT3 with Rostock Cornea Module: 400 um over 384 px."""

LEAST_SIDE_UM, MOST_SIDE_UM = 40.0, 2000.0
"""Below, no branch finds room; beyond, a frame is a mosaic of many, which takes minutes to draw."""


def _ordered(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError(f"a range is (low, high), not {value}")
    return value


Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
"""Lowest and highest value; one is drawn a frame."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AnatomySettings(_Settings):
    """How nerves are laid out. Distances keep the exact truth well defined at 1 um a pixel."""

    whorl: bool = Field(default=False, description="Draw a whorl instead of quasi-parallel trunks.")
    direction_deg: Range = Field(default=(-35.0, 35.0), description="Tilt of the trunks from the vertical.")
    across_chance: float = Field(
        default=0.2, ge=0, le=1, description="Chance that they tilt from the horizontal instead."
    )
    trunk_spacing_um: float = Field(default=26.0, gt=0, description="Least distance between two trunks.")
    trunk_chord_share: float = Field(
        default=0.72,
        gt=0,
        le=1,
        description="Least border-to-border chord of a trunk, in shorter frame sides.",
    )
    clearance_um: float = Field(
        default=11.0, gt=0, description="Least distance between centre lines away from a shared branch point."
    )
    border_margin_um: float = Field(
        default=14.0, gt=0, description="Least distance of branch points and ends from the frame's border."
    )
    junction_spacing_um: float = Field(
        default=18.0, gt=0, description="Least distance between branch points along one nerve."
    )
    departure_deg: Range = Field(default=(25.0, 70.0), description="Angle between a branch and its parent.")
    branch_length_um: Range = Field(default=(24.0, 150.0), description="Length of a branch that ends freely.")
    fibre_length_um: Range = Field(
        default=(40.0, 330.0), description="Length of a thin fibre without parent, before gaps."
    )
    piece_um: float = Field(
        default=170.0,
        gt=0,
        description="Longest piece of a thin fibre: longer ones have gaps, so that none is a trunk.",
    )
    connecting_share: float = Field(
        default=0.65, ge=0, le=1, description="Share of branch points spent on H branches between two trunks."
    )
    secondary_share: float = Field(
        default=0.3, ge=0, le=1, description="Share of the remaining length on branches of branches."
    )
    trunk_bend_um: Range = Field(default=(4.0, 15.0), description="Amplitude of a trunk's own bends.")
    branch_bend_rad: Range = Field(
        default=(0.12, 0.3), description="Amplitude of a branch's change of heading."
    )
    gaps_per_mm: float = Field(default=2.0, ge=0, description="Gaps in thin fibres and branches per length.")
    gap_um: Range = Field(default=(9.0, 20.0), description="Length of a gap.")
    parting_deg: float = Field(
        default=18.0, gt=0, le=90, description="Least angle at which a branch keeps parting from its parent."
    )
    crossing_share: float = Field(
        default=0.0, ge=0, le=1, description="Chance that a frame has one thin fibre crossing a trunk."
    )
    crossing_deg: Range = Field(default=(60.0, 120.0), description="Angle between that fibre and the trunk.")
    keep_disputable: bool = Field(
        default=False,
        description="Keep drawings whose trunks depend on a threshold of the trunk rule; their truth is the"
        " rule's word on the curves, not the plan's.",
    )
    width_um: Range = Field(default=(2.0, 7.5), description="Bounds of the mean width of a nerve.")
    width_change: float = Field(
        default=0.06, ge=0, description="Relative slow change of width along a nerve (SD)."
    )
    bead_spacing_um: Range = Field(default=(9.0, 24.0), description="Distance between neighbouring beads.")
    bead_widening: float = Field(default=0.12, ge=0, description="Relative widening at a bead.")
    wiggle_um: Range = Field(
        default=(0.8, 1.9), description="SD along each axis of the fine wiggle that all nerves show."
    )
    motion_um: Range = Field(
        default=(0.0, 1.5), description="Amplitude of sideways eye motion during the scan."
    )

    @classmethod
    def hard(cls) -> AnatomySettings:
        """Give settings that put definitions to the test, where the default keeps clear of disputes.

        Nerves come as near as 6.5 um (their masks may touch), branch points 8.5 um, branches leave at
        15 degrees, a thin fibre crosses a trunk in every frame that has one and room for it, and drawings
        whose trunks depend on a threshold are kept. The truth is the exact rule on the curves.

        Returns
        -------
        AnatomySettings

        Examples
        --------
        >>> AnatomySettings.hard().clearance_um
        6.5
        """
        return cls(
            trunk_spacing_um=16.0,
            clearance_um=6.5,
            junction_spacing_um=8.5,
            departure_deg=(15.0, 70.0),
            parting_deg=10.0,
            crossing_share=1.0,
            crossing_deg=(40.0, 140.0),
            keep_disputable=True,
        )


class OpticsSettings(_Settings):
    """How the microscope sees the plexus; calibrated on HRT3-RCM frames."""

    background: Range = Field(default=(0.22, 0.42), description="Median grey level of the background.")
    vignetting: Range = Field(
        default=(0.3, 0.5), description="Illumination in the corners over the centre's."
    )
    cloud: Range = Field(default=(0.06, 0.17), description="SD of the slow log-variation of the background.")
    cloud_um: Range = Field(default=(45.0, 110.0), description="Correlation length of that variation.")
    texture: Range = Field(default=(0.03, 0.08), description="SD of the cellular log-texture.")
    texture_um: Range = Field(default=(6.0, 12.0), description="Size of its grains (basal epithelium).")
    speckle: Range = Field(default=(0.09, 0.17), description="SD of the log-speckle.")
    speckle_px: Range = Field(
        default=(0.52, 0.7), description="Gaussian radius of a speckle grain in pixels."
    )
    speckle_stretch: Range = Field(
        default=(1.0, 1.4),
        description="Length of a speckle grain down the frame over that across (line scan).",
    )
    shot: Range = Field(default=(0.006, 0.014), description="Noise SD at grey level 1 (Poisson-like).")
    trunk_contrast: Range = Field(default=(0.55, 1.4), description="Trunk over background, minus one.")
    branch_contrast: Range = Field(default=(0.38, 0.95), description="Branch over background, minus one.")
    fibre_contrast: Range = Field(default=(0.32, 0.7), description="Thin fibre over background, minus one.")
    bead_contrast: Range = Field(default=(0.3, 1.1), description="Bead over its nerve, minus one.")
    granularity: Range = Field(default=(0.3, 0.5), description="SD of log-intensity along a nerve at 3 um.")
    fading: Range = Field(
        default=(0.05, 0.35), description="Loss of contrast where the plexus leaves the plane."
    )
    fading_um: Range = Field(default=(60.0, 160.0), description="Correlation length of that loss.")
    blur_px: Range = Field(default=(0.5, 0.8), description="Gaussian radius of the point spread in pixels.")
    k_structure_chance: float = Field(
        default=0.15, ge=0, le=1, description="Chance of K-structures in a frame."
    )
    epithelium_chance: float = Field(
        default=0.15, ge=0, le=1, description="Chance that part of a frame shows epithelial cells."
    )
    epithelium: Range = Field(default=(0.1, 0.3), description="Contrast of the cells' bright borders.")
    cell_um: Range = Field(default=(8.0, 12.0), description="Diameter of an epithelial cell.")
    blotch_chance: float = Field(default=0.25, ge=0, le=1, description="Chance of dark blotches in a frame.")
    dendritic_cells: Range = Field(default=(0.0, 3.0), description="Number of dendritic cells in a frame.")
    knee: Range = Field(default=(0.75, 0.95), description="Grey level above which the response flattens.")
    jpeg_quality: Range = Field(default=(90.0, 100.0), description="JPEG round trip; 100 leaves it out.")


class PhantomSettings(_Settings):
    """A phantom's frame, anatomy and optics."""

    shape_px: tuple[int, int] = Field(default=(384, 384), description="Height and width of the frame.")
    pixel_size_um: float = Field(default=HRT3_PIXEL_SIZE_UM, gt=0, description="Side of a pixel.")
    anatomy: AnatomySettings = AnatomySettings()
    optics: OpticsSettings = OpticsSettings()

    @model_validator(mode="after")
    def _is_one_frame(self) -> PhantomSettings:
        if not 0.05 <= self.pixel_size_um <= 5.0:
            raise ValueError(f"a phantom's pixels are 0.05 to 5 um wide, not {self.pixel_size_um:g}")
        if min(self.shape_um) < LEAST_SIDE_UM or max(self.shape_um) > MOST_SIDE_UM:
            height, width = self.shape_um
            raise ValueError(
                f"a phantom's sides are {LEAST_SIDE_UM:g} to {MOST_SIDE_UM:g} um, not {height:g} x {width:g}"
            )
        return self

    @property
    def shape_um(self) -> tuple[float, float]:
        """Height and width of the frame in micrometres."""
        return (self.shape_px[0] * self.pixel_size_um, self.shape_px[1] * self.pixel_size_um)

    @property
    def area_mm2(self) -> float:
        """Area of the frame."""
        return self.shape_um[0] * self.shape_um[1] * 1e-6

    def value(self, rng: np.random.Generator, name: str) -> float:
        """Draw one value of an optical or anatomical range by its name."""
        owner = self.optics if name in type(self.optics).model_fields else self.anatomy
        low, high = getattr(owner, name)
        return float(rng.uniform(low, high))

    @classmethod
    def randomised(
        cls, rng: np.random.Generator, *, shape_px: tuple[int, int] = (384, 384)
    ) -> PhantomSettings:
        """Draw settings far beyond the calibrated ones, for training by domain randomisation.

        Every range of the optics is stretched about its middle by a random factor up to three and
        clipped at what is physical; the pixel size varies by a third, and one frame in ten is a whorl.

        Parameters
        ----------
        rng : numpy.random.Generator
        shape_px : (int, int)
            Height and width of the frame.

        Returns
        -------
        PhantomSettings

        Examples
        --------
        >>> PhantomSettings.randomised(np.random.default_rng(0)).shape_px
        (384, 384)
        """
        optics = OpticsSettings()
        ranges = {}
        for name in type(optics).model_fields:
            value = getattr(optics, name)
            if isinstance(value, tuple):
                ranges[name] = _stretched(value, float(rng.uniform(1.0, 3.0)), _LIMITS.get(name))
        optics = optics.model_copy(update=ranges)
        anatomy = AnatomySettings(
            whorl=bool(rng.random() < 0.1), crossing_share=0.2, direction_deg=(-40.0, 40.0), across_chance=0.5
        )
        pixel = HRT3_PIXEL_SIZE_UM * float(np.exp(rng.uniform(-0.3, 0.3)))
        return cls(shape_px=shape_px, pixel_size_um=pixel, anatomy=anatomy, optics=optics)


_LIMITS: dict[str, tuple[float, float]] = {
    "background": (0.06, 0.6),
    "vignetting": (0.15, 1.0),
    "speckle_px": (0.35, 1.4),
    "speckle_stretch": (0.7, 1.8),
    "blur_px": (0.3, 1.8),
    "knee": (0.4, 1.0),
    "dendritic_cells": (0.0, 8.0),
    "cell_um": (6.0, 16.0),
    "texture_um": (4.0, 20.0),
    "cloud_um": (25.0, 200.0),
    "fading_um": (30.0, 300.0),
    "trunk_contrast": (0.5, 5.0),
    "branch_contrast": (0.2, 3.0),
    "fibre_contrast": (0.12, 2.0),
    "jpeg_quality": (55.0, 100.0),
}
"""What is physical, and still visible, where a stretched range would go beyond."""


def _stretched(
    value: tuple[float, float], factor: float, limits: tuple[float, float] | None
) -> tuple[float, float]:
    middle, half = 0.5 * (value[0] + value[1]), 0.5 * (value[1] - value[0]) * factor
    low, high = limits or (0.0, float("inf"))
    return (max(middle - half, low), min(middle + half, high))
