"""The three-pillar result as it may be published: numbers of the real set, but no frame and no name of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ccmeval.evaluation.schema import SetFrame, SetSummary, ThreePillarResult
from ccmeval.evaluation.sets import hash_of
from ccmeval.fidelity.schema import FidelityResult
from ccmeval.releasing.plan import Planned
from ccmeval.releasing.withholding import Withholder
from ccmeval.report.three_pillar_pictures import FolderPictures
from ccmeval.utility.schema import UtilityResult

NOT_RELEASED = "real frames, not released"
_LOCAL = ("held_out", "real_masks", "synth_masks", "real_subject_pattern", "synth_subject_pattern", "dask")
"""Settings that name files, folders or machines."""

PUBLIC_NOTE = (
    "This is the public form of the report: numbers about the real set stand in it, but no frame, name,"
    " subject or biomarker value of a single one, and no path of the machine that it was made on."
)


class PublicNames:
    """Public names of a set's frames by their private ones."""

    def __init__(self, names: Mapping[str, Planned], sha256: Mapping[str, str]) -> None:
        self.names, self.sha256 = names, sha256

    def of(self, frame: str) -> str | None:
        """Give a frame's public name, None where it is not released."""
        found = self.names.get(frame)
        return None if found is None else found.frame

    def listed(self, frames: Sequence[str]) -> list[str]:
        """Give those that are released."""
        return [name for name in map(self.of, frames) if name is not None]


def publishable(
    result: ThreePillarResult, names: PublicNames, hide: Withholder, title: str, notes: Sequence[str]
) -> ThreePillarResult:
    """Make the result fit to be published.

    Parameters
    ----------
    result : ThreePillarResult
    names : PublicNames
    hide : Withholder
        For the sentences.
    title : str
        What the released set is called.
    notes : sequence of str
        Said above all else, such as which frames were left out.

    Returns
    -------
    ThreePillarResult
    """
    found = result.model_copy(deep=True)
    found.command = ""
    found.settings = _settings(found.settings, hide)
    found.sets = [_set(it, names, hide, title) for it in found.sets]
    for finding in found.findings:
        finding.sentence = hide(finding.sentence)
        finding.frames = names.listed(finding.frames) if finding.set == "synth" else []
    for verdict in found.verdicts:
        verdict.sentence = hide(verdict.sentence)
        for criterion in verdict.criteria:
            criterion.reason = hide(criterion.reason)
    if found.fidelity is not None:
        _fidelity(found.fidelity, names, hide)
    if found.preservation is not None:
        for pair in found.preservation.pairs:
            pair.real, pair.synth = [], []  # values of single real frames
        for frame in found.preservation.adherence_frames:
            frame.frame = names.of(frame.frame) or ""
        found.preservation.adherence_frames = [it for it in found.preservation.adherence_frames if it.frame]
        found.preservation.notes = [hide(it) for it in found.preservation.notes]
    if found.utility is not None:
        _utility(found.utility, names, hide)
    found.notes = [*notes, PUBLIC_NOTE, *(hide(it) for it in found.notes)]
    return found


def _settings(settings: Mapping[str, Any], hide: Withholder) -> dict[str, Any]:
    shown: dict[str, Any] = hide.everywhere(dict(settings))
    for name in _LOCAL:
        if shown.get(name) is not None:
            shown[name] = "given, not published"
    parts = (shown, shown.get("utility"), shown.get("fidelity"))
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get("weights"), dict):
            part["weights"] = dict.fromkeys(part["weights"], "a local file")
    return shown


def _set(it: SetSummary, names: PublicNames, hide: Withholder, title: str) -> SetSummary:
    if it.name != "synth":
        return it.model_copy(update={"source": NOT_RELEASED, "layout": "", "frames": []})
    frames = [_frame(row, names, hide) for row in it.frames if row.frame in names.names]
    same = len(frames) == len(it.frames)
    sha256 = hash_of([row.sha256 for row in frames]) if same else ""
    return it.model_copy(update={"source": title, "layout": "", "frames": frames, "sha256": sha256})


def _frame(row: SetFrame, names: PublicNames, hide: Withholder) -> SetFrame:
    planned = names.names[row.frame]
    return row.model_copy(
        update={
            "frame": planned.frame,
            "key": planned.name,
            "subject": planned.subject or None,
            "cluster": planned.subject or f"frame {planned.frame}",
            "sha256": names.sha256[row.frame],
            "reason": hide(row.reason),
        }
    )


def _fidelity(found: FidelityResult, names: PublicNames, hide: Withholder) -> None:
    pairs = []
    for pair in found.near_pairs:
        public = names.names.get(pair.synth)
        if public is not None:
            change = {"synth": public.frame, "real": "a real frame", "synth_key": public.name, "real_key": ""}
            pairs.append(pair.model_copy(update=change))
    found.near_pairs = pairs
    for embedding in found.embeddings:
        for point in embedding.points:
            known = names.of(point.frame) if point.set == "synth" else None
            point.frame = known or point.set
    found.pair_scores = [
        it.model_copy(update={"real": "a real frame", "synth": names.of(it.synth)})
        for it in found.pair_scores
        if names.of(it.synth)
    ]
    for metric in found.metrics:
        metric.reason = hide(metric.reason)
        metric.notes = [hide(it) for it in metric.notes]
    for extractor in found.extractors:
        extractor.identity, extractor.reason = hide(extractor.identity), hide(extractor.reason)
    found.notes = [hide(it) for it in found.notes]


def _utility(found: UtilityResult, names: PublicNames, hide: Withholder) -> None:
    found.examples = []  # pictures of real test frames
    for leak in found.leaks:
        leak.sentence, leak.frames = hide(leak.sentence), names.listed(leak.frames)
    for learner in found.learners:
        learner.identity = hide(learner.identity)
        learner.settings = hide.everywhere(learner.settings)
        learner.notes = [hide(it) for it in learner.notes]
    for verdict in found.verdicts:
        verdict.sentence = hide(verdict.sentence)
    for unit in found.units:
        unit.notes = [hide(it) for it in unit.notes]
    found.unavailable = {hide(name): hide(reason) for name, reason in found.unavailable.items()}
    found.notes = [hide(it) for it in found.notes]


class ReleasedPictures:
    """Pictures of the released frames alone, taken from the overlays of a private run.

    Parameters
    ----------
    pictures : FolderPictures
        Of the private run.
    keys : mapping of str to str
        Private key by public name.

    Examples
    --------
    >>> from pathlib import Path
    >>> ReleasedPictures(FolderPictures(Path("nowhere")), {}).thumbnail("real", "a") is None
    True
    """

    def __init__(self, pictures: FolderPictures, keys: Mapping[str, str]) -> None:
        self._pictures, self._keys = pictures, keys

    def thumbnail(self, name: str, key: str) -> bytes | None:
        """Give a released frame, and never a real one."""
        return self._pictures.thumbnail(name, self._keys[key]) if self._shows(name, key) else None

    def overlay(self, name: str, key: str) -> bytes | None:
        """Give a released frame with the nerves found in it."""
        return self._pictures.overlay(name, self._keys[key]) if self._shows(name, key) else None

    def address(self, name: str, key: str) -> str | None:
        """Give nothing: the full overlays are not released."""
        return None

    def file(self, path: str) -> bytes | None:
        """Give nothing: files of the private run show real frames."""
        return None

    def _shows(self, name: str, key: str) -> bool:
        return name == "synth" and key in self._keys
