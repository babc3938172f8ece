"""The interpretable baseline: a diagnosis from the biomarker table alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

from ccmeval.errors import UnavailableError

if TYPE_CHECKING:
    from ccmeval.plugins import TrainedModel, WeightSource
    from ccmeval.utility.learning import Task, TrainingJob


class BiomarkerSettings(BaseModel):
    """How the biomarker classifier is fitted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Literal["logistic", "boosted"] = Field(
        default="logistic", description="Penalised logistic regression, or gradient-boosted trees."
    )
    penalties: tuple[PositiveFloat, ...] = Field(
        default=(1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0),
        min_length=1,
        description="Inverse strengths C of the L2 penalty that are tried on the validation frames.",
    )
    default_penalty: float = Field(
        default=1.0,
        gt=0.0,
        description="C where there is no choice: selection 'last', or nothing to choose by.",
    )
    trees: int = Field(default=200, ge=1, le=10_000, description="Most rounds of boosting; one tree a class.")
    tree_depth: int = Field(default=2, ge=1, le=10, description="Of each tree.")
    shrinkage: float = Field(default=0.05, gt=0.0, le=1.0, description="Learning rate of boosting.")
    smallest_leaf: int = Field(default=5, ge=1, description="Training frames in a leaf, at least.")


class BiomarkerLearner:
    """Logistic regression, or boosted trees, on the biomarkers of each frame.

    Missing values become the training median, with a column for each biomarker that tells where it was
    missing; all columns are then brought to mean 0 and SD 1. How strongly it is penalised (or how many
    rounds are boosted) is chosen by the loss on the validation frames. Frames count by their weights.
    It looks at no pixel: what a deep model adds must show against it. A diagnosis that no training frame
    has gets the probability 0.

    Boosting is scikit-learn's exact algorithm rather than the histogram one, whose bins are coarse for
    the few hundred frames that a cohort has, and whose trees cannot be written down through its public names.

    References
    ----------
    Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 2009, sections 4.4, 10.10.

    Examples
    --------
    >>> learner = BiomarkerLearner()
    >>> learner.tasks, learner.settings_model().model
    (('diagnosis',), 'logistic')
    """

    name = "biomarker"
    version = "1"
    tasks: tuple[Task, ...] = ("diagnosis",)
    licence = ""
    needs_biomarkers = True
    settings_model: type[BaseModel] = BiomarkerSettings

    def prepare(self, weights: WeightSource) -> str:
        """Give the identity, with the version of scikit-learn that decides the numbers' last digits."""
        from importlib.metadata import version

        return f"{self.name} {self.version}; scikit-learn {version('scikit-learn')}"

    def fit(self, job: TrainingJob) -> TrainedModel:
        """Fit the classifier; takes less than seconds, so that it keeps no checkpoint.

        Raises
        ------
        UnavailableError
            If the task is not diagnosis, the frames have no biomarkers, or none has a diagnosis.
        """
        if job.task not in self.tasks:
            raise UnavailableError(
                f"The learner 'biomarker' cannot learn {job.task}, since it looks at no pixel;"
                " choose unet or hmsvit."
            )
        if not job.train.pool.biomarker_names:
            raise UnavailableError(
                "The learner 'biomarker' found no biomarkers of the frames; measure them with"
                " ccmeval biomarkers, or leave this learner out."
            )
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        from ccmeval_downstream.biomarker_fit import fit_table

        began = time.perf_counter()
        with threadpool_limits(job.threads):
            model = fit_table(job, BiomarkerSettings.model_validate(dict(job.settings)))
        return model.timed(time.perf_counter() - began)
