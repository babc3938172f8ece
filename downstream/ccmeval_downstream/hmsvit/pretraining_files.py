"""What a pretraining leaves in its folder: the encoder, its report, and the note of what it was made from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from safetensors.torch import save_file

from ccmeval.errors import SettingsMismatchError
from ccmeval.report.files import replacing
from ccmeval.training.checkpoints import remove_checkpoints
from ccmeval_downstream.hmsvit.encoder import HmsvitEncoder
from ccmeval_downstream.hmsvit.sizes import HmsvitSettings
from ccmeval_downstream.hmsvit.start import ENCODER_FILE

REPORT_FILE: Final = "pretraining.json"
_CLAIM_FILE: Final = "pretraining-job.json"


@dataclass(frozen=True)
class PretrainReport:
    """What masked pretraining did.

    Every error is the mean squared error over hidden patches, each about its own mean and in its own SD, so
    that 1 is a flat patch. NaN where nothing was held out.

    Attributes
    ----------
    steps, frames, held_out_frames : int
    error_before, error_after : float
        Of the network on the held-out frames.
    flat_error, interpolation_error : float
        Of knowing the patch's mean alone, and of averaging the seen pixels into the hidden ones.
    curve : tuple of (int, float)
        Step, and mean training error since the last such step.
    """

    steps: int
    frames: int
    held_out_frames: int
    error_before: float
    error_after: float
    flat_error: float
    interpolation_error: float
    curve: tuple[tuple[int, float], ...] = ()

    def sentence(self, held_out: str) -> str:
        """Tell it in a sentence, for a record's notes."""
        done = f"Masked pretraining: {self.steps} steps on {self.frames} frames"
        if not self.held_out_frames:
            return f"{done}; nothing was held out to measure its error on."
        return (
            f"{done}; error on {held_out} {self.error_before:.3f} before, {self.error_after:.3f} after"
            f" (flat patches {self.flat_error:.3f}, interpolation {self.interpolation_error:.3f})."
        )


def finished(folder: Path, job_hash: str) -> PretrainReport | None:
    """Give the report of a pretraining that was finished before; None if there is none of that hash."""
    path = folder / REPORT_FILE
    if not path.is_file() or not (folder / ENCODER_FILE).is_file():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    if told["job"] != job_hash:
        return None
    values: dict[str, Any] = {
        name: float("nan") if value is None else value for name, value in told["report"].items()
    }
    curve = tuple((int(step), float(loss)) for step, loss in values.pop("curve"))
    return PretrainReport(**values, curve=curve)


def keep(
    folder: Path, encoder: HmsvitEncoder, report: PretrainReport, job_hash: str, settings: HmsvitSettings
) -> None:
    """Write the encoder, then the report, which tells that the encoder is whole."""
    state = {name: value.detach().cpu().contiguous() for name, value in encoder.state_dict().items()}
    # One entry: safetensors writes several in random order, and the file's hash is the weights' identity.
    about = {"made_by": f"ccmeval hmsvit masked pretraining, {encoder.side_px} px"}
    with replacing(folder / ENCODER_FILE) as partial:
        save_file(state, partial, metadata=about)
    values = {name: None if value != value else value for name, value in asdict(report).items()}
    told = {
        "learner": "hmsvit",
        "job": job_hash,
        "size_px": encoder.side_px,
        "settings": settings.model_dump(mode="json"),
        "report": values,
        "sentence": report.sentence("the held-out frames"),
        "weights": ENCODER_FILE,
    }
    with replacing(folder / REPORT_FILE) as partial:
        partial.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    remove_checkpoints(folder)


def claim(folder: Path, job_hash: str) -> None:
    """Note in a folder which pretraining it holds, or refuse one that holds another."""
    path = folder / _CLAIM_FILE
    if path.is_file():
        if json.loads(path.read_text(encoding="utf-8")).get("job") != job_hash:
            raise SettingsMismatchError(
                f"{folder} holds a pretraining of other frames, settings or seed; choose another folder."
            )
        return
    with replacing(path) as partial:
        partial.write_text(json.dumps({"job": job_hash}) + "\n", encoding="utf-8")
