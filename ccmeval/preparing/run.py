"""From a folder of pictures as they came to a cohort."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccmeval.cohort import load_cohort
from ccmeval.cohort.record import Cohort
from ccmeval.errors import CcmevalError
from ccmeval.preparing import remarks
from ccmeval.preparing.annotations import write_annotations
from ccmeval.preparing.choosing import choose
from ccmeval.preparing.folder import WORKSHOP, check_places, claim, locked, remove
from ccmeval.preparing.ledger import Ledger, read_ledger, write_ledger
from ccmeval.preparing.naming import Member, name_members, split_members
from ccmeval.preparing.problems import COLUMNS, Problem, counts_of
from ccmeval.preparing.records import write_records
from ccmeval.preparing.repeats import near_repeats
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.preparing.sources import Source, Workshop, decode_sources
from ccmeval.preparing.tables import (
    KEY_COLUMNS,
    counts_of_members,
    key_rows,
)
from ccmeval.preparing.together import shared_pictures
from ccmeval.preparing.writing import (
    check_own_key,
    check_replaceable,
    orphans,
    problem_rows,
    write_key,
    write_private,
)
from ccmeval.report.files import replacing

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Prepared:
    """What came of a run.

    Attributes
    ----------
    out : pathlib.Path
        The cohort.
    found : int
        Pictures in RAW, pages counted singly.
    frames : int
        Frames of the cohort.
    problems : sequence of Problem
    table : sequence of dict
        Subjects and frames by diagnosis and split.
    notes : sequence of str
        One sentence each; they may hold names of RAW.
    problems_file : pathlib.Path
    """

    out: Path
    found: int
    frames: int
    problems: Sequence[Problem]
    table: Sequence[dict[str, Any]]
    notes: Sequence[str]
    problems_file: Path

    @property
    def lost(self) -> int:
        """Pictures that are not in the cohort in any copy."""
        return len({one.file for one in self.problems if one.left_out and not one.harmless})


def _no_progress(stage: str, done: int, total: int) -> None:
    """Show nothing."""


def prepare(
    raw: Path | str,
    out: Path | str,
    settings: PrepareSettings | None = None,
    *,
    masks: Path | str | None = None,
    traces: Path | str | None = None,
    subject_pattern: str | None = None,
    key_file: Path | str | None = None,
    problems_file: Path | str | None = None,
    drop_missing: bool = False,
    progress: Progress = _no_progress,
) -> Prepared:
    """Make a cohort of any mix of pictures: lossless grey PNG, one manifest, no names, split by subject.

    A run that was interrupted goes on when it is called again; one into the folder of a run before, with
    further pictures in RAW, keeps all names and splits.

    Parameters
    ----------
    raw : pathlib.Path or str
        Folder, picture or manifest, as for :func:`ccmeval.cohort.load_cohort`. Nothing is changed there.
    out : pathlib.Path or str
        The cohort; new, empty, or of a run before.
    settings : PrepareSettings, optional
    masks, traces, subject_pattern
        As for :func:`ccmeval.cohort.load_cohort`.
    key_file : pathlib.Path or str, optional
        Where to write, with mode 600 and outside of the cohort, what came from which file and subject.
    problems_file : pathlib.Path or str, optional
        Where to list what is wrong. By default beside the cohort, since the list holds names of files; with
        `keep_names` in it.
    drop_missing : bool
        Take frames out of the cohort that RAW no longer holds.
    progress : callable
        Told a stage's words, how much of it is done and of how much.

    Returns
    -------
    Prepared

    Raises
    ------
    CcmevalError
        If nothing can be prepared, no subject is known, or the folder is another one's.
    OutputError
        If the file system refuses.
    """
    raw, out, settings = Path(raw), Path(out), settings or PrepareSettings()
    key = Path(key_file) if key_file is not None else None
    listing = _listing(out, problems_file, settings)
    private = {"--key-file": key, "--problems": None if settings.keep_names else listing}
    check_places(raw, out, private)
    check_replaceable(listing, COLUMNS, "--problems")
    if key is not None:
        check_replaceable(key, KEY_COLUMNS, "--key-file")
    cohort = load_cohort(raw, subject_pattern=subject_pattern, masks=masks, traces=traces)
    remarks.check_columns(cohort, settings)
    remarks.check_subjects(cohort, settings)
    claim(out, settings)
    with locked(out):
        return _Run(cohort, out, settings, listing, key, drop_missing, progress).done()


def _listing(out: Path, given: Path | str | None, settings: PrepareSettings) -> Path:
    if given is not None:
        return Path(given)
    if settings.keep_names:
        return out / "problems.csv"
    whole = out.resolve()
    return whole.with_name(f"{whole.name}-problems.csv")


@dataclass
class _Run:
    """One run, once it is clear that it may be made."""

    cohort: Cohort
    out: Path
    settings: PrepareSettings
    listing: Path
    key: Path | None
    drop_missing: bool
    progress: Progress

    def done(self) -> Prepared:
        ledger = read_ledger(self.out)
        before = dict(ledger.places)
        workshop = Workshop(self.out / WORKSHOP, lambda content: _path(self.out, before.get(content)))
        if self.key is not None:
            check_own_key(self.key, workshop.files())
        sources, problems = decode_sources(self.cohort, workshop, self.settings, self._stage("Reading"))
        gone = self._check_missing(ledger, sources)
        chosen, more = choose(sources, self.settings)
        problems += more
        if not chosen:
            self._list(problems, [])
            raise CcmevalError(
                f"None of {len(self.cohort)} pictures in RAW can become a frame; {self.listing} says why."
            )
        withdrawn = set(ledger.present)
        members = name_members(chosen, ledger, self.settings)
        withdrawn -= set(ledger.present)
        links = shared_pictures(sources)
        members, torn = split_members(members, links, ledger, self.settings)
        write_ledger(self.out, ledger)
        for done, one in enumerate(members, 1):
            self._put(one, workshop)
            self.progress("Writing", done, len(members))
        return self._finished(members, problems, workshop, gone, len(withdrawn), (len(links), torn))

    def _stage(self, words: str) -> Callable[[int, int], None]:
        return lambda done, total: self.progress(words, done, total)

    def _check_missing(self, ledger: Ledger, sources: Sequence[Source]) -> int:
        gone = len(set(ledger.present) - {source.content for source in sources})
        if gone and not self.drop_missing:
            raise CcmevalError(
                f"RAW no longer holds (or no longer opens) {gone} of the {len(ledger.present)} frames of"
                f" {self.out}, by which their subjects are recognised; give a RAW with the old and the new"
                " frames, or take the absent ones out with --drop-missing."
            )
        return gone

    def _put(self, one: Member, workshop: Workshop) -> None:
        path = self.out / f"{one.place}.png"
        found = workshop.place(one.chosen.source.decoded)
        if found is None:
            raise CcmevalError(f"A frame of {self.out} was lost while it was written; run the command again.")
        if found == path:
            return
        with replacing(path) as partial:
            if found == workshop.waiting(one.chosen.content):
                found.replace(partial)
            else:  # its diagnosis was corrected; the old file goes with the old manifest
                partial.write_bytes(found.read_bytes())

    def _list(self, problems: Sequence[Problem], members: Sequence[Member]) -> None:
        places = {one.chosen.source.record.frame: f"{one.place}.png" for one in members}
        write_private(self.listing, problem_rows(problems, places), COLUMNS)

    def _finished(
        self,
        members: list[Member],
        problems: list[Problem],
        workshop: Workshop,
        gone: int,
        withdrawn: int,
        links: tuple[int, int],
    ) -> Prepared:
        settings, out = self.settings, self.out
        annotations, more = write_annotations(members, out, settings, self._stage("Masks and traces"))
        problems += more
        within = 0
        if settings.near_repeats:
            more, within = near_repeats(members, out, self._stage("Comparing"))
            problems += more
        problems += remarks.subjects_in_two_diagnoses(members)
        notes = remarks.notes_of(
            self.cohort, members, settings, problems, gone=gone, withdrawn=withdrawn, links=links
        )
        if self.key is not None:
            write_key(self.key, key_rows(members))
        counts = {
            "pictures": len(self.cohort),
            "frames": len(members),
            "problems": counts_of(problems),
            "near_repeats_within_subjects": within,
            **counts_of_members(members, annotations),
        }
        said = [*notes, *(self.cohort.notes if settings.keep_names else ())]
        table = write_records(out, members, annotations, settings, counts=counts, notes=said)
        self._list(problems, members)
        kept = [*(f"{one.place}.png" for one in members), *annotations.values()]
        remove(out, orphans(out, kept))
        workshop.clear()
        return Prepared(
            out=out,
            found=len(self.cohort),
            frames=len(members),
            problems=problems,
            table=table,
            notes=(*notes, *self.cohort.notes),
            problems_file=self.listing,
        )


def _path(out: Path, place: str | None) -> Path | None:
    return out / f"{place}.png" if place is not None else None
