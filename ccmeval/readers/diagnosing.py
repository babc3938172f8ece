"""The diagnosis in real frames and in synthetic ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ccmeval.readers.answers import Answers
from ccmeval.readers.key import KeyItem, StudyKey, Truth
from ccmeval.readers.proportions import newcombe, wilson
from ccmeval.readers.resampling import Rows, Statistic, bootstrapped, wider
from ccmeval.readers.schema import DiagnosisDifference, DiagnosisScore, ReaderConfusion
from ccmeval.readers.telling import interval_of

TRUTHS: tuple[Truth, Truth] = ("real", "synthetic")


def diagnosis_scores(key: StudyKey, reader: Answers, rng: np.random.Generator) -> list[DiagnosisScore]:
    """Give the share of right diagnoses, over all and by diagnosis, real and synthetic apart.

    Parameters
    ----------
    key : StudyKey
    reader : Answers
    rng : numpy.random.Generator

    Returns
    -------
    list of DiagnosisScore
        Of a synthetic frame the diagnosis that it was asked to show counts as right.
    """
    found = []
    for truth in TRUTHS:
        for diagnosis in (None, *key.diagnoses):
            items = [
                it for it in _answered(key, reader, truth) if diagnosis is None or it.diagnosis == diagnosis
            ]
            right = np.array([reader.diagnosis[it.item] == it.diagnosis for it in items], dtype=np.float64)
            score = wilson(int(right.sum()), len(items))
            drawn = bootstrapped(_mean_of(right), [it.cluster for it in items], rng)
            found.append(
                DiagnosisScore(
                    reader=reader.reader,
                    truth=truth,
                    diagnosis=diagnosis,
                    accuracy=interval_of(wider(score, drawn)),
                    wilson=interval_of(score),
                    n_right=int(right.sum()),
                )
            )
    return found


def _mean_of(right: npt.NDArray[np.float64]) -> Statistic:
    def mean(rows: Rows) -> float:
        return float(right[rows].mean()) if rows.size else float("nan")

    return mean


def _answered(key: StudyKey, reader: Answers, truth: Truth | None = None) -> list[KeyItem]:
    shown = (it for it in key.first() if it.item in reader.diagnosis and it.diagnosis is not None)
    return [it for it in shown if truth in (None, it.truth)]


def diagnosis_difference(key: StudyKey, reader: Answers, rng: np.random.Generator) -> DiagnosisDifference:
    """Give the share of right diagnoses in synthetic frames minus that in real ones.

    Subjects that stand behind real frames and, by their masks, behind synthetic ones are drawn with both.
    """
    items = _answered(key, reader)
    right = np.array([reader.diagnosis[it.item] == it.diagnosis for it in items], dtype=bool)
    synthetic = np.array([it.truth == "synthetic" for it in items], dtype=bool)

    def difference(rows: Rows) -> float:
        made, real = rows[synthetic[rows]], rows[~synthetic[rows]]
        if not made.size or not real.size:
            return float("nan")
        return float(right[made].mean() - right[real].mean())

    score = newcombe(_of(right[synthetic]), _of(right[~synthetic]))
    drawn = bootstrapped(difference, [it.cluster for it in items], rng)
    return DiagnosisDifference(
        reader=reader.reader,
        newcombe=interval_of(score),
        bootstrap=interval_of(drawn),
        difference=interval_of(wider(score, drawn)),
    )


def _of(right: npt.NDArray[np.bool_]) -> tuple[int, int]:
    return int(right.sum()), int(right.size)


def confusions(key: StudyKey, readers: Sequence[Answers]) -> list[ReaderConfusion]:
    """Count answers by true diagnosis, real and synthetic apart."""
    place = {name: index for index, name in enumerate(key.diagnoses)}
    found = []
    for reader in readers:
        for truth in TRUTHS:
            counts = np.zeros((len(place), len(place)), dtype=int)
            for it in _answered(key, reader, truth):
                counts[place[str(it.diagnosis)], place[reader.diagnosis[it.item]]] += 1
            table = counts.tolist()
            found.append(
                ReaderConfusion(reader=reader.reader, truth=truth, classes=key.diagnoses, counts=table)
            )
    return found
