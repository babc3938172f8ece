"""The report of a release: taken as it is given, or made of the very frames that are released."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run import run_three_pillar
from ccmeval.evaluation.run_parts import Progress, silent
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.evaluation.steps import BUNDLE_SUFFIX, PUBLISHED
from ccmeval.releasing.near_copies import NearCopies, copies_told, joined, look_for_copies
from ccmeval.releasing.pseudonyms import fingerprint
from ccmeval.releasing.source import SourceSet
from ccmeval.report.files import replacing
from ccmeval.report.three_pillar import JSON_NAME

MOST_ROUNDS = 5
"""Times that a set is scored anew because a copy was found that the search before it had not tried."""


@dataclass(frozen=True)
class Scoring:
    """Where the results come from: a set of real frames, or a report.

    Attributes
    ----------
    real : pathlib.Path or None
    report : pathlib.Path or None
        Folder of a run of `ccmeval three-pillar`, or its `report.json`.
    settings : ThreePillarSettings
        Of the run that is made where `real` is given.
    """

    real: Path | None = None
    report: Path | None = None
    settings: ThreePillarSettings = field(default_factory=ThreePillarSettings)

    def check(self) -> None:
        """Refuse what gives no result about copies.

        Raises
        ------
        CcmevalError
        """
        if (self.real is None) == (self.report is None):
            raise CcmevalError(
                "Give either --real SET, to score the set now, or --report OUT of a run that did."
            )
        told = str(self.real or "")
        if told.startswith(PUBLISHED) or told.endswith(BUNDLE_SUFFIX):
            raise CcmevalError(
                f"--real {told} holds no frames, and without them nobody can tell whether frames of the set"
                " repeat real ones; give the real frames that the generator learnt from."
            )


@dataclass(frozen=True)
class Scored:
    """A set with its results.

    Attributes
    ----------
    kept : SourceSet
        What is released.
    result : ThreePillarResult
    folder : pathlib.Path
        Of the run.
    copies : NearCopies
        All that were found; where some were left out, those.
    of_whole_set : bool
        Whether the result is still that of the set before copies were left out.
    """

    kept: SourceSet
    result: ThreePillarResult
    folder: Path
    copies: NearCopies
    of_whole_set: bool = False


class CopiesRemainError(CcmevalError):
    """Frames of the set repeat real ones."""

    def __init__(self, sentence: str, copies: NearCopies) -> None:
        super().__init__(sentence)
        self.copies = copies


def scored(
    source: SourceSet, scoring: Scoring, private: Path, *, drop: bool, progress: Progress = silent
) -> Scored:
    """Find or make the results of a set, and refuse copies.

    Parameters
    ----------
    source : SourceSet
    scoring : Scoring
    private : pathlib.Path
        Folder for the run that is made.
    drop : bool
        Leave copies out instead of refusing.
    progress : callable

    Returns
    -------
    Scored

    Raises
    ------
    CopiesRemainError
        If there are copies and they are not to be left out, or not all of them can be named.
    CcmevalError
        If a report is not of this set, or does not say whether there are copies.
    """
    if scoring.report is not None:
        return _reported(source, scoring.report, drop)
    assert scoring.real is not None
    searched = [scoring.real, *([scoring.settings.held_out] if scoring.settings.held_out else [])]
    view = scoring.settings.real_field_of_view_um
    copies = look_for_copies(source, searched, field_of_view_um=view, progress=progress)
    kept = _without(source, copies, drop)
    for _ in range(MOST_ROUNDS):
        folder = private / f"three-pillar-{fingerprint(kept.identity, str(scoring.real))[:8]}"
        result = _run(kept, scoring, folder, progress)
        found = copies_told(result)
        if found is None:
            raise CcmevalError(
                "The run did not look for copies of real frames; take pillars and fidelity.copies out of"
                " --config."
            )
        if not found.count:
            return Scored(kept, result, folder, copies)
        copies = joined(copies, _renamed(found, result, kept))
        kept = _without(source, copies, drop)
    raise CopiesRemainError(_sentence(source, copies, "however often they are left out"), copies)


def _run(kept: SourceSet, scoring: Scoring, folder: Path, progress: Progress) -> ThreePillarResult:
    manifest = folder.with_name(f"{folder.name}-set") / "manifest.csv"
    _write_manifest(manifest, kept)
    changes = {"synth_masks": None, "synth_subject_pattern": None, "synth_field_of_view_um": None}
    settings = scoring.settings.model_copy(update=changes)
    return run_three_pillar(str(scoring.real), manifest, folder, settings, resume=True, progress=progress)


def _write_manifest(path: Path, kept: SourceSet) -> None:
    """Write the private manifest by which the set is scored, with its subjects as the real set names them."""
    own = ("frame", "mask", "trace", "diagnosis", "subject", "eye", "pixel_size_um", "source")
    extras = dict.fromkeys(name for one in kept.frames for name in one.record.extra)
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*own, *extras])
        for one in kept.frames:
            record = one.record
            place = f"{record.path.resolve()}#{record.page + 1}" if record.page else record.path.resolve()
            files = [it.resolve() if it else "" for it in (record.mask, record.trace)]
            cells = [place, *files, record.diagnosis, record.subject, record.eye]
            cells += [repr(one.pixel_size_um), record.source]
            cells += [record.extra.get(name) for name in extras]
            writer.writerow(["" if cell is None else cell for cell in cells])


def _without(source: SourceSet, copies: NearCopies, drop: bool) -> SourceSet:
    if not copies.count:
        return source
    if not drop:
        raise CopiesRemainError(_sentence(source, copies), copies)
    if len(copies.frames) < copies.count:
        raise CopiesRemainError(_sentence(source, copies, "and the report names only some of them"), copies)
    kept = source.without(copies.frames)
    if not kept.frames:
        raise CopiesRemainError(_sentence(source, copies, "so that nothing is left to release"), copies)
    return kept


def _sentence(source: SourceSet, copies: NearCopies, more: str = "") -> str:
    verb = "repeats a real one" if copies.count == 1 else "repeat real ones"
    told = f"{copies.count} of {len(source.frames)} frames {verb}"
    how = [f"{copies.n_searched} real frames searched"] if copies.n_searched else []
    how += [f"correlation of pixels from {copies.threshold:g} on"] if copies.threshold is not None else []
    told += f" ({'; '.join(how)})" if how else ""
    return f"{told}{', ' + more if more else ''}"


def _reported(source: SourceSet, path: Path, drop: bool) -> Scored:
    file = path / JSON_NAME if path.is_dir() else path
    result = _read(file)
    synth = next((it for it in result.sets if it.name == "synth"), None)
    if synth is None or synth.sha256 != source.sha256:
        raise CcmevalError(
            f"{file} is the report of other frames than those of {source.path}; score this set with"
            " ccmeval three-pillar, or give --real instead of --report."
        )
    copies = copies_told(result)
    if copies is None:
        raise CcmevalError(
            f"{file} does not say whether frames repeat real ones, so the set is not released; run pillar 1"
            " against the frames that the generator learnt from, or give --real instead of --report."
        )
    copies = _renamed(copies, result, source)
    kept = _without(source, copies, drop)
    return Scored(kept, result, file.parent, copies, of_whole_set=bool(copies.count))


def _renamed(copies: NearCopies, result: ThreePillarResult, source: SourceSet) -> NearCopies:
    """Call the copies by the names that this set's frames have here, found by their files' hashes."""
    names = names_here(result, source)
    known = [pair for pair in copies.pairs if pair.synth in names]
    pairs = [pair.model_copy(update={"synth": names[pair.synth]}) for pair in known]
    return replace(copies, pairs=pairs)


def names_here(result: ThreePillarResult, source: SourceSet) -> dict[str, str]:
    """Give the name here of each frame of a report, which may have been made from another folder.

    Frames are matched by name where both have it, else by the hash of their files; of frames that share a
    file the first left is taken.
    """
    waiting: dict[str, list[str]] = {}
    own = {one.record.frame: one.sha256 for one in source.frames}
    rows = [row for it in result.sets if it.name == "synth" for row in it.frames]
    found = {row.frame: row.frame for row in rows if own.get(row.frame) == row.sha256}
    for name, sha256 in own.items():
        if name not in found:
            waiting.setdefault(sha256, []).append(name)
    for row in rows:
        if row.frame not in found and waiting.get(row.sha256):
            found[row.frame] = waiting[row.sha256].pop(0)
    return found


def _read(file: Path) -> ThreePillarResult:
    try:
        return ThreePillarResult.model_validate_json(file.read_bytes())
    except OSError as error:
        raise CcmevalError(
            f"{file} cannot be read ({error.strerror}); give the folder of a run of ccmeval three-pillar."
        ) from error
    except ValidationError as error:
        raise CcmevalError(
            f"{file} is no report of this version of ccmeval three-pillar; run it again."
        ) from error


def pillars_of(result: ThreePillarResult) -> Sequence[str]:
    """Name the pillars that have results."""
    parts = {"fidelity": result.fidelity, "preservation": result.preservation, "utility": result.utility}
    return [name for name, part in parts.items() if part is not None]
