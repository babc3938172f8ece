"""Settings of `ccmeval three-pillar`: one model for the YAML file, the command line and the result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ccmeval.evaluation.schema import Pillar
from ccmeval.fidelity.settings import FidelitySettings
from ccmeval.options import THREE_PILLAR_OPTIONS
from ccmeval.preservation.settings import PreservationSettings
from ccmeval.settings import RunSettings, SettingsError, read_yaml, settings_sentence
from ccmeval.utility.settings import UtilitySettings


class CriteriaSettings(BaseModel):
    """Limits that decide between pass and fail; each with where it comes from.

    They are conventions, not laws of nature: state them beforehand.

    Examples
    --------
    >>> CriteriaSettings().highest_distance_ratio
    2.0
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    highest_distance_ratio: float = Field(
        default=2.0,
        gt=1.0,
        description="A convention: a distance that is twice what chance makes between real halves. Phantoms"
        " with slight noise or blur lie far above it (radiomic features, benchmarks/sensitivity.py).",
    )
    lowest_coverage_ratio: float = Field(
        default=0.7,
        gt=0.0,
        le=1.0,
        description="A convention. Phantoms with slight noise or blur lie below it; sets of few distinct"
        " frames may not, and are left to the ratio of SDs (benchmarks/sensitivity.py).",
    )
    lowest_sd_ratio: float = Field(
        default=0.67,
        gt=0.0,
        lt=1.0,
        description="A convention: SDs within a third of each other; the inverse is the upper limit. Phantom"
        " sets with half of their modes collapsed lie below (benchmarks/sensitivity.py).",
    )
    most_copies: int = Field(default=0, ge=0, description="None: published frames must not leak patients'.")
    lowest_recall_of_mask: float = Field(
        default=0.7,
        ge=0.0,
        le=1.0,
        description="The segmenters find 0.85 (phantom-net) and 0.82 (ridge) of what an expert traced in real"
        " frames: below 0.7 the frames lack nerves, not the segmenter.",
    )
    most_hallucinated_length: float = Field(
        default=0.3,
        ge=0.0,
        le=1.0,
        description="Three times what the segmenters find beside an expert's traces of real frames (0.09 and"
        " 0.10).",
    )


def limit_source(setting: str) -> str:
    """Say where a limit comes from, and by which setting it is moved.

    Examples
    --------
    >>> limit_source("most_copies")
    "None: published frames must not leak patients'. (Setting criteria.most_copies.)"
    """
    return f"{CriteriaSettings.model_fields[setting].description} (Setting criteria.{setting}.)"


class ThreePillarSettings(BaseModel):
    """All settings of a run; `ccmeval three-pillar --config FILE.yaml` reads the same names.

    Examples
    --------
    >>> ThreePillarSettings(paired=True).pillars
    ('fidelity', 'preservation')
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pillars: tuple[Pillar, ...] = Field(
        default=("fidelity", "preservation"), min_length=1, description=THREE_PILLAR_OPTIONS["pillars"]
    )
    held_out: Path | None = Field(default=None, description=THREE_PILLAR_OPTIONS["held_out"])
    paired: bool = Field(default=False, description=THREE_PILLAR_OPTIONS["paired"])
    real_masks: Path | None = Field(default=None, description=THREE_PILLAR_OPTIONS["real_masks"])
    synth_masks: Path | None = Field(default=None, description=THREE_PILLAR_OPTIONS["synth_masks"])
    real_field_of_view_um: float | None = Field(
        default=None, gt=0.0, le=100_000.0, description=THREE_PILLAR_OPTIONS["real_field_of_view_um"]
    )
    synth_field_of_view_um: float | None = Field(
        default=None, gt=0.0, le=100_000.0, description=THREE_PILLAR_OPTIONS["synth_field_of_view_um"]
    )
    real_subject_pattern: str | None = Field(
        default=None, description=THREE_PILLAR_OPTIONS["real_subject_pattern"]
    )
    synth_subject_pattern: str | None = Field(
        default=None, description=THREE_PILLAR_OPTIONS["synth_subject_pattern"]
    )
    weights: dict[str, str] = Field(default_factory=dict, description=THREE_PILLAR_OPTIONS["weights"])
    download: bool = Field(default=False, description=THREE_PILLAR_OPTIONS["download"])
    require: tuple[Pillar, ...] = Field(default=(), description=THREE_PILLAR_OPTIONS["require"])
    seed: int = Field(default=0, ge=0, description=THREE_PILLAR_OPTIONS["seed"])
    jobs: int | None = Field(default=None, ge=1, le=4096, description=THREE_PILLAR_OPTIONS["jobs"])
    dask: str | None = Field(default=None, description=THREE_PILLAR_OPTIONS["dask"])
    measurement: dict[str, Any] = Field(
        default_factory=dict,
        validate_default=True,
        description="Settings of `ccmeval biomarkers` for all sets alike (segmenter, ridge, morphometry...).",
    )
    fidelity: FidelitySettings = Field(default_factory=FidelitySettings)
    preservation: PreservationSettings = Field(default_factory=PreservationSettings)
    utility: UtilitySettings = Field(default_factory=UtilitySettings)
    criteria: CriteriaSettings = Field(default_factory=CriteriaSettings)

    @field_validator("pillars", "require", mode="before")
    @classmethod
    def _comma_list(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("measurement")
    @classmethod
    def _of_both_sets(cls, value: dict[str, Any]) -> dict[str, Any]:
        own = {
            *("pixel_size_um", "field_of_view_um", "masks", "traces", "subject_pattern", "jobs", "dask"),
            *("resample_um", "crop_um"),
        }
        for name in sorted(own & set(value)):
            raise ValueError(f"{name}: is chosen by the run or its own option, not here")
        try:
            return RunSettings(**value).model_dump(mode="json", exclude=own)
        except ValidationError as error:
            from ccmeval.settings import first_problem

            raise ValueError(first_problem(error)) from error

    @model_validator(mode="after")
    def _required_is_asked_for(self) -> ThreePillarSettings:
        for pillar in self.require:
            if pillar not in self.pillars:
                raise ValueError(f"{pillar} is required, but the pillars are {', '.join(self.pillars)}")
        return self


def make_three_pillar_settings(config: Path | None = None, **given: Any) -> ThreePillarSettings:
    """Join a YAML file and what the command line gives; the command line wins.

    Parameters
    ----------
    config : pathlib.Path, optional
        YAML file with the names of :class:`ThreePillarSettings`.
    **given
        Settings; those that are None count as not given. A mapping (``fidelity={"features": ...}``) is
        laid over the file's.

    Raises
    ------
    SettingsError
        If the file cannot be read, or a setting is unknown or out of bounds.

    Examples
    --------
    >>> make_three_pillar_settings(pillars="preservation").pillars
    ('preservation',)
    >>> make_three_pillar_settings(pillars="looks")
    Traceback (most recent call last):
    ccmeval.settings.SettingsError: Setting pillars.0: input should be 'fidelity', 'preservation' or 'utility' (given: 'looks').
    """  # noqa: E501
    joined = read_yaml(config) if config is not None else {}
    for name, value in given.items():
        if value is None:
            continue
        if isinstance(value, Mapping) and isinstance(joined.get(name), Mapping):
            joined[name] = {**joined[name], **value}
        else:
            joined[name] = value
    try:
        return ThreePillarSettings(**joined)
    except ValidationError as error:
        raise SettingsError(settings_sentence(error, config)) from error
