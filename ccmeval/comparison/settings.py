"""Settings of `ccmeval compare`: one model for the YAML file, the command line and the result."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.settings import SettingsError, read_yaml, settings_sentence

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
"""What a set may be called: its name is a folder's and a table's."""

OWN_EVALUATION = ("synth_masks", "synth_subject_pattern", "synth_field_of_view_um", "paired")
"""Settings of the evaluation that a set may have of its own; all others are the same for all sets."""

Corruption = Literal["erode", "dilate", "drop-branches", "shift"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MaskCorruption(_Strict):
    """What is done to masks before frames are made from them; adherence is then to the corrupted masks.

    Examples
    --------
    >>> MaskCorruption(kind="shift", amount=4).words
    'shift 4 px'
    """

    kind: Corruption
    amount: float = Field(
        gt=0.0, description="Pixels of the mask; of drop-branches the share of segments, up to 1."
    )
    seed: int = Field(default=0, ge=0, description="Of the segments and of the direction of a shift.")

    @property
    def words(self) -> str:
        """Kind and amount."""
        return f"{self.kind} {self.amount:g}" + ("" if self.kind == "drop-branches" else " px")

    @model_validator(mode="after")
    def _bounds(self) -> MaskCorruption:
        if self.kind == "drop-branches" and self.amount > 1:
            raise ValueError("the share of segments that are dropped is at most 1")
        if self.kind != "drop-branches" and self.amount > 100:
            raise ValueError("masks are corrupted by at most 100 px")
        return self


class SetEntry(_Strict):
    """One synthetic set, or with a grid several: where it lies, or how it is made.

    Either `path` names a set that there is, or `generator` (by name, trained by `train` where that is
    given) or `model` (a trained one's folder) makes it as `generate` says.
    """

    path: Path | None = Field(default=None, description="Folder or manifest of a set that there is.")
    generator: str | None = Field(default=None, description="Name of a generator.")
    model: Path | None = Field(
        default=None, description="Folder of a trained generator; beside a path, the one that made the set."
    )
    train: dict[str, Any] | None = Field(
        default=None, description="Settings of `ccmeval train`, with `data`; the generator's own below it."
    )
    generate: dict[str, Any] = Field(default_factory=dict, description="Settings of `ccmeval generate`.")
    weights: dict[str, str] = Field(default_factory=dict, description="Of the generator, by name.")
    download: bool = Field(default=False, description="Allow the generator's weights to be fetched.")
    few_shots: int | None = Field(
        default=None, ge=1, description="Training frames of each diagnosis; smaller ones lie in larger ones."
    )
    corrupt: MaskCorruption | None = Field(default=None, description="What is done to the masks first.")
    frames_per_diagnosis: int | None = Field(
        default=None, ge=1, description="Frames of the set; smaller subsets lie in larger ones."
    )
    subset_seed: int = Field(default=0, ge=0, description="Of few shots and of subsets.")
    ratio: float | None = Field(default=None, gt=0, description="Of pillar 3, for this set alone.")
    evaluation: dict[str, Any] = Field(default_factory=dict, description=", ".join(OWN_EVALUATION))
    grid: dict[str, list[Any]] = Field(
        default_factory=dict,
        description="Values by axis; the set becomes one a combination. An axis is a field of this entry, a"
        " path with dots into it (generate.seed), or else a setting of the generator.",
    )

    @field_validator("evaluation")
    @classmethod
    def _own(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if name not in OWN_EVALUATION:
                raise ValueError(
                    f"{name}: is the same for all sets; a set has of its own only {OWN_EVALUATION}"
                )
        return value

    @model_validator(mode="after")
    def _one_source(self) -> SetEntry:
        if self.path is not None and (self.generator or self.train or self.generate or self.corrupt):
            raise ValueError(
                "a set that there is (path) is not made: give path, or generator, train, generate"
            )
        if self.path is None and self.generator is None and self.model is None:
            raise ValueError("give a path, or a generator or model that makes the set")
        if self.train is not None and self.generator is None:
            raise ValueError("name the generator that is to be trained")
        if self.few_shots is not None and self.train is None:
            raise ValueError("few_shots is for a generator that is trained here")
        return self


class RankingSettings(_Strict):
    """How sets are ranked."""

    confidence: float = Field(
        default=0.95, gt=0.5, lt=1.0, description="That no set is wrongly placed above an equal one."
    )
    draws: int = Field(default=2000, ge=100, le=100_000, description="Behind the chances of being better.")
    overall: Literal["none", "mean-rank"] = Field(
        default="none", description="Rule for one order over several scores; scores disagree, so none."
    )
    over: tuple[str, ...] = Field(
        default=(), description="Scores of the Pareto front and the rule; by default those of the main table."
    )


class CompareSettings(_Strict):
    """All settings of a comparison; `ccmeval compare --config FILE.yaml` reads the same names.

    Examples
    --------
    >>> found = CompareSettings(real="real", sets={"a": "sets/a", "b": {"path": "sets/b"}})
    >>> found.sets["a"].path == Path("sets/a"), found.ranking.overall
    (True, 'none')
    """

    real: str = Field(min_length=1, description="Real frames: folder or manifest.")
    sets: dict[str, SetEntry] = Field(min_length=1, description="Synthetic sets by name.")
    evaluation: ThreePillarSettings = Field(default_factory=ThreePillarSettings)
    ranking: RankingSettings = Field(default_factory=RankingSettings)

    @field_validator("sets", mode="before")
    @classmethod
    def _paths(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {name: {"path": it} if isinstance(it, (str, Path)) else it for name, it in value.items()}

    @field_validator("sets")
    @classmethod
    def _names(cls, value: dict[str, SetEntry]) -> dict[str, SetEntry]:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(f"a name has letters, figures and . _ + - only, unlike {name!r}")
        if len({name.lower() for name in value}) < len(value):
            raise ValueError("names of sets must differ in more than upper and lower case")
        return value


def make_compare_settings(config: Path | None = None, **given: Any) -> CompareSettings:
    """Join a YAML file and what the command line gives; the command line wins.

    Parameters
    ----------
    config : pathlib.Path, optional
        YAML file with the names of :class:`CompareSettings`. Paths in it are relative to its folder.
    **given
        Settings; those that are None count as not given. Mappings are laid over the file's.

    Raises
    ------
    SettingsError
        If the file cannot be read, or a setting is unknown or out of bounds.

    Examples
    --------
    >>> make_compare_settings(real="r", sets={"a b": "x"})
    Traceback (most recent call last):
    ccmeval.settings.SettingsError: Setting sets: a name has letters, figures and . _ + - only, unlike 'a b'.
    """
    from ccmeval.generation.training_settings import laid_over

    from_file = _rooted(read_yaml(config), config.parent) if config is not None else {}
    joined = laid_over(from_file, {name: value for name, value in given.items() if value is not None})
    try:
        return CompareSettings(**joined)
    except ValidationError as error:
        raise SettingsError(settings_sentence(error, config)) from error


_PATHS = frozenset({
    *("real", "path", "model", "data", "masks", "reference", "held_out", "real_masks", "synth_masks"),
})  # fmt: skip


def _rooted(told: Any, root: Path, name: str = "") -> Any:
    """Make the paths of a file absolute, which are meant from where it lies."""
    if isinstance(told, Mapping):
        inside = dict(told)
        if name == "sets":
            return {
                key: _rooted(it, root, "path" if isinstance(it, str) else "") for key, it in inside.items()
            }
        if name == "weights":
            return {key: _path(it, root) for key, it in inside.items()}
        return {key: _rooted(it, root, str(key)) for key, it in inside.items()}
    if isinstance(told, list) and name in _PATHS:
        return [_path(it, root) for it in told]
    return _path(told, root) if name in _PATHS else told


def _path(told: Any, root: Path) -> Any:
    return str((root / told).resolve()) if isinstance(told, str) else told
