"""`ccmeval reader-study score`: from a key and files of answers to scores."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from ccmeval.batch.conclusion import library_versions
from ccmeval.errors import CcmevalError
from ccmeval.readers.agreeing import agreements
from ccmeval.readers.answers import Answers, read_answers
from ccmeval.readers.diagnosing import confusions, diagnosis_difference, diagnosis_scores
from ccmeval.readers.key import StudyKey, read_key
from ccmeval.readers.schema import ReaderRow, StudyScores
from ccmeval.readers.telling import detections, pooled_detection

CONFIDENCE = 0.95


def score_study(
    out: Path, files: Sequence[Path], *, margin: float | None = None, seed: int = 0, command: str = ""
) -> StudyScores:
    """Score the answers of a reader study.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the study.
    files : sequence of pathlib.Path
        Answers, one file a reader. What cannot be used is left out with a reason, and the rest goes on.
    margin : float, optional
        Of equivalence to chance; that of the study by default.
    seed : int
        Of the intervals over subjects.
    command : str
        For the record.

    Returns
    -------
    StudyScores
        All numbers are over first showings; repeats serve the agreement of a reader's two answers alone.

    Raises
    ------
    CcmevalError
        If the folder holds no study, or no file can be used.
    """
    key = read_key(out)
    readers, left_out = _read(files, key)
    if not readers:
        raise CcmevalError(
            f"No file of answers can be used. {left_out[0] if left_out else 'Give at least one.'}"
        )
    scores = StudyScores(
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        command=command,
        versions=library_versions(),
        study=key.study,
        title=key.title,
        question=key.question,
        margin=key.margin if margin is None else margin,
        confidence=CONFIDENCE,
        seed=seed,
        n_frames=len(key.first()),
        n_repeats=len(key.items) - len(key.first()),
        by_subject=key.by_subject,
        readers=[_row(one, key) for one in readers],
        left_out=left_out,
        power=key.power,
        notes=_notes(key, margin),
    )
    _fill(scores, key, readers, seed)
    return scores


def _fill(scores: StudyScores, key: StudyKey, readers: Sequence[Answers], seed: int) -> None:
    told = [one for one in readers if one.real]
    if told:
        scores.detection = detections(key.first(), told, scores.margin, _rng(seed, "detection"))
        scores.pooled = pooled_detection(key.first(), told, scores.margin, _rng(seed, "pooled"))
    diagnosed = [one for one in readers if one.diagnosis]
    for one in diagnosed:
        rng = _rng(seed, f"diagnosis {one.reader}")
        scores.diagnoses += diagnosis_scores(key, one, rng)
        scores.differences.append(diagnosis_difference(key, one, rng))
    scores.confusions = confusions(key, diagnosed)
    scores.agreements = agreements(key, readers, _rng(seed, "agreement"))


def _rng(seed: int, part: str) -> np.random.Generator:
    """Give each part its own stream, so that none depends on which others run."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(part.encode()),)))


def _read(files: Sequence[Path], key: StudyKey) -> tuple[list[Answers], list[str]]:
    found: dict[str, Answers] = {}
    left_out: list[str] = []
    for path in files:
        try:
            one = read_answers(path, key)
        except CcmevalError as error:
            left_out.append(str(error))
            continue
        if one.reader in found:
            left_out.append(
                f"{one.file} is a second file of reader {one.reader} (the first: {found[one.reader].file});"
                " give one file a reader."
            )
            continue
        found[one.reader] = one
    return list(found.values()), left_out


def _row(one: Answers, key: StudyKey) -> ReaderRow:
    answered = set(one.real) | set(one.diagnosis)
    seconds = [it for it in one.seconds.values() if it > 0]
    return ReaderRow(
        reader=one.reader,
        file=one.file,
        years=one.years,
        n_answered=len(answered),
        median_seconds=float(np.median(seconds)) if seconds else None,
        notes=list(one.notes),
    )


def _notes(key: StudyKey, margin: float | None) -> list[str]:
    notes = list(key.notes)
    if not key.by_subject:
        notes.append("The subjects of some frames are unknown: each of these frames counts as independent.")
    if margin is not None and margin != key.margin:
        notes.append(
            f"The margin ({margin:g}) is not the one that the study was made with ({key.margin:g}): it was"
            " chosen afterwards."
        )
    return notes
