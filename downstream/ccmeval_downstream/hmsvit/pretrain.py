"""Masked pretraining of an encoder: goes on after an interruption, and tells its error on held-out frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from safetensors.torch import load_file

from ccmeval.errors import UnavailableError
from ccmeval.utility.learning import LearningSet, StepProgress
from ccmeval_downstream.hmsvit.encoder import HmsvitEncoder, encoder_of
from ccmeval_downstream.hmsvit.errors import (
    flat_error,
    held_out_views,
    interpolation_error,
    network_error,
)
from ccmeval_downstream.hmsvit.masked import MaskedAutoencoder
from ccmeval_downstream.hmsvit.pretraining_files import (
    REPORT_FILE,
    PretrainReport,
    claim,
    finished,
    hash_of,
    keep,
)
from ccmeval_downstream.hmsvit.pretraining_task import Pretraining, PretrainingBooks, PretrainingTask
from ccmeval_downstream.hmsvit.sizes import HmsvitSettings
from ccmeval_downstream.hmsvit.start import ENCODER_FILE, StartWeights, load_start
from ccmeval_downstream.training.checkpoints import SafeCheckpointIO, find_checkpoint
from ccmeval_downstream.training.streams import stream_seed
from ccmeval_downstream.training.surroundings import own_randomness, quiet, repeatable


def pretrain_encoder(
    encoder: HmsvitEncoder,
    frames: LearningSet,
    held_out: LearningSet,
    settings: HmsvitSettings,
    *,
    folder: Path,
    seed: int,
    progress: StepProgress,
) -> PretrainReport:
    """Pretrain an encoder in place.

    Parameters
    ----------
    encoder : HmsvitEncoder
        Its weights are where pretraining begins.
    frames, held_out : LearningSet
        To learn from, and to measure errors on.
    settings : HmsvitSettings
    folder : pathlib.Path
        Keeps the finished encoder and its report, or the checkpoint of an interrupted run.
    seed : int
    progress : callable

    Returns
    -------
    PretrainReport

    Raises
    ------
    UnavailableError
        If there are no frames, or too small ones.
    """
    _check(encoder, frames)
    job_hash = hash_of(encoder, frames, held_out, settings, seed)
    kept = finished(folder, job_hash)
    if kept is not None:
        encoder.load_state_dict(load_file(folder / ENCODER_FILE))
        return kept
    job = Pretraining(frames, settings, seed, job_hash, folder, progress)
    views = held_out_views(held_out, encoder.side_px, settings.mask_ratio, seed)
    with own_randomness(stream_seed(seed, "weights")), quiet(), repeatable():
        network = MaskedAutoencoder(encoder, settings.mask_decoder_width, settings.mask_decoder_depth)
        before = network_error(network, views)
        curve = _run(network, job)
        after = network_error(network, views)
    report = PretrainReport(
        steps=settings.pretrain_steps,
        frames=len(frames),
        held_out_frames=views.frames,
        error_before=before,
        error_after=after,
        flat_error=flat_error(views),
        interpolation_error=interpolation_error(views),
        curve=curve,
    )
    keep(folder, encoder, report, job_hash, settings)
    return report


def pretrain_alone(
    frames: LearningSet,
    held_out: LearningSet,
    settings: HmsvitSettings,
    out: Path,
    *,
    size_px: int,
    seed: int,
    start: StartWeights | None,
    progress: StepProgress,
) -> dict[str, Any]:
    """Build an encoder and pretrain it; see :meth:`HmsvitLearner.pretrain`.

    Raises
    ------
    SettingsMismatchError
        If the folder holds a pretraining of other frames or settings.
    """
    with own_randomness(stream_seed(seed, "weights", 0)):
        encoder = encoder_of(settings, size_px)
    if start is not None:
        load_start(encoder, start.path)
    _check(encoder, frames)
    claim(out, hash_of(encoder, frames, held_out, settings, seed))
    pretrain_encoder(encoder, frames, held_out, settings, folder=out, seed=seed, progress=progress)
    found: dict[str, Any] = json.loads((out / REPORT_FILE).read_text(encoding="utf-8"))
    return found


def _check(encoder: HmsvitEncoder, frames: LearningSet) -> None:
    if not len(frames):
        raise UnavailableError("There are no frames for masked pretraining; give some, or pretrain_steps 0.")
    if encoder.units < 2:
        raise UnavailableError("Masked pretraining needs size_px of 64 or more; there is one unit to hide.")
    side = min(frames.pool.frames.shape[1:])
    if side < encoder.side_px:
        raise UnavailableError(
            f"The frames for masked pretraining are {side} px large, less than size_px {encoder.side_px}."
        )


def _run(network: MaskedAutoencoder, job: Pretraining) -> tuple[tuple[int, float], ...]:
    """Train, from the checkpoint if there is one; the network is left on the CPU."""
    found = find_checkpoint(job.folder, job.job_hash, PretrainingBooks.state_key)
    first = int(torch.load(found.path, weights_only=True, mmap=True)["global_step"]) if found.path else 0
    books, settings = PretrainingBooks(job), job.settings
    trainer = Trainer(
        accelerator="auto",
        devices=settings.devices,
        precision=_precision(settings.precision),
        max_steps=job.steps,
        max_epochs=-1,
        callbacks=[books],
        plugins=[SafeCheckpointIO()],
        gradient_clip_val=settings.gradient_clip or None,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        default_root_dir=job.folder,
    )
    network.train()
    trainer.fit(PretrainingTask(network, job, first), ckpt_path=found.path)
    network.cpu()
    return tuple((int(step), float(loss)) for step, loss in books.state["curve"])


def _precision(wanted: str) -> str:
    if wanted != "auto":
        return wanted
    return "bf16-mixed" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "32-true"
