"""Masked pretraining of an encoder: goes on after an interruption, and tells its error on held-out frames."""

from __future__ import annotations

import json
from typing import Any, Final, cast

import torch
from safetensors.torch import load_file

from ccmeval.errors import UnavailableError
from ccmeval.training.checkpoints import find_checkpoint
from ccmeval.training.streams import stream_seed
from ccmeval.training.surroundings import (
    fastest_device,
    own_randomness,
    repeatable,
    with_threads,
)
from ccmeval.utility.learning import TrainingJob
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
    keep,
)
from ccmeval_downstream.hmsvit.pretraining_task import PretrainingBooks, PretrainingTask
from ccmeval_downstream.hmsvit.sizes import HmsvitSettings
from ccmeval_downstream.hmsvit.start import ENCODER_FILE, StartWeights, load_start
from ccmeval_downstream.training.identity import job_hash
from ccmeval_downstream.training.lightning_run import run_steps

_LABEL: Final = "hmsvit masked pretraining 1"


def pretrain_encoder(encoder: HmsvitEncoder, job: TrainingJob, settings: HmsvitSettings) -> PretrainReport:
    """Pretrain an encoder in place.

    Parameters
    ----------
    encoder : HmsvitEncoder
        Its weights are where pretraining begins.
    job : TrainingJob
        Its training frames are learnt from, errors are measured on its validation frames, and nothing is
        chosen by them. Its folder keeps the finished encoder and the report, or the checkpoint of an
        interrupted run. Labels, masks and task are not looked at.
    settings : HmsvitSettings
        The job's, as a model.

    Returns
    -------
    PretrainReport

    Raises
    ------
    UnavailableError
        If there are no frames, or too small ones.
    """
    _check(encoder, job, settings)
    identity = _identity(encoder, job, settings)
    kept = finished(job.folder, identity)
    if kept is not None:
        encoder.load_state_dict(load_file(job.folder / ENCODER_FILE))
        return kept
    with (
        with_threads(job.threads),
        own_randomness(stream_seed(job.seed, "weights", 1)),
        repeatable(),
    ):
        network = MaskedAutoencoder(encoder, settings.mask_decoder_width, settings.mask_decoder_depth)
        report = _measured(network, job, settings, identity)
    keep(job.folder, encoder, report, identity, settings)
    return report


def pretrain_alone(job: TrainingJob, settings: HmsvitSettings, start: StartWeights | None) -> dict[str, Any]:
    """Build an encoder and pretrain it; see :meth:`HmsvitLearner.pretrain`.

    Raises
    ------
    SettingsMismatchError
        If the folder holds a pretraining of other frames or settings.
    """
    with own_randomness(stream_seed(job.seed, "weights")):
        encoder = encoder_of(settings, job.size_px)
    if start is not None:
        load_start(encoder, start.path)
    _check(encoder, job, settings)
    claim(job.folder, _identity(encoder, job, settings))
    pretrain_encoder(encoder, job, settings)
    found: dict[str, Any] = json.loads((job.folder / REPORT_FILE).read_text(encoding="utf-8"))
    return found


def _identity(encoder: HmsvitEncoder, job: TrainingJob, settings: HmsvitSettings) -> str:
    return job_hash(job, settings.model_dump(mode="json"), _LABEL, encoder)


def _check(encoder: HmsvitEncoder, job: TrainingJob, settings: HmsvitSettings) -> None:
    if not len(job.train):
        raise UnavailableError("There are no frames for masked pretraining; give some, or pretrain_steps 0.")
    if job.steps < 1:
        raise UnavailableError("Masked pretraining needs at least one step; set pretrain_steps.")
    if encoder.units < 2:
        raise UnavailableError("Masked pretraining needs size_px of 64 or more; there is one unit to hide.")
    side = min(job.train.pool.frames.shape[1:])
    if side < job.size_px:
        raise UnavailableError(
            f"The frames for masked pretraining are {side} px large, less than size_px {job.size_px}."
        )
    if job.batch_size % settings.devices:
        raise UnavailableError(
            f"pretrain_batch_size {job.batch_size} cannot be shared evenly by {settings.devices} devices."
        )


def _measured(
    network: MaskedAutoencoder, job: TrainingJob, settings: HmsvitSettings, identity: str
) -> PretrainReport:
    """Train, with the error on the held-out frames before and after."""
    device = fastest_device()
    views = held_out_views(job.validation, job.size_px, settings.mask_ratio, job.seed)
    before = network_error(network.to(device), views)
    curve = _trained(network.cpu(), job, settings, identity)
    after = network_error(network.to(device), views)
    network.cpu()
    return PretrainReport(
        steps=job.steps,
        frames=len(job.train),
        held_out_frames=views.frames,
        error_before=before,
        error_after=after,
        flat_error=flat_error(views),
        interpolation_error=interpolation_error(views),
        curve=curve,
    )


def _trained(
    network: MaskedAutoencoder, job: TrainingJob, settings: HmsvitSettings, identity: str
) -> tuple[tuple[int, float], ...]:
    """Do the steps that are left, and take the weights of the last one from its checkpoint."""
    found = find_checkpoint(job.folder, identity)
    first = int(found.state.get("step", 0))
    if first < job.steps:
        task = PretrainingTask(network, job, settings, first)
        books = PretrainingBooks(job, settings, identity)
        # The common set-up asks for no more of the two than Lightning does.
        run_steps(cast(Any, task), cast(Any, books), job, settings, found.path)
        found = find_checkpoint(job.folder, identity)
    assert found.path is not None
    loaded = torch.load(found.path, map_location="cpu", weights_only=True)["state_dict"]
    network.cpu().load_state_dict({name.removeprefix("network."): value for name, value in loaded.items()})
    return tuple((int(step), float(loss)) for step, loss in found.state["curve"])
