"""The biomarker classifier: its numbers by hand from its file, its honesty about what is missing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ccmeval.errors import UnavailableError
from ccmeval.plugins import WeightSource
from ccmeval.testing import check_learner
from ccmeval.utility.learning import FramePool, TrainingJob, learning_set
from ccmeval_downstream.biomarker import BiomarkerLearner, BiomarkerSettings

NAMES = ("cnfl_mm_per_mm2", "cnfd_per_mm2", "cnfw_um")
CLASSES = ("Control", "T1NoDPN", "T1DPN")


def pool_of(n: int = 90, seed: int = 0, missing: float = 0.1) -> tuple[FramePool, np.ndarray]:
    """Biomarkers of which the first falls with the label, the second is noise, the third often missing."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    values = np.column_stack(
        [20 - 5 * labels + 2 * rng.standard_normal(n), rng.standard_normal(n), 2 + rng.standard_normal(n)]
    )
    values[rng.random(n) < missing, 2] = np.nan
    return FramePool(np.zeros((n, 8, 8), np.float16), 4.0, biomarkers=values, biomarker_names=NAMES), labels


def job_of(folder: Path, pool: FramePool, labels: np.ndarray, weights=None, **more) -> TrainingJob:
    n = len(labels)
    train, validation = np.arange(0, n * 2 // 3), np.arange(n * 2 // 3, n)
    given = None if weights is None else np.asarray(weights)[train]
    values = {"steps": 10, "batch_size": 8, "size_px": 8, "seed": 0, "folder": folder, **more}
    sets = (
        learning_set(pool, train, labels[train], given),
        learning_set(pool, validation, labels[validation]),
    )
    return TrainingJob("diagnosis", CLASSES, *sets, **values)


def columns_by_hand(told: dict, values: np.ndarray) -> np.ndarray:
    missing = np.isnan(values)
    filled = np.where(missing, told["medians"], values)
    flags = [missing[:, told["biomarkers"].index(name)] for name in told["indicator_of"]]
    return (np.column_stack([filled, *flags]) - told["means"]) / told["sds"]


def softmax(scores: np.ndarray) -> np.ndarray:
    exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def leaf(tree: dict, row: np.ndarray) -> float:
    node = 0
    while tree["left"][node] >= 0:
        goes_left = np.float32(row[tree["feature"][node]]) <= tree["threshold"][node]
        node = tree["left" if goes_left else "right"][node]
    return tree["leaf"][node]


def predicted_by_hand(told: dict, values: np.ndarray) -> np.ndarray:
    columns, known = columns_by_hand(told, values), told["classes_in_training"]
    if "coefficients" in told:
        slopes = np.array([[told["coefficients"][k][c] for c in told["columns"]] for k in known])
        scores = columns @ slopes.T + [told["intercepts"][k] for k in known]
    else:
        scores = np.array(
            [
                [
                    start + told["shrinkage"] * sum(leaf(trees[k], row) for trees in told["trees"])
                    for k, start in enumerate(told["initial"])
                ]
                for row in columns
            ]
        )
        if scores.shape[1] == 1:
            scores = np.column_stack([np.zeros(len(scores)), scores])
    wide = np.zeros((len(values), len(told["classes"])))
    wide[:, [told["classes"].index(k) for k in known]] = softmax(scores)
    return wide


@pytest.mark.parametrize("model", ["logistic", "boosted"])
@pytest.mark.parametrize("n_present", [2, 3])
def test_file_predicts_as_the_model(tmp_path: Path, model: str, n_present: int) -> None:
    pool, labels = pool_of()
    kept = np.flatnonzero(labels < n_present)
    job = job_of(tmp_path, pool, labels, settings={"model": model, "trees": 20})
    job = replace(job, train=learning_set(pool, kept[:40], labels[kept[:40]]))
    fitted = BiomarkerLearner().fit(job)
    everything = learning_set(pool, np.arange(90))
    found = fitted.predict(everything)
    fitted.save(tmp_path / "model")
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["biomarker.json"]
    told = json.loads((tmp_path / "model" / "biomarker.json").read_text())
    np.testing.assert_allclose(found, predicted_by_hand(told, pool.biomarkers), atol=1e-6)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)
    assert (found.argmax(axis=1) == labels)[kept].mean() > 0.75


def test_logistic_equals_plain_scikit_learn(tmp_path: Path) -> None:
    """Without missing values and with a fixed penalty it is the textbook pipeline."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pool, labels = pool_of(missing=0.0)
    fitted = BiomarkerLearner().fit(job_of(tmp_path, pool, labels, selection="last"))
    peer = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-8, max_iter=5000))
    peer.fit(pool.biomarkers[:60], labels[:60])
    everything = learning_set(pool, np.arange(90))
    np.testing.assert_allclose(fitted.predict(everything), peer.predict_proba(pool.biomarkers), atol=1e-4)
    assert fitted.record.n_parameters == 3 * (3 + 1)
    assert "C = 1 (not chosen)" in fitted.record.notes[0]


def test_weights_stand_for_repeated_frames(tmp_path: Path) -> None:
    """A frame of weight 3 counts as three; weights have the mean 1, which C must make up for."""
    pool, labels = pool_of(missing=0.0)
    weights = np.where(labels == 2, 3.0, 1.0)
    rows = np.repeat(np.arange(60), weights[:60].astype(int))
    job = job_of(tmp_path, pool, labels, weights, settings={"penalties": (1.0,)})
    weighed = BiomarkerLearner().fit(job)
    job = replace(
        job, settings={"penalties": (60 / rows.size,)}, train=learning_set(pool, rows, labels[rows])
    )
    repeated = BiomarkerLearner().fit(job)
    everything = learning_set(pool, np.arange(90))
    np.testing.assert_allclose(weighed.predict(everything), repeated.predict(everything), atol=1e-4)


def test_penalty_of_least_validation_loss_is_kept(tmp_path: Path) -> None:
    pool, labels = pool_of()
    fits = {
        c: BiomarkerLearner().fit(job_of(tmp_path, pool, labels, settings={"penalties": (c,)})).record
        for c in BiomarkerSettings().penalties
    }
    chosen = BiomarkerLearner().fit(job_of(tmp_path, pool, labels))
    assert chosen.record.validation_loss == min(record.validation_loss for record in fits.values())
    held = learning_set(pool, np.arange(60, 90))
    own = chosen.predict(held)[np.arange(30), labels[60:]]
    assert chosen.record.validation_loss == pytest.approx(-np.log(own).mean(), abs=1e-5)


def test_boosting_stops_where_the_validation_loss_is_least(tmp_path: Path) -> None:
    pool, labels = pool_of()
    fitted = BiomarkerLearner().fit(job_of(tmp_path, pool, labels, settings={"model": "boosted"}))
    record = fitted.record
    assert 1 <= record.best_step < record.steps == 200
    assert record.validation_loss == min(loss for _, _, loss in record.history)
    held = learning_set(pool, np.arange(60, 90))
    own = fitted.predict(held)[np.arange(30), labels[60:]]
    assert record.validation_loss == pytest.approx(-np.log(own).mean(), abs=1e-5)
    assert next(iter(sorted(fitted.importances, key=lambda c: -fitted.importances[c]))) == NAMES[0]


def test_coefficients_name_what_tells(tmp_path: Path) -> None:
    pool, labels = pool_of()
    fitted = BiomarkerLearner().fit(job_of(tmp_path, pool, labels))
    by_column = fitted.coefficients["T1DPN"]
    assert by_column["cnfl_mm_per_mm2"] == min(by_column.values()) < -1
    assert "cnfw_um missing" in by_column
    assert any(note.startswith("Log-odds of T1DPN per SD: cnfl_mm_per_mm2 -") for note in fitted.record.notes)


@pytest.mark.parametrize("model", ["logistic", "boosted"])
def test_absent_diagnoses_have_probability_zero(tmp_path: Path, model: str) -> None:
    pool, labels = pool_of()
    job = job_of(tmp_path, pool, labels, settings={"model": model, "trees": 5})
    without = np.flatnonzero(labels[:60] != 1)
    fitted = BiomarkerLearner().fit(replace(job, train=learning_set(pool, without, labels[without])))
    found = fitted.predict(learning_set(pool, np.arange(90)))
    assert found.shape == (90, 3)
    assert not found[:, 1].any()
    assert np.isfinite(fitted.record.validation_loss)
    assert "No training frame is T1NoDPN: always of probability 0." in fitted.record.notes
    only = np.flatnonzero(labels[:60] == 2)
    alone = BiomarkerLearner().fit(replace(job, train=learning_set(pool, only, labels[only])))
    assert alone.predict(learning_set(pool, [0, 1])).tolist() == [[0, 0, 1], [0, 0, 1]]
    alone.save(tmp_path / "alone")


@pytest.mark.parametrize("model", ["logistic", "boosted"])
def test_missing_everywhere_or_only_later(tmp_path: Path, model: str) -> None:
    pool, labels = pool_of(missing=0.0)
    values = pool.biomarkers.copy()
    values[:, 1] = np.nan
    values[60:70, 0] = np.inf
    pool = replace(pool, biomarkers=values)
    fitted = BiomarkerLearner().fit(job_of(tmp_path, pool, labels, settings={"model": model, "trees": 5}))
    found = fitted.predict(learning_set(pool, np.arange(90)))
    assert np.isfinite(found).all()
    fitted.save(tmp_path)
    assert fitted.predict(learning_set(pool, [])).shape == (0, 3)


def test_without_validation_frames_nothing_is_chosen(tmp_path: Path) -> None:
    pool, labels = pool_of()
    for model in ("logistic", "boosted"):
        job = job_of(tmp_path, pool, labels, settings={"model": model, "trees": 5})
        fitted = BiomarkerLearner().fit(replace(job, validation=learning_set(pool, [])))
        assert np.isnan(fitted.record.validation_loss)
        assert "(not chosen)" in fitted.record.notes[0]


def test_unlabelled_frames_are_left_out(tmp_path: Path) -> None:
    pool, labels = pool_of()
    job = job_of(tmp_path, pool, labels)
    with_strangers = learning_set(pool, np.arange(90), np.where(np.arange(90) < 60, labels, -1))
    everything = learning_set(pool, np.arange(90))
    expected = BiomarkerLearner().fit(job).predict(everything)
    found = BiomarkerLearner().fit(replace(job, train=with_strangers)).predict(everything)
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(UnavailableError, match="No training frame has a diagnosis"):
        BiomarkerLearner().fit(replace(job, train=everything))


def test_refusals(tmp_path: Path) -> None:
    pool, labels = pool_of()
    job = job_of(tmp_path, pool, labels)
    with pytest.raises(UnavailableError, match="looks at no pixel"):
        BiomarkerLearner().fit(replace(job, task="segmentation"))
    bare = FramePool(pool.frames, 4.0)
    with pytest.raises(UnavailableError, match="found no biomarkers"):
        BiomarkerLearner().fit(replace(job, train=learning_set(bare, [0, 1], [0, 1])))
    assert BiomarkerLearner().prepare(WeightSource()).startswith("biomarker 1; scikit-learn ")


@pytest.mark.parametrize("model", ["logistic", "boosted"])
def test_keeps_the_contract(model: str) -> None:
    check_learner("biomarker", settings={"model": model}, must_learn=True)
