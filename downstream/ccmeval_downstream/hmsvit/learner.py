"""The entry point of the learner `hmsvit`; torch comes in only when something is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ccmeval.utility.learning import TrainingJob, no_progress
from ccmeval_downstream.hmsvit.sizes import HmsvitSettings
from ccmeval_downstream.hmsvit.start import StartWeights, find_start
from ccmeval_downstream.network_learner import NetworkLearner

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from ccmeval.plugins import WeightSource
    from ccmeval.utility.learning import LearningSet, StepProgress, Task
    from ccmeval_downstream.settings import NetworkSettings


class HmsvitLearner(NetworkLearner):
    """A hierarchical masked self-supervised vision transformer for both tasks, after arXiv 2506.19474.

    See the package's docstring for what is published and what is our reading. By default it begins with
    random weights; ``--weights hmsvit=PATH`` names those of `ccmeval pretrain`, or timm's of Hiera, which
    are CC-BY-NC 4.0 and never fetched. With `pretrain_steps`, it is pretrained on the frames of the
    training fold alone.

    Examples
    --------
    >>> learner = HmsvitLearner()
    >>> learner.tasks, learner.settings_model().size
    (('diagnosis', 'segmentation'), 'nano')
    """

    name = "hmsvit"
    version = "1"
    tasks: tuple[Task, ...] = ("diagnosis", "segmentation")
    licence = ""
    libraries = ("timm",)
    settings_model = HmsvitSettings

    def __init__(self) -> None:
        self._start: StartWeights | None = None

    def prepare(self, weights: WeightSource) -> str:
        """Find the weights to begin with, if any are named; see :meth:`ccmeval.plugins.Learner.prepare`."""
        self._start = find_start(self.name, weights)
        self.licence = self._start.licence if self._start else ""
        identity = super().prepare(weights)
        return f"{identity}; weights {self._start.sha256}" if self._start else identity

    def build(self, job: TrainingJob, settings: NetworkSettings) -> nn.Module:
        """Make the network; see :meth:`NetworkLearner.build`.

        Raises
        ------
        UnavailableError
            If ``job.size_px`` is no multiple of 32, or the named weights are of another size.
        """
        from ccmeval_downstream.hmsvit.decoder import HmsvitNetwork
        from ccmeval_downstream.hmsvit.encoder import encoder_of
        from ccmeval_downstream.hmsvit.start import load_start

        own = _own(settings)
        encoder = encoder_of(own, job.size_px)
        if self._start is not None:
            load_start(encoder, self._start.path)
        classes = len(job.classes) if job.task == "diagnosis" else 0
        return HmsvitNetwork(encoder, own.network().decoder_width, classes, own.dropout)

    def before_training(self, module: nn.Module, job: TrainingJob, settings: NetworkSettings) -> list[str]:
        """Pretrain the encoder on the training frames, each counted once, if `pretrain_steps` says so.

        The validation frames serve to tell the error on frames that were not trained on; nothing is chosen
        by it. Labels and masks are not looked at.
        """
        own = _own(settings)
        notes = [f"Began with the weights {self._start.path.name}."] if self._start else []
        if own.pretrain_steps == 0:
            return notes
        from ccmeval_downstream.hmsvit.pretrain import pretrain_encoder
        from ccmeval_downstream.hmsvit.samples import distinct

        alone = replace(
            job,
            train=distinct(job.train),
            validation=distinct(job.validation),
            steps=own.pretrain_steps,
            batch_size=own.pretrain_batch_size,
            folder=job.folder / "pretraining",
        )
        report = pretrain_encoder(module.encoder, alone, own)
        return [*notes, report.sentence("the validation frames")]

    def pretrain(
        self,
        frames: LearningSet,
        held_out: LearningSet,
        out: Path,
        *,
        size_px: int,
        seed: int = 0,
        settings: Mapping[str, Any] | None = None,
        threads: int = 1,
        progress: StepProgress = no_progress,
    ) -> dict[str, Any]:
        """Pretrain an encoder on unlabelled frames, for ``--weights hmsvit=OUT``; goes on if interrupted.

        Parameters
        ----------
        frames, held_out : LearningSet
            Frames at least `size_px` large, to learn from and to measure the error on; labels and masks are
            not looked at.
        out : pathlib.Path
            Folder for ``encoder.safetensors``, ``pretraining.json`` and the checkpoint.
        size_px : int
            Side of what the network sees; a multiple of 32, at least 64.
        seed : int
        settings : mapping, optional
            Of :class:`HmsvitSettings`.
        threads : int
            That may be used on a CPU.
        progress : callable

        Returns
        -------
        dict
            What ``pretraining.json`` holds: among others `report`, a `sentence` that tells it, and
            `weights`, the file that was written in the folder.
        """
        from ccmeval_downstream.hmsvit.pretrain import pretrain_alone
        from ccmeval_downstream.hmsvit.samples import distinct

        own = HmsvitSettings.model_validate(dict(settings or {}))
        job = TrainingJob(
            task="diagnosis",
            classes=(),
            train=distinct(frames),
            validation=distinct(held_out),
            steps=own.pretrain_steps,
            batch_size=own.pretrain_batch_size,
            size_px=size_px,
            seed=seed,
            folder=out,
            threads=threads,
            progress=progress,
        )
        return pretrain_alone(job, own, self._start)


def _own(settings: NetworkSettings) -> HmsvitSettings:
    if not isinstance(settings, HmsvitSettings):
        raise TypeError("The learner hmsvit needs settings of its own model.")
    return settings
