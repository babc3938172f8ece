"""Settings of `ccmeval biomarkers`: one model for the YAML file, the command line and the result."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core.core_schema import ValidationInfo

from ccmeval.errors import CcmevalError
from ccmeval.options import DEFAULT_NERVES_FROM, DEFAULT_SEGMENTER, OPTIONS

if TYPE_CHECKING:
    from ccmeval.cohort.standardise import CommonScale

NervesFrom = Literal["segmenter", "masks", "traces"]

_PARTS = {
    "reading": ("ccmeval.cohort.settings", "ReadingSettings"),
    "ridge": ("ccmeval.nerves.ridge", "RidgeSettings"),
    "phantom_net": ("ccmeval.nerves.net.operating", "NetSettings"),
    "morphometry": ("ccmeval.morphometry.settings", "MorphometrySettings"),
    "quality": ("ccmeval.quality", "QualitySettings"),
}
"""Settings models of the rooms; imported when a run begins, so that `--help` stays quick."""

OF_SEGMENTER = {"ridge": "ridge", "phantom_net": "phantom-net"}
"""Parts that are settings of a segmenter; each is empty where another one is used."""

FREE_TO_CHANGE = frozenset({"jobs", "dask", "subject_pattern", "covariates"})
"""Settings that leave what was measured in a frame as it is, so that a resumed run may change them."""


class SettingsError(CcmevalError):
    """A setting that does not exist or is out of bounds."""


def _told(name: str, **more: Any) -> Any:
    """Make a field with its description."""
    return Field(description=OPTIONS[name], **more)


class RunSettings(BaseModel):
    """All settings of a run; `ccmeval biomarkers --config FILE.yaml` reads the same names.

    The parts `reading`, `ridge`, `phantom_net`, `morphometry` and `quality` hold the settings of those rooms.
    They are checked by the rooms' own models and completed with every default when the settings are made;
    the part of a segmenter that is not used stays empty.

    Examples
    --------
    >>> RunSettings(pixel_size_um=1.04).nerves_from
    'segmenter'
    >>> RunSettings(masks="annotations").nerves_from
    'masks'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pixel_size_um: float | None = _told("pixel_size_um", default=None, gt=0.0, le=100.0)
    field_of_view_um: float | None = _told("field_of_view_um", default=None, gt=0.0, le=100_000.0)
    segmenter: str = _told("segmenter", default=DEFAULT_SEGMENTER, min_length=1)
    nerves_from: NervesFrom = _told("nerves_from", default=DEFAULT_NERVES_FROM)
    masks: Path | None = _told("masks", default=None)
    traces: Path | None = _told("traces", default=None)
    resample_um: float | None = _told("resample_um", default=None, gt=0.0, le=100.0)
    crop_um: tuple[PositiveFloat, PositiveFloat] | None = _told("crop_um", default=None)
    subject_pattern: str | None = _told("subject_pattern", default=None)
    covariates: tuple[str, ...] = _told("covariates", default=())
    overlays: bool = _told("overlays", default=True)
    jobs: int | None = _told("jobs", default=None, ge=1, le=4096)
    dask: str | None = _told("dask", default=None)
    reading: dict[str, Any] = Field(default_factory=dict, validate_default=True)
    ridge: dict[str, Any] = Field(default_factory=dict, validate_default=True)
    phantom_net: dict[str, Any] = Field(default_factory=dict, validate_default=True)
    morphometry: dict[str, Any] = Field(default_factory=dict, validate_default=True)
    quality: dict[str, Any] = Field(default_factory=dict, validate_default=True)

    @field_validator(*_PARTS, mode="before")
    @classmethod
    def _complete(cls, value: Any, info: ValidationInfo) -> dict[str, Any]:
        owner, used = OF_SEGMENTER.get(str(info.field_name)), info.data.get("segmenter")
        if owner not in (None, used):
            if value:
                raise ValueError(f"the segmenter is {used!r}; make it {owner!r}, or leave this out")
            return {}
        if isinstance(value, BaseModel):
            value = value.model_dump()
        try:
            part: dict[str, Any] = (
                _part_model(str(info.field_name)).model_validate(value).model_dump(mode="json")
            )
        except ValidationError as error:
            raise ValueError(first_problem(error)) from error
        return part

    @model_validator(mode="before")
    @classmethod
    def _given_folder_is_meant(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("nerves_from") is None:
            for kind in ("masks", "traces"):
                if data.get(kind) is not None:
                    return {**data, "nerves_from": kind}
        return data

    @model_validator(mode="after")
    def _one_of_each(self) -> RunSettings:
        if self.pixel_size_um is not None and self.field_of_view_um is not None:
            raise ValueError("give the pixel size or the field of view, not both")
        if self.masks is not None and self.traces is not None:
            raise ValueError("give masks or traces, not both")
        for kind in ("masks", "traces"):
            if getattr(self, kind) is not None and self.nerves_from != kind:
                raise ValueError(f"a folder of {kind} is given, but nerves_from is {self.nerves_from!r}")
        return self

    def part(self, name: str) -> Any:
        """Give the settings of one room as its own model.

        Parameters
        ----------
        name : {"reading", "ridge", "phantom_net", "morphometry", "quality"}
        """
        return _part_model(name).model_validate(getattr(self, name))

    def with_segmenter(self, name: str) -> RunSettings:
        """Give the same settings for another segmenter, whose own ones are at their defaults.

        Examples
        --------
        >>> RunSettings(segmenter="ridge").with_segmenter("phantom-net").ridge
        {}
        """
        if name == self.segmenter:
            return self
        kept = self.model_dump(exclude=set(OF_SEGMENTER))
        return make_settings(**{**kept, "segmenter": name})

    @property
    def scale(self) -> CommonScale | None:
        """What frames are brought to before they are measured; None leaves them as they are."""
        if self.resample_um is None and self.crop_um is None:
            return None
        from ccmeval.cohort.standardise import CommonScale

        return CommonScale(self.resample_um, self.crop_um)

    def identity(self) -> dict[str, Any]:
        """List what decides the numbers of a frame; runs may share a folder only where these agree.

        Returns
        -------
        dict
            JSON values; folders are absolute.
        """
        shown = self.model_dump(mode="json", exclude=set(FREE_TO_CHANGE))
        for kind in ("masks", "traces"):
            folder = getattr(self, kind)
            shown[kind] = str(folder.resolve()) if folder is not None else None
        return shown


def make_settings(config: Path | None = None, **given: Any) -> RunSettings:
    """Join a YAML file and what the command line gives; the command line wins.

    Parameters
    ----------
    config : pathlib.Path, optional
        YAML file with the names of :class:`RunSettings`.
    **given
        Settings; those that are None count as not given.

    Returns
    -------
    RunSettings

    Raises
    ------
    SettingsError
        If the file cannot be read, or a setting is unknown or out of bounds.

    Examples
    --------
    >>> make_settings(jobs=2, dask=None).jobs
    2
    >>> make_settings(jobs=0)
    Traceback (most recent call last):
    ccmeval.settings.SettingsError: Setting jobs: input should be greater than or equal to 1 (given: 0).
    """
    from_file = read_yaml(config) if config is not None else {}
    from_line = {name: value for name, value in given.items() if value is not None}
    if {"masks", "traces"} & set(from_line):
        # A folder named on the command line replaces all that the file says of known nerves.
        from_file = {k: v for k, v in from_file.items() if k not in ("masks", "traces", "nerves_from")}
    if {"pixel_size_um", "field_of_view_um"} & set(from_line):
        from_file = {k: v for k, v in from_file.items() if k not in ("pixel_size_um", "field_of_view_um")}
    try:
        return RunSettings(**{**from_file, **from_line})
    except ValidationError as error:
        raise SettingsError(settings_sentence(error, config)) from error


def settings_sentence(error: ValidationError, config: Path | None) -> str:
    """Say what is wrong with the settings in one sentence."""
    where = f" in {config}" if config is not None else ""
    problem = first_problem(error)
    if error.errors()[0]["loc"]:
        return f"Setting{where} {problem}."
    return f"Settings{where}: {problem}." if where else f"{problem[:1].upper()}{problem[1:]}."


def first_problem(error: ValidationError) -> str:
    """Say in half a sentence what the first problem of a validation error is.

    Returns
    -------
    str
        ``name: what is wrong (given: value)``.
    """
    problem = error.errors(include_url=False)[0]
    name = ".".join(str(step) for step in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{name}: no such setting"
    message = problem["msg"].removeprefix("Value error, ")
    if not name:
        return message
    if problem["type"] == "value_error":
        return f"{name}.{message}" if ": " in message else f"{name}: {message}"
    return f"{name}: {message[:1].lower()}{message[1:]} (given: {problem['input']!r})"


def _part_model(name: str) -> Any:
    module, model = _PARTS[name]
    return getattr(import_module(module), model)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a settings file.

    Raises
    ------
    SettingsError
        If it cannot be read or holds no names and values.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(f"The settings file {path} is not valid YAML: {reason}.") from error
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise SettingsError(f"The settings file {path} must hold lines of the form 'name: value'.")
    return content
