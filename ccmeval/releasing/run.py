"""`ccmeval release`: from a synthetic set and its results to a folder that can be published."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from ccmeval import __version__
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run_parts import Progress, silent
from ccmeval.releasing import folder as places
from ccmeval.releasing.card import CARD, card
from ccmeval.releasing.checksums import sha256_of, write_checksums
from ccmeval.releasing.datasheet import Told, datasheet, dropped_notes
from ccmeval.releasing.folder import Folders, claimed, folders_of, is_finished
from ccmeval.releasing.near_copies import NearCopies
from ccmeval.releasing.page import write_page
from ccmeval.releasing.pictures import frame_bytes, mask_bytes
from ccmeval.releasing.plan import Plan, make_plan
from ccmeval.releasing.publishable import PublicNames, ReleasedPictures, publishable
from ccmeval.releasing.scoring import CopiesRemainError, Scored, Scoring, names_here, scored
from ccmeval.releasing.settings import ReleaseSettings
from ccmeval.releasing.sheet import markdown
from ccmeval.releasing.source import SourceSet, read_source
from ccmeval.releasing.withholding import Withholder, check_texts
from ccmeval.report.files import replacing
from ccmeval.report.three_pillar import write_three_pillar
from ccmeval.report.three_pillar_pictures import FolderPictures

REPORT = "report"
DATASHEET = "DATASHEET.md"
COUNTS = "counts.json"


@dataclass(frozen=True)
class Released:
    """What a release came to.

    Attributes
    ----------
    out : pathlib.Path
    private : pathlib.Path
    n_frames : int
    n_dropped : int
    n_open : int
        Questions of the datasheet that the publisher has still to answer.
    was_there : bool
        Whether the release was finished before.
    """

    out: Path
    private: Path
    n_frames: int
    n_dropped: int
    n_open: int
    was_there: bool = False


def release(
    cohort: str | Path,
    out: str | Path,
    scoring: Scoring,
    settings: ReleaseSettings | None = None,
    *,
    masks: Path | None = None,
    progress: Progress = silent,
) -> Released:
    """Make a synthetic set ready to publish.

    Parameters
    ----------
    cohort : path
        The synthetic set: a folder or a manifest.
    out : path
        Folder of the release, which appears once it is whole. What is private (who is who, copies, the run
        of the three pillars) lies in a folder of the same name with ``-private`` added.
    scoring : Scoring
        The real frames, or a report.
    settings : ReleaseSettings, optional
    masks : pathlib.Path, optional
        Folder of masks, matched by stem.
    progress : callable

    Returns
    -------
    Released

    Raises
    ------
    CopiesRemainError
        If frames repeat real ones: they are listed in the private folder.
    CcmevalError
        If the set, the report or the folder cannot be used.

    Notes
    -----
    Called again with the same input, it goes on where it was stopped; a finished release is left as it is.
    """
    settings = settings or ReleaseSettings()
    scoring.check()
    source = read_source(
        Path(cohort),
        masks=masks,
        subject_pattern=scoring.settings.synth_subject_pattern,
        field_of_view_um=scoring.settings.synth_field_of_view_um,
        progress=progress,
    )
    folders = folders_of(Path(out))
    _check_apart(folders, source, scoring)
    identity = _identity(source, scoring, settings)
    if is_finished(folders, identity):
        return _found(folders)
    with claimed(folders, identity) as secret:
        try:
            found = scored(source, scoring, folders.private, drop=settings.drop_copies, progress=progress)
        except CopiesRemainError as error:
            raise _refused(error, folders) from error
        except CcmevalError:
            places.forget(folders)
            raise
        _list_copies(found.copies, folders)
        made = _Release(
            source, found, settings, scoring, folders, make_plan(found.kept, settings, secret), progress
        )
        released = made.write()
        places.write_marker(folders.private, identity, secret.hex(), finished=True)
        folders.staged.replace(folders.out)
    return released


def _check_apart(folders: Folders, source: SourceSet, scoring: Scoring) -> None:
    """Refuse to write into what is read."""
    for path in (source.path, scoring.real, scoring.report):
        if path is None:
            continue
        for own in (folders.out, folders.private):
            if path.resolve() == own.resolve() or own.resolve().is_relative_to(path.resolve()):
                raise CcmevalError(
                    f"-o {folders.out} lies in {path}, which is read; choose a folder elsewhere."
                )


def _identity(source: SourceSet, scoring: Scoring, settings: ReleaseSettings) -> dict[str, Any]:
    report = None
    if scoring.report is not None:
        file = scoring.report / "report.json" if scoring.report.is_dir() else scoring.report
        report = sha256_of(file) if file.is_file() else str(file)
    return {
        "set": source.identity,
        "real": str(scoring.real.resolve()) if scoring.real else None,
        "report": report,
        "scoring": scoring.settings.model_dump(mode="json") if scoring.real else None,
        "settings": settings.model_dump(mode="json"),
        "ccmeval": __version__,
    }


def _found(folders: Folders) -> Released:
    told = json.loads((folders.private / COUNTS).read_text(encoding="utf-8"))
    n_frames, n_dropped, n_open = told
    return Released(folders.out, folders.private, n_frames, n_dropped, n_open, was_there=True)


def _refused(error: CopiesRemainError, folders: Folders) -> CcmevalError:
    path = _list_copies(error.copies, folders)
    return CcmevalError(
        f"{error}; they are listed in {path}: take them out of the set, or add --drop-copies to leave them"
        " out and have that said in the release."
    )


def _list_copies(copies: NearCopies, folders: Folders) -> Path:
    path = folders.private / places.COPIES
    rows = [
        {"frame": it.synth, "real": it.real, "correlation": f"{it.value:.4f}", "transform": it.transform}
        for it in copies.pairs
    ]
    places.write_private(path, places.csv_text(["frame", "real", "correlation", "transform"], rows))
    return path


class _Release:
    """A release that is being written."""

    def __init__(
        self,
        source: SourceSet,
        found: Scored,
        settings: ReleaseSettings,
        scoring: Scoring,
        folders: Folders,
        plan: Plan,
        progress: Progress,
    ) -> None:
        self.source, self.found, self.settings, self.scoring = source, found, settings, scoring
        self.folders, self.plan, self.progress = folders, plan, progress
        self.n_dropped = len(source.frames) - len(found.kept.frames)

    def write(self) -> Released:
        """Write everything into the staged folder."""
        root = self.folders.staged
        conversions = self._pictures(root)
        hide = self._withholder()
        self.plan = self.plan.hidden(hide)
        self._manifest(root / "manifest.csv")
        result = self._report(root, hide)
        told = Told(
            self.settings,
            self.plan,
            result,
            self.found.copies,
            self.n_dropped,
            self.found.of_whole_set,
            self.found.kept.columns(),
            conversions,
        )
        sheet = datasheet(told)
        _write(root / DATASHEET, markdown(sheet))
        created = datetime.now(timezone.utc).isoformat(timespec="seconds")
        _write(
            root / CARD, json.dumps(card(told, created, sha256_of(root / "manifest.csv")), indent=1) + "\n"
        )
        write_page(sheet, root)
        check_texts(root, self._hidden_paths())
        write_checksums(root)
        self._key()
        counts = (len(self.plan.frames), self.n_dropped, sheet.n_open)
        places.write_private(self.folders.private / COUNTS, json.dumps(counts) + "\n")
        return Released(self.folders.out, self.folders.private, *counts)

    def _pictures(self, root: Path) -> dict[str, int]:
        """Write frames and masks; those of an earlier, interrupted call are whole and stay."""
        kinds: tuple[Literal["mask", "trace"], ...] = ("mask", "trace")
        for number, one in enumerate(self.plan.frames, start=1):
            if not (root / one.frame).exists():
                _write_bytes(root / one.frame, frame_bytes(one.source)[0])
            for kind in kinds:
                place = one.mask if kind == "mask" else one.trace
                if place and not (root / place).exists():
                    _write_bytes(root / place, mask_bytes(one.source, kind))
            self.progress("Writing frames", number, len(self.plan.frames))
        same = [sha256_of(root / one.frame) == one.source.sha256 for one in self.plan.frames]
        return dict(Counter("copied" if it else "converted" for it in same))

    def _withholder(self) -> Withholder:
        frames = [row.frame for it in self.found.result.sets for row in it.frames]
        subjects = [row.subject for it in self.found.result.sets for row in it.frames if row.subject]
        private = [*frames, *subjects, *self.plan.subjects]
        private += [one.record.frame for one in self.source.frames]
        private += [pair.real for pair in self.found.copies.pairs]
        public = [text for one in self.plan.frames for text in (one.name, one.frame, one.subject)]
        public += [one.source.record.diagnosis or "" for one in self.plan.frames]
        return Withholder(private, public)

    def _hidden_paths(self) -> Sequence[str]:
        given = [self.source.path, self.scoring.real, self.scoring.report, self.found.folder]
        paths = [path for it in given if it is not None for path in (str(it.absolute()), str(it.resolve()))]
        return [*paths, str(self.folders.private), str(Path.home())]

    def _manifest(self, path: Path) -> None:
        with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(
                file, self.plan.columns, extrasaction="ignore", restval="", lineterminator="\n"
            )
            writer.writeheader()
            writer.writerows(one.row for one in self.plan.frames)

    def _report(self, root: Path, hide: Withholder) -> Any:
        here = names_here(self.found.result, self.source)
        planned = {one.source.record.frame: one for one in self.plan.frames}
        names = {theirs: planned[mine] for theirs, mine in here.items() if mine in planned}
        sha256 = {theirs: sha256_of(root / one.frame) for theirs, one in names.items()}
        keys = {
            row.frame: row.key for it in self.found.result.sets if it.name == "synth" for row in it.frames
        }
        notes = dropped_notes(self.n_dropped, of_whole_set=self.found.of_whole_set)
        title = f"{self.settings.name}, version {self.settings.version}"
        result = publishable(self.found.result, PublicNames(names, sha256), hide, title, notes)
        shown = ReleasedPictures(
            FolderPictures(self.found.folder), {one.name: keys[theirs] for theirs, one in names.items()}
        )
        self.progress("Writing the report", 0, 1)
        write_three_pillar(result, root / REPORT, shown)
        self.progress("Writing the report", 1, 1)
        return result

    def _key(self) -> None:
        """Write who is who, for the publisher alone."""
        rows = [
            {
                "frame": one.frame,
                "source_frame": one.source.record.frame,
                "source_sha256": one.source.sha256,
                "pseudonym": one.subject,
                "subject": one.source.subject or "",
            }
            for one in self.plan.frames
        ]
        places.write_private(self.folders.private / places.KEY, places.csv_text(list(rows[0]), rows))


def _write(path: Path, text: str) -> None:
    _write_bytes(path, text.encode("utf-8"))


def _write_bytes(path: Path, data: bytes) -> None:
    with replacing(path) as partial:
        partial.write_bytes(data)
