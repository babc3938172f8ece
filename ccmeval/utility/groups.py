"""What a group trains with: which rows of the pool, how often, and with what weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.utility.fold import Fold
from ccmeval.utility.folding import Rows
from ccmeval.utility.members import Member
from ccmeval.utility.units import UnitSpec
from ccmeval.utility.words import counted

_SYNTH_STREAM, _REPEAT_STREAM = 3, 4
"""Of random numbers: which synthetic frames is drawn apart from which real ones repeat."""


@dataclass(frozen=True)
class Composition:
    """Training frames of a unit.

    Attributes
    ----------
    rows : int array (N,)
        Of the pool; real frames first. A repeated frame stands several times.
    weights : float array (N,)
        Of each frame's loss; their mean is 1.
    n_real, n_synth : int
        Frames of each kind, repeats counted.
    n_missing : int
        Synthetic frames that were asked for beyond what the fold may use.
    """

    rows: Rows
    weights: npt.NDArray[np.float64]
    n_real: int
    n_synth: int
    n_missing: int = 0

    @property
    def n_distinct(self) -> int:
        """Distinct frames."""
        return int(np.unique(self.rows).size)

    @property
    def note(self) -> str:
        """A sentence where the set held too few synthetic frames; empty otherwise."""
        if not self.n_missing:
            return ""
        return (
            f"{counted(self.n_missing, 'synthetic frame')} fewer than asked for: the fold may use no more,"
            " and none is repeated."
        )


def compose(spec: UnitSpec, fold: Fold, members: Sequence[Member], seed: int) -> Composition:
    """Choose the training frames of a unit.

    Parameters
    ----------
    spec : UnitSpec
    fold : Fold
        The one that `spec` names.
    members : sequence of Member
        All frames of the run.
    seed : int
        Of the run. Groups B, C and A-dup of one fold and seed rest on the same choice of synthetic frames,
        and a choice of few frames is part of one of more.

    Returns
    -------
    Composition

    Raises
    ------
    ValueError
        If the fold is not that of `spec`.

    Notes
    -----
    In group B the loss of n_real real and n_synth synthetic frames, n together, is
    ``lambda * n_real / n * L_real + (1 - lambda) * n_synth / n * L_synth`` with the means L of each kind:
    each real frame counts lambda and each synthetic one 1 - lambda, up to a factor.

    Examples
    --------
    >>> rows = np.arange(6)
    >>> fold = Fold(0, rows[:2], rows[2:3], rows[3:4], synth_rows=rows[4:])
    >>> kinds = ["real", "real", "real", "held-out", "synth", "synth"]
    >>> members = [Member(i, kind, "", "Control") for i, kind in enumerate(kinds)]
    >>> spec = UnitSpec("diagnosis", "hmsvit", "B", fold=0, seed=0, loss_weight=0.75)
    >>> found = compose(spec, fold, members, seed=0)
    >>> found.rows.tolist(), found.weights.tolist(), found.n_real, found.n_synth
    ([0, 1, 4, 5], [1.5, 1.5, 0.5, 0.5], 2, 2)
    """
    if spec.fold != fold.index:
        raise ValueError(f"Unit of fold {spec.fold} was given fold {fold.index}.")
    known = {member.row: member for member in members}
    synth, missing = _synthetic(spec, fold, known, seed)
    rng = np.random.default_rng([seed, _REPEAT_STREAM, spec.fold, spec.seed])
    if spec.group == "A":
        return _plain(fold.train_rows)
    if spec.group == "A-dup":
        return _plain(_repeated(fold.train_rows, fold.train_rows.size + synth.size, rng), missing=missing)
    if spec.group == "A-balanced":
        return _plain(_balanced(fold.train_rows, known, rng))
    if spec.group == "C":
        return Composition(synth, np.ones(synth.size), 0, synth.size, missing)
    n_real = fold.train_rows.size
    weights = np.repeat([spec.loss_weight, 1.0 - spec.loss_weight], [n_real, synth.size])
    rows = np.concatenate([fold.train_rows, synth])
    return Composition(rows, weights / weights.mean(), n_real, synth.size, missing)


def _plain(rows: Rows, missing: int = 0) -> Composition:
    return Composition(rows, np.ones(rows.size), rows.size, 0, missing)


def _synthetic(spec: UnitSpec, fold: Fold, known: dict[int, Member], seed: int) -> tuple[Rows, int]:
    """Choose synthetic frames; give how many were wanted beyond what there is, too."""
    if spec.ratio is None and spec.per_diagnosis is None:
        return fold.synth_rows, 0
    rng = np.random.default_rng([seed, _SYNTH_STREAM, spec.fold, spec.seed])
    queues = [rng.permutation(rows) for rows in _by_diagnosis(fold.synth_rows, known)]
    if spec.per_diagnosis is not None:
        chosen = np.concatenate([queue[: spec.per_diagnosis] for queue in queues])
        wanted = spec.per_diagnosis * len(queues)
    else:
        assert spec.ratio is not None
        wanted = max(int(spec.ratio * fold.train_rows.size + 0.5), int(spec.ratio > 0))
        chosen = _in_turn(queues, rng)[:wanted]
    return np.sort(chosen), max(wanted - chosen.size, 0)


def _in_turn(queues: Sequence[Rows], rng: np.random.Generator) -> Rows:
    """Take one of each queue in turn, until all are empty."""
    order = rng.permutation(len(queues))
    turns = [
        (place, int(order[number]), int(row))
        for number, q in enumerate(queues)
        for place, row in enumerate(q)
    ]
    return np.array([row for _, _, row in sorted(turns)], dtype=np.intp)


def _by_diagnosis(rows: Rows, known: dict[int, Member]) -> list[Rows]:
    names = np.array([known[int(row)].diagnosis or "" for row in rows], dtype=str)
    return [rows[names == name] for name in np.unique(names)]


def _repeated(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Repeat rows as a whole as often as fits, and draw the rest without replacement."""
    whole, rest = divmod(count, rows.size)
    drawn = rng.choice(rows, rest, replace=False)
    return np.sort(np.concatenate([np.tile(rows, whole), drawn]))


def _balanced(rows: Rows, known: dict[int, Member], rng: np.random.Generator) -> Rows:
    """Repeat the rows of each diagnosis to the number of the most frequent one."""
    parts = _by_diagnosis(rows, known)
    most = max(part.size for part in parts)
    return np.sort(np.concatenate([_repeated(part, most, rng) for part in parts]))
