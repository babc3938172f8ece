"""A fitted biomarker classifier: its predictions, what it rests on, and its file."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ccmeval.report.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from ccmeval.arrays import FloatArray
    from ccmeval.utility.learning import LearningSet, TrainingRecord

FILE_NAME = "biomarker.json"

_NAMED = 5
"""Biomarkers named in a note."""


@dataclass
class BiomarkerModel:
    """A fitted classifier.

    Attributes
    ----------
    record : TrainingRecord
    columns, classifier
        Fitted scikit-learn objects.
    classes, biomarkers : tuple of str
    coefficients : dict of str to dict of str to float
        By diagnosis and column: change of its log-odds (softmax logit) for one SD more of a biomarker. Of
        two diagnoses the first is the reference, with zeros. Empty for boosted trees.
    importances : dict of str to float
        By column: share of the decrease of impurity; empty for logistic regression.
    """

    record: TrainingRecord
    columns: Any
    classifier: Any
    classes: tuple[str, ...]
    biomarkers: tuple[str, ...]
    coefficients: dict[str, dict[str, float]]
    importances: dict[str, float]

    @classmethod
    def of(
        cls,
        record: TrainingRecord,
        columns: Any,
        classifier: Any,
        classes: tuple[str, ...],
        names: tuple[str, ...],
    ) -> BiomarkerModel:
        """Describe a fitted classifier: its coefficients, their number and a note on the strongest."""
        shown = _column_names(columns, names)
        present = [classes[i] for i in classifier.classes_]
        coefficients, _ = _linear(classifier, present, shown)
        importances = dict(
            zip(shown, map(float, getattr(classifier, "feature_importances_", ())), strict=False)
        )
        size = classifier.coef_.size + classifier.intercept_.size if coefficients else 0
        absent = [name for name in classes if name not in present]
        notes = [*record.notes, *_strongest(coefficients, importances)]
        if absent:
            notes.append(f"No training frame is {' or '.join(absent)}: always of probability 0.")
        record = replace(record, n_parameters=int(size), notes=tuple(notes))
        return cls(record, columns, classifier, classes, names, coefficients, importances)

    def timed(self, seconds: float) -> BiomarkerModel:
        """Give the same model with how long its fit took."""
        return replace(self, record=replace(self.record, seconds=seconds))

    def predict(self, frames: LearningSet) -> FloatArray:
        """Give the probability of every diagnosis, float32 (N, C); 0 for one absent from training."""
        values = frames.biomarkers()
        if not values.shape[0]:
            return np.zeros((0, len(self.classes)), np.float32)
        finite = np.where(np.isfinite(values), values, np.nan)
        found = self.classifier.predict_proba(self.columns.transform(finite))
        return all_classes(found, self.classifier.classes_, len(self.classes)).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write ``biomarker.json``: all numbers that a prediction needs, and the rule that joins them."""
        text = json.dumps(self.description(), indent=1, allow_nan=False)
        with replacing(folder / FILE_NAME) as partial:
            partial.write_text(text, encoding="utf-8")

    def description(self) -> dict[str, Any]:
        """Describe the classifier in JSON values, enough to predict by hand."""
        imputer, scaler = self.columns["imputer"], self.columns["scaler"]
        present = [self.classes[i] for i in self.classifier.classes_]
        columns = _column_names(self.columns, self.biomarkers)
        common = {
            "format": "ccmeval biomarker classifier 1",
            "classes": list(self.classes),
            "classes_in_training": present,
            "biomarkers": list(self.biomarkers),
            "columns": columns,
            "medians": imputer.statistics_.tolist(),
            "indicator_of": [self.biomarkers[i] for i in imputer.indicator_.features_],
            "means": scaler.mean_.tolist(),
            "sds": scaler.scale_.tolist(),
        }
        if hasattr(self.classifier, "coef_"):
            _, intercepts = _linear(self.classifier, present, columns)
            return {
                **common,
                "rule": _LINEAR_RULE,
                "coefficients": self.coefficients,
                "intercepts": intercepts,
            }
        if hasattr(self.classifier, "estimators_"):
            return {**common, "rule": _TREE_RULE, **_forest(self.classifier)}
        return {**common, "rule": "Every frame is of the only class in training."}


_COLUMNS_RULE = (
    "Missing biomarkers become `medians`; one column a name in `indicator_of` (1 where missing) follows; each"
    " column minus `means`, divided by `sds`. "
)
_LINEAR_RULE = _COLUMNS_RULE + "Softmax over classes in training of intercept + sum of coefficient x column."
_TREE_RULE = _COLUMNS_RULE + (
    "Score of a class: `initial` + `shrinkage` x sum over rounds of its tree's leaf; in a node go `left`"
    " where column `feature`, as float32, is at most `threshold`, else `right`; -1 marks a leaf. Softmax over"
    " classes in training; of two classes there is one score, of the second, and the first's is 0."
)


def all_classes(
    probabilities: npt.NDArray[np.float64], present: npt.ArrayLike, n_classes: int
) -> npt.NDArray[np.float64]:
    """Widen probabilities (N, P) of the classes `present` to (N, n_classes), 0 for the others.

    Examples
    --------
    >>> all_classes(np.array([[0.25, 0.75]]), [0, 2], 3).tolist()
    [[0.25, 0.0, 0.75]]
    """
    wide = np.zeros((probabilities.shape[0], n_classes))
    wide[:, np.asarray(present, dtype=np.intp)] = probabilities
    return wide


def _column_names(columns: Any, names: tuple[str, ...]) -> list[str]:
    missing = columns["imputer"].indicator_.features_
    return [*names, *(f"{names[i]} missing" for i in missing)]


def _linear(
    classifier: Any, present: list[str], columns: list[str]
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Give coefficients and intercepts by class; of two classes the first's are 0."""
    if not hasattr(classifier, "coef_"):
        return {}, {}
    slopes, intercepts = classifier.coef_, classifier.intercept_
    if len(slopes) == 1:
        slopes = np.vstack([np.zeros_like(slopes), slopes])
        intercepts = np.concatenate([[0.0], intercepts])
    by_class = {
        name: dict(zip(columns, map(float, row), strict=True))
        for name, row in zip(present, slopes, strict=True)
    }
    return by_class, dict(zip(present, map(float, intercepts), strict=True))


def _strongest(coefficients: dict[str, dict[str, float]], importances: dict[str, float]) -> list[str]:
    notes = []
    for name, by_column in coefficients.items():
        told = ", ".join(f"{c} {v:+.2f}" for c, v in _largest(by_column) if v)
        if told:
            notes.append(f"Log-odds of {name} per SD: {told}.")
    if any(importances.values()):
        told = ", ".join(f"{c} {v:.0%}" for c, v in _largest(importances) if v)
        notes.append(f"Share of the decrease of impurity: {told}.")
    return notes


def _largest(by_column: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(by_column.items(), key=lambda item: -abs(item[1]))[:_NAMED]


def _forest(classifier: Any) -> dict[str, Any]:
    prior = classifier.init_.class_prior_
    initial = [float(np.log(prior[1] / prior[0]))] if len(prior) == 2 else np.log(prior).tolist()
    trees = [[_tree(tree.tree_) for tree in row] for row in classifier.estimators_]
    return {"initial": initial, "shrinkage": classifier.learning_rate, "trees": trees}


def _tree(tree: Any) -> dict[str, list[float]]:
    return {
        "left": tree.children_left.tolist(),
        "right": tree.children_right.tolist(),
        "feature": tree.feature.tolist(),
        "threshold": tree.threshold.tolist(),
        "leaf": tree.value[:, 0, 0].tolist(),
    }
