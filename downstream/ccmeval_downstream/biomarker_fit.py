"""Fitting the biomarker classifier and choosing how complex it may be."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ccmeval.errors import UnavailableError
from ccmeval.utility.learning import TrainingRecord
from ccmeval_downstream.biomarker_model import BiomarkerModel, all_classes

if TYPE_CHECKING:
    from ccmeval.utility.learning import LearningSet, TrainingJob
    from ccmeval_downstream.biomarker import BiomarkerSettings

Floats = npt.NDArray[np.float64]

_LEAST_PROBABILITY = 1e-7
"""Probabilities below count as this in a loss, which would else be infinite for a diagnosis never seen."""


@dataclass(frozen=True)
class Table:
    """Frames with a diagnosis: values (N, K), NaN where undefined; labels (N,); weights (N,)."""

    values: Floats
    labels: npt.NDArray[np.intp]
    weights: Floats


@dataclass(frozen=True)
class Fitted:
    """A classifier and how it was chosen."""

    classifier: Any
    train_loss: float
    validation_loss: float
    steps: int
    best_step: int
    history: tuple[tuple[int, float, float], ...]
    note: str


def fit_table(job: TrainingJob, settings: BiomarkerSettings) -> BiomarkerModel:
    """Fit the classifier that the settings name.

    Parameters
    ----------
    job : TrainingJob
        Of the task diagnosis.
    settings : BiomarkerSettings

    Returns
    -------
    BiomarkerModel

    Raises
    ------
    UnavailableError
        If no training frame has a diagnosis.
    """
    train, validation = _table(job.train), _table(job.validation)
    if not train.labels.size:
        raise UnavailableError(
            "No training frame has a diagnosis; give diagnoses in the manifest or by folders."
        )
    columns = _columns()
    columns.fit(train.values, scaler__sample_weight=train.weights)
    tables = [
        Table(columns.transform(t.values), t.labels, t.weights) if t.labels.size else t
        for t in (train, validation)
    ]
    choose = job.selection == "validation-loss" and validation.labels.size > 0
    fit = _constant if np.unique(train.labels).size == 1 else _FITS[settings.model]
    fitted = fit(tables[0], tables[1], settings, job, choose)
    return _model(job, columns, fitted)


def _model(job: TrainingJob, columns: Any, fitted: Fitted) -> BiomarkerModel:
    record = TrainingRecord(
        steps=fitted.steps,
        best_step=fitted.best_step,
        n_parameters=0,
        seconds=0.0,
        validation_loss=fitted.validation_loss,
        history=fitted.history,
        notes=(fitted.note,),
    )
    names = tuple(job.train.pool.biomarker_names)
    return BiomarkerModel.of(record, columns, fitted.classifier, tuple(job.classes), names)


def _table(frames: LearningSet) -> Table:
    known = frames.labels >= 0
    values = frames.biomarkers() if len(frames) else np.empty((0, len(frames.pool.biomarker_names)))
    values = np.where(np.isfinite(values), values, np.nan)
    return Table(values[known], frames.labels[known], frames.weights[known])


def _columns() -> Any:
    """Make the columns that a classifier sees; a biomarker that is never defined becomes a constant."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return Pipeline([("imputer", imputer), ("scaler", StandardScaler())])


def _loss(probabilities: Floats, classes: Any, table: Table) -> float:
    """Mean cross-entropy, weighted; NaN without frames."""
    if not table.labels.size:
        return float("nan")
    wide = all_classes(probabilities, classes, int(max(table.labels.max(), np.max(classes))) + 1)
    own = np.maximum(wide[np.arange(table.labels.size), table.labels], _LEAST_PROBABILITY)
    return float(np.average(-np.log(own), weights=table.weights))


def _losses(classifier: Any, train: Table, validation: Table) -> tuple[float, float]:
    known = classifier.classes_
    first, second = (
        _loss(classifier.predict_proba(t.values), known, t) if t.labels.size else float("nan")
        for t in (train, validation)
    )
    return first, second


def _constant(train: Table, validation: Table, settings: Any, job: TrainingJob, choose: bool) -> Fitted:
    from sklearn.dummy import DummyClassifier

    classifier = DummyClassifier(strategy="prior").fit(train.values, train.labels)
    losses = _losses(classifier, train, validation)
    only = job.classes[int(train.labels[0])]
    return Fitted(
        classifier, *losses, 0, 0, (), f"All training frames are {only}, and so is every prediction."
    )


def _logistic(
    train: Table, validation: Table, settings: BiomarkerSettings, job: TrainingJob, choose: bool
) -> Fitted:
    """Fit one classifier a penalty and keep the one of least validation loss, the plainest of equals."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    tried = sorted(set(settings.penalties)) if choose else [settings.default_penalty]
    best, least, slow = None, (np.nan, np.inf), False
    for done, c in enumerate(tried):
        classifier = LogisticRegression(C=c, max_iter=5_000, tol=1e-6, random_state=job.seed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            classifier.fit(train.values, train.labels, sample_weight=train.weights)
        losses = _losses(classifier, train, validation)
        if best is None or losses[1] < least[1]:
            best, least, slow = classifier, losses, any(w.category is ConvergenceWarning for w in caught)
        job.progress("fitting the biomarker classifier", done + 1, len(tried))
    assert best is not None
    how = "chosen on the validation frames" if choose else "not chosen"
    doubt = "; its fit had not converged" if slow else ""
    note = (
        f"Logistic regression, C = {best.C:g} ({how}){doubt}; the steps of the protocol mean nothing for it."
    )
    return Fitted(best, *least, 0, 0, (), note)


def _boosted(
    train: Table, validation: Table, settings: BiomarkerSettings, job: TrainingJob, choose: bool
) -> Fitted:
    """Boost to the end, look at every round, and boost again as far as the validation loss fell."""
    rounds = settings.trees
    whole = _boosting(train, settings, job.seed, rounds)
    stages = zip(
        whole.staged_predict_proba(train.values),
        whole.staged_predict_proba(validation.values) if validation.labels.size else [None] * rounds,
        strict=True,
    )
    history = tuple(
        (
            i + 1,
            _loss(seen, whole.classes_, train),
            np.nan if held is None else _loss(held, whole.classes_, validation),
        )
        for i, (seen, held) in enumerate(stages)
    )
    best = 1 + int(np.argmin([loss for _, _, loss in history])) if choose else rounds
    kept = _boosting(train, settings, job.seed, best) if best < rounds else whole
    job.progress("fitting the biomarker classifier", 1, 1)
    shown = {round(step) for step in np.linspace(1, rounds, min(rounds, job.evaluations))} | {best}
    how = "chosen on the validation frames" if choose else "not chosen"
    note = (
        f"Boosted trees, {best} of {rounds} rounds ({how}); its steps are rounds, not those of the protocol."
    )
    _, seen_loss, held_loss = history[best - 1]
    rows = tuple(row for row in history if row[0] in shown)
    return Fitted(kept, seen_loss, held_loss, rounds, best, rows, note)


def _boosting(train: Table, settings: BiomarkerSettings, seed: int, rounds: int) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    classifier = GradientBoostingClassifier(
        n_estimators=rounds,
        learning_rate=settings.shrinkage,
        max_depth=settings.tree_depth,
        min_samples_leaf=settings.smallest_leaf,
        random_state=seed,
    )
    return classifier.fit(train.values, train.labels, sample_weight=train.weights)


_FITS = {"logistic": _logistic, "boosted": _boosted}
