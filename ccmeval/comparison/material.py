"""What ranks are computed from: kept beside each set's report, so that no set is scored twice for them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ccmeval.errors import CcmevalError
from ccmeval.evaluation.watch import Watch
from ccmeval.fidelity.vectors import FeatureSet
from ccmeval.report.files import replacing

if TYPE_CHECKING:
    from ccmeval.evaluation.fidelity_run import Features
    from ccmeval.utility.assembling import Trained
    from ccmeval.utility.group_scores import GroupScores
    from ccmeval.utility.schema import Group

INDEX = "material.json"
FEATURES = "features"
"""Folder of a comparison: features by their content, so that those of the real set lie there once."""

Arrays = Mapping[str, npt.NDArray[Any]]


class Keeper(Watch):
    """Keeps features and test scores of a run while it goes on.

    Parameters
    ----------
    home : pathlib.Path
        Folder of the set's run.
    store : pathlib.Path
        Folder of the features of all sets.
    """

    def __init__(self, home: Path, store: Path) -> None:
        self.home, self.store = home, store
        self._features: dict[str, dict[str, str]] = {}
        self._utility: list[dict[str, Any]] = []

    def features(self, found: Features) -> None:
        """Keep the features of one extractor, of the real and the synthetic set."""
        self._features[found.row.name] = {
            "identity": found.row.identity,
            "real": keep_features(found.real, self.store),
            "synth": keep_features(found.synth, self.store),
        }

    def scores(self, trained: Trained, groups: Mapping[Group, GroupScores]) -> None:
        """Keep what models scored on all test frames, and on draws of their subjects."""
        tested = _digest_of_test(trained)
        for group, scored in groups.items():
            draws = scored.draws
            told = {
                "task": trained.task, "learner": trained.learner, "group": group, "tested": tested,
                "draws": _digest(draws.codes, draws.counts, draws.models), "degrees": draws.degrees,
            }  # fmt: skip
            arrays: dict[str, npt.NDArray[Any]] = {}
            for (name, level), values in scored.values.items():
                arrays[f"{name}|{level}|values"] = values
                arrays[f"{name}|{level}|deviations"] = scored.deviations[name, level]
            told["file"] = f"scores-{trained.task}-{trained.learner}-{group}.npz".replace("/", "_")
            _write(self.home / told["file"], arrays)
            self._utility.append(told)

    def finish(self) -> None:
        """Write the index; without it nothing of this counts.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        told = {"features": self._features, "utility": self._utility}
        with replacing(self.home / INDEX) as partial:
            partial.write_text(json.dumps(told, indent=1), encoding="utf-8")


class Material:
    """What a finished set left for ranking.

    Parameters
    ----------
    home : pathlib.Path
        Folder of the set's run.
    store : pathlib.Path
        Folder of the features of all sets.

    Raises
    ------
    CcmevalError
        If it is not whole.
    """

    def __init__(self, home: Path, store: Path) -> None:
        self.home, self.store = home, store
        try:
            told = json.loads((home / INDEX).read_text(encoding="utf-8"))
            self.features: dict[str, dict[str, str]] = told["features"]
            self.utility: list[dict[str, Any]] = told["utility"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CcmevalError(
                f"{home / INDEX} is missing or damaged; run again with --resume, which scores this set anew."
            ) from error

    def is_whole(self) -> bool:
        """Whether all files that the index names are there."""
        named = [
            self.store / f"{told[side]}.npz" for told in self.features.values() for side in ("real", "synth")
        ]
        return all(it.is_file() for it in (*named, *(self.home / told["file"] for told in self.utility)))

    def feature_set(self, extractor: str, side: str) -> FeatureSet:
        """Read the features of a side ('real' or 'synth')."""
        return read_features(self.store, self.features[extractor][side])

    def scores(self, told: Mapping[str, Any]) -> Arrays:
        """Read the scores that an entry of `utility` names."""
        return _read(self.home / told["file"])


def keep_features(found: FeatureSet, store: Path) -> str:
    """Write features into a file that is named by their content; give its stem."""
    exact = found.values.astype(np.float32)
    values = exact if np.array_equal(exact, found.values) else found.values
    names = [np.asarray(it, dtype=str) for it in (found.frames, found.clusters)]
    labelled = np.array([it is not None for it in found.diagnoses], dtype=bool)
    diagnoses = np.asarray([it or "" for it in found.diagnoses], dtype=str)
    arrays = {
        "values": values, "frames": names[0], "clusters": names[1], "diagnoses": diagnoses,
        "labelled": labelled, "by_subject": np.array(found.by_subject),
    }  # fmt: skip
    stem = _digest(*arrays.values())[:32]
    if not (store / f"{stem}.npz").is_file():
        _write(store / f"{stem}.npz", arrays)
    return stem


def read_features(store: Path, stem: str) -> FeatureSet:
    """Read features that :func:`keep_features` wrote."""
    held = _read(store / f"{stem}.npz")
    diagnoses = [
        str(name) if known else None for name, known in zip(held["diagnoses"], held["labelled"], strict=True)
    ]
    return FeatureSet(
        held["values"].astype(np.float64),
        held["frames"].tolist(),
        held["clusters"].tolist(),
        diagnoses,
        bool(held["by_subject"]),
    )


def _digest_of_test(trained: Trained) -> str:
    rows = [fold.test_rows for fold in trained.tested.split.folds]
    names = [trained.tested.members[int(row)].sha256 for some in rows for row in some]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _digest(*arrays: npt.NDArray[Any]) -> str:
    made = hashlib.sha256()
    for array in arrays:
        made.update(f"{array.dtype.str} {array.shape}".encode())
        made.update(np.ascontiguousarray(array).tobytes())
    return made.hexdigest()


def _write(path: Path, arrays: Arrays) -> None:
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)  # type: ignore[arg-type]
    with replacing(path) as partial:
        partial.write_bytes(data.getvalue())


def _read(path: Path) -> Arrays:
    try:
        with np.load(path, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (OSError, ValueError, KeyError) as error:
        raise CcmevalError(f"{path} is missing or damaged; run again with --overwrite.") from error
