"""Sets that a comparison makes: training, generating, cutting; each done once however many sets need it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccmeval.cohort import load_cohort
from ccmeval.comparison.child_run import do_in_child
from ccmeval.comparison.corruption import corrupted_masks
from ccmeval.comparison.costs import Costs
from ccmeval.comparison.grid import WantedSet
from ccmeval.comparison.settings import MaskCorruption, SetEntry
from ccmeval.comparison.subsets import nested_subset, write_records
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run_parts import Progress, silent

MADE = "made"
"""Folder of a comparison: trainings, frames, masks and manifests, by what decides them."""


@dataclass(frozen=True)
class Made:
    """A set that is ready to be scored.

    Attributes
    ----------
    path : pathlib.Path
        Folder or manifest.
    model : pathlib.Path or None
        Folder of the trained generator, or of its training.
    generator : str
        Name of one that was not trained.
    generated : pathlib.Path or None
        Folder of the frames, where they were made here.
    notes : tuple of str
    """

    path: Path
    model: Path | None = None
    generator: str = ""
    generated: Path | None = None
    notes: tuple[str, ...] = ()


class Maker:
    """Makes sets in the folder of a comparison; what is there already is found by its settings.

    Parameters
    ----------
    out : pathlib.Path
        Of the comparison.
    command : str
        For the record.
    subject_pattern : str or None
        Of real frames, for subsets and masks.
    """

    def __init__(self, out: Path, command: str = "", subject_pattern: str | None = None) -> None:
        self.out, self.command, self.subject_pattern = out / MADE, command, subject_pattern
        self.progress: Progress = silent
        self._known: dict[str, dict[str, Any] | CcmevalError] = {}

    def make(self, wanted: WantedSet, progress: Progress = silent) -> Made:
        """Make a set, as far as it is not there.

        Raises
        ------
        CcmevalError
            If it cannot be made, with the reason.
        """
        self.progress, entry = progress, wanted.entry
        made = Made(entry.path, entry.model) if entry.path is not None else self._generated(entry)
        if entry.frames_per_diagnosis is None:
            return made
        path = self._subset(made.path, entry.frames_per_diagnosis, entry.subset_seed, None)
        return Made(path, made.model, made.generator, made.generated, made.notes)

    def _generated(self, entry: SetEntry) -> Made:
        model = entry.model if entry.train is None else self._trained(entry)
        told = dict(entry.generate)
        if entry.corrupt is not None:
            told["masks"] = str(self._masks(told.get("masks"), entry.corrupt))
        generator = str(model) if model is not None else str(entry.generator)
        what = {"generator": generator, "settings": told, "weights": entry.weights}
        out = self.out / "frames" / _key(what)
        job = {
            "what": "generate", **what, "download": entry.download, "out": str(out), "command": self.command,
        }  # fmt: skip
        done = self._once(out, job)
        notes = tuple(str(it) for it in (*done["notes"], *done["unusable"]))
        return Made(Path(done["manifest"]), model, "" if model else str(entry.generator), out, notes)

    def _trained(self, entry: SetEntry) -> Path:
        told = dict(entry.train or {})
        data = told.pop("data", None)
        if data is None:
            raise CcmevalError("train.data is missing: name the frames that the generator is trained on.")
        if entry.few_shots is not None:
            data = self._subset(Path(data), entry.few_shots, entry.subset_seed, self.subject_pattern, "train")
        told["weights"] = {**entry.weights, **told.get("weights", {})}
        told["download"] = entry.download or told.get("download", False)
        what = {"generator": entry.generator, "data": str(data), "settings": told}
        out = self.out / "training" / _key(what)
        self._once(out, {"what": "train", **what, "out": str(out), "command": self.command})
        return out

    def _once(self, out: Path, job: dict[str, Any]) -> dict[str, Any]:
        """Do a job once for all sets that need it, also where it fails."""
        name = str(out)
        if name not in self._known:
            Costs(out).forget_where_absent()
            try:
                self._known[name] = done = do_in_child(job, self.progress)
                Costs(out).add(done)
            except CcmevalError as error:
                self._known[name] = error
        found = self._known[name]
        if isinstance(found, CcmevalError):
            raise found
        return found

    def _masks(self, masks: Any, how: MaskCorruption) -> Path:
        if masks is None:
            raise CcmevalError("generate.masks is missing: name the masks that are to be corrupted.")
        out = self.out / "masks" / _key({"masks": str(masks), **how.model_dump()})
        manifest = out / "masks.csv"
        if not manifest.is_file():
            corrupted_masks(
                Path(masks), out, how, subject_pattern=self.subject_pattern, progress=self.progress
            )
        return manifest

    def _subset(
        self, path: Path, count: int, seed: int, pattern: str | None, split: str | None = None
    ) -> Path:
        """Write the manifest of a part; of a cohort with a split, frames to train on are chosen."""
        what = {"path": str(path), "count": count, "seed": seed, "pattern": pattern, "split": split}
        manifest = self.out / "subsets" / f"{_key(what)}.csv"
        cohort = load_cohort(path, subject_pattern=pattern)
        kept = [it for it in cohort if not split or it.extra.get("split", split) in (split, "")]
        if not kept:
            raise CcmevalError(f"There are no frames to train on in {path}.")
        chosen = nested_subset(type(cohort)(kept, cohort.root), count, seed)
        return write_records(chosen, manifest)


def _key(what: Mapping[str, Any]) -> str:
    """Name what is made by all that decides it."""
    text = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
