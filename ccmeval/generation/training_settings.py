"""Settings of `ccmeval train`: one model for the YAML file, the command line and the result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ccmeval.generation.train_options import TRAIN_OPTIONS
from ccmeval.plugins import WeightSource
from ccmeval.settings import (
    RunSettings,
    SettingsError,
    first_problem,
    make_settings,
    read_yaml,
    settings_sentence,
)

_CHOSEN_ELSEWHERE = frozenset({
    *("pixel_size_um", "field_of_view_um", "masks", "traces", "nerves_from", "subject_pattern", "jobs"),
    *("dask", "resample_um", "crop_um", "covariates", "overlays"),
})  # fmt: skip
"""Settings of a measurement that a training chooses itself, or has an option of its own for."""


def _told(name: str, **more: Any) -> Any:
    """Make a field with its description."""
    return Field(description=TRAIN_OPTIONS[name], **more)


class TrainSettings(BaseModel):
    """All settings of a training; `ccmeval train NAME --config FILE.yaml` reads the same names.

    The steps, the batch size and the side of the frames are the generator's own, below `generator`.

    Examples
    --------
    >>> TrainSettings(samples=4).split_column
    'split'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path | None = _told("data", default=None)
    out: Path | None = _told("out", default=None)
    seed: int = _told("seed", default=0, ge=0, lt=2**63)
    samples: int = _told("samples", default=9, ge=0, le=256)
    sample_every: int | None = _told("sample_every", default=None, ge=0)
    keep_checkpoints: int = _told("keep_checkpoints", default=2, ge=1, le=1000)
    generator: dict[str, Any] = _told("generator", default_factory=dict)
    weights: dict[str, str] = _told("weights", default_factory=dict)
    download: bool = _told("download", default=False)
    subject_pattern: str | None = _told("subject_pattern", default=None)
    masks: Path | None = _told("masks", default=None)
    pixel_size_um: float | None = _told("pixel_size_um", default=None, gt=0.0, le=100.0)
    field_of_view_um: float | None = _told("field_of_view_um", default=None, gt=0.0, le=100_000.0)
    split_column: str = _told("split_column", default="split", min_length=1)
    prompt: str = _told("prompt", default="")
    threads: int | None = _told("threads", default=None, ge=1, le=4096)
    measurement: dict[str, Any] = _told("measurement", default_factory=dict, validate_default=True)

    @field_validator("measurement")
    @classmethod
    def _of_frames(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in sorted(_CHOSEN_ELSEWHERE & set(value)):
            raise ValueError(f"{name}: is chosen by the training or its own option, not here")
        try:
            return RunSettings(**value).model_dump(mode="json", exclude=set(_CHOSEN_ELSEWHERE))
        except ValidationError as error:
            raise ValueError(first_problem(error)) from error

    @model_validator(mode="after")
    def _one_scale(self) -> TrainSettings:
        if self.pixel_size_um is not None and self.field_of_view_um is not None:
            raise ValueError("give the pixel size or the field of view, not both")
        return self

    def reading(self) -> RunSettings:
        """Give the settings by which the cohort's frames are read."""
        return make_settings(
            pixel_size_um=self.pixel_size_um, field_of_view_um=self.field_of_view_um, **self.measurement
        )

    def measuring(self) -> RunSettings:
        """Give the settings by which sample frames are measured; their pixel size is the generator's."""
        return make_settings(**self.measurement)

    def source(self) -> WeightSource:
        """Give the place that weights may come from."""
        return WeightSource(self.weights, self.download)


def make_train_settings(config: Path | None = None, **given: Any) -> TrainSettings:
    """Join a YAML file and what the command line gives; the command line wins.

    Parameters
    ----------
    config : pathlib.Path, optional
        YAML file with the names of :class:`TrainSettings`.
    **given
        Settings; those that are None count as not given. A mapping (``generator={"steps": 100}``) is
        laid over the file's, however deep.

    Raises
    ------
    SettingsError
        If the file cannot be read, or a setting is unknown or out of bounds.

    Examples
    --------
    >>> make_train_settings(seed=3, out=None).seed
    3
    >>> make_train_settings(samples=-1)
    Traceback (most recent call last):
    ccmeval.settings.SettingsError: Setting samples: input should be greater than or equal to 0 (given: -1).
    """
    from_file = read_yaml(config) if config is not None else {}
    from_line = {name: value for name, value in given.items() if value is not None}
    if {"pixel_size_um", "field_of_view_um"} & set(from_line):
        from_file = {k: v for k, v in from_file.items() if k not in ("pixel_size_um", "field_of_view_um")}
    try:
        return TrainSettings(**laid_over(from_file, from_line))
    except ValidationError as error:
        raise SettingsError(settings_sentence(error, config)) from error


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Join two nested mappings; where both have a value, that of `above` counts.

    Examples
    --------
    >>> laid_over({"a": {"x": 1, "y": 2}, "b": 3}, {"a": {"y": 5}})
    {'a': {'x': 1, 'y': 5}, 'b': 3}
    """
    joined = dict(below)
    for name, value in above.items():
        old = joined.get(name)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        joined[name] = laid_over(old, value) if both else value  # type: ignore[arg-type]
    return joined


def generator_settings(model: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
    """Check a generator's own settings by its model, and complete them with every default.

    Raises
    ------
    SettingsError
        If one is unknown or out of bounds.

    Examples
    --------
    >>> class Own(BaseModel):
    ...     steps: int = Field(default=10, ge=1)
    >>> generator_settings(Own, {})
    {'steps': 10}
    >>> generator_settings(Own, {"steps": 0})
    Traceback (most recent call last):
    ccmeval.settings.SettingsError: Setting generator.steps: input should be greater than or equal to 1 (given: 0).
    """  # noqa: E501
    unknown = sorted(set(given) - set(model.model_fields))
    if unknown:  # also of a stranger's model that would pass them over
        raise SettingsError(
            f"Setting generator.{unknown[0]}: this generator has no such setting; it has"
            f" {', '.join(model.model_fields) or 'none'}."
        )
    try:
        return model.model_validate(dict(given)).model_dump(mode="json")
    except ValidationError as error:
        problem = first_problem(error)
        raise SettingsError(f"Setting generator.{problem}.") from error
