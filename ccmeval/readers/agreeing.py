"""Agreement between readers, and between two answers of one reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np

from ccmeval.readers.answers import Answers
from ccmeval.readers.kappa import cohen, fleiss
from ccmeval.readers.key import KeyItem, StudyKey
from ccmeval.readers.resampling import Rows, bootstrapped
from ccmeval.readers.schema import ALL_READERS, Agreement
from ccmeval.readers.telling import interval_of, number

Question = Literal["real", "diagnosis"]
Kind = Literal["between two readers", "between all readers", "same reader twice"]


def agreements(key: StudyKey, readers: Sequence[Answers], rng: np.random.Generator) -> list[Agreement]:
    """Give all kappas: every two readers, all of them from three on, and each reader's two answers.

    Parameters
    ----------
    key : StudyKey
    readers : sequence of Answers
    rng : numpy.random.Generator

    Returns
    -------
    list of Agreement
    """
    found: list[Agreement] = []
    questions: tuple[tuple[Question, list[str]], ...] = (
        ("real", ["real", "synthetic"]),
        ("diagnosis", key.diagnoses),
    )
    for question, classes in questions:
        given = [one.real if question == "real" else one.diagnosis for one in readers]
        if not any(given):
            continue
        first = key.first()
        if len(readers) > 2:
            found.append(_of_all(question, classes, first, given, rng))
        for a, b in combinations(range(len(readers)), 2):
            both = [it for it in first if it.item in given[a] and it.item in given[b]]
            pairs = [(given[a][it.item], given[b][it.item]) for it in both]
            names = [readers[a].reader, readers[b].reader]
            clusters = [it.cluster for it in both]
            found.append(_of_two(question, "between two readers", names, classes, pairs, clusters, rng))
        for one, answers in zip(readers, given, strict=True):
            found += _of_one(question, one.reader, classes, key, answers, rng)
    return found


def _of_one(
    question: Question,
    reader: str,
    classes: Sequence[str],
    key: StudyKey,
    answers: Mapping[str, str],
    rng: np.random.Generator,
) -> list[Agreement]:
    again = [it for it in key.items if it.repeat_of is not None]
    if not again:
        return []
    both = [it for it in again if it.item in answers and it.repeat_of in answers]
    pairs = [(answers[str(it.repeat_of)], answers[it.item]) for it in both]
    clusters = [it.cluster for it in both]
    return [_of_two(question, "same reader twice", [reader], classes, pairs, clusters, rng)]


def _of_two(
    question: Question,
    kind: Kind,
    readers: list[str],
    classes: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    clusters: Sequence[str],
    rng: np.random.Generator,
) -> Agreement:
    codes = {name: code for code, name in enumerate(classes)}
    first, second = (np.array([codes[it[side]] for it in pairs], dtype=np.intp) for side in (0, 1))

    def kappa(rows: Rows) -> float:
        return cohen(first[rows], second[rows], len(classes))

    found = bootstrapped(kappa, clusters, rng)
    reason = "" if np.isfinite(found.value) else _why(len(pairs))
    observed = number(float((first == second).mean())) if pairs else None
    return Agreement(
        question=question,
        kind=kind,
        readers=readers,
        kappa=interval_of(found),
        observed=observed,
        reason=reason,
    )


def _of_all(
    question: Question,
    classes: Sequence[str],
    items: Sequence[KeyItem],
    given: Sequence[Mapping[str, str]],
    rng: np.random.Generator,
) -> Agreement:
    whole = [it for it in items if all(it.item in answers for answers in given)]
    counts = np.array(
        [[sum(answers[it.item] == name for answers in given) for name in classes] for it in whole],
        dtype=np.float64,
    ).reshape(len(whole), len(classes))

    def kappa(rows: Rows) -> float:
        return fleiss(counts[rows])

    found = bootstrapped(kappa, [it.cluster for it in whole], rng)
    pairs = len(given) * (len(given) - 1)
    observed = float((counts * (counts - 1)).sum(axis=1).mean() / pairs) if len(whole) else float("nan")
    return Agreement(
        question=question,
        kind="between all readers",
        readers=[ALL_READERS],
        kappa=interval_of(found),
        observed=number(observed),
        reason="" if np.isfinite(found.value) else _why(len(whole)),
    )


def _why(n: int) -> str:
    return "All answers are one and the same." if n > 1 else "Fewer than two frames have both answers."
