"""The whole recipe: draw scenes, train, write the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.nerves.net.cache import Shelf, draw_shards
from ccmeval.nerves.net.infer import WEIGHTS
from ccmeval.nerves.net.scenes import Scene
from ccmeval.nerves.net.settings import TrainSettings

FINE_TUNING_RATE = 2e-4
"""Highest learning rate where training begins with the shipped weights."""

FINE_TUNING_STEPS = 400


def train_segmenter(
    out: Path,
    settings: TrainSettings,
    *,
    frames: Path | None = None,
    masks: Path | None = None,
    field_of_view_um: float | None = None,
    start: Path | None = None,
    jobs: int = 1,
    progress: Callable[[str, int, int, str], None] | None = None,
) -> Path:
    """Train a network on phantoms, and on a user's own frames where they are given.

    Parameters
    ----------
    out : Path
        Folder for the scenes, the checkpoint and the network; run again, it goes on where it stopped.
    settings : TrainSettings
    frames, masks : Path, optional
        The user's own; training then begins with `start`.
    field_of_view_um : float, optional
        Width of the user's frames.
    start : Path, optional
        A network to begin with; the shipped one where frames are given.
    jobs : int
        Processes that draw scenes, and threads that train.
    progress : callable, optional
        Called with what is done, how much of it, of how much, and a remark.

    Returns
    -------
    Path
        The network, as ONNX.

    Raises
    ------
    UnavailableError
        If torch or onnx are missing.
    CcmevalError
        If the user's frames cannot be used.
    """
    _check_libraries()
    import torch

    from ccmeval.nerves.net.export import export_onnx, weights_of
    from ccmeval.nerves.net.own import own_scenes
    from ccmeval.nerves.net.train import train

    def tell(what: str) -> Callable[..., None]:
        def show(done: int, total: int, loss: float | None = None) -> None:
            if progress is not None:
                progress(what, done, total, "" if loss is None else f"loss {loss:.4f}")

        return show

    if (frames is None) != (masks is None):
        raise CcmevalError("--frames and --masks go together; give both or neither.")
    own = own_scenes(frames, masks, field_of_view_um=field_of_view_um) if frames and masks else []
    out.mkdir(parents=True, exist_ok=True)
    weights = None
    if own or start is not None:
        model, weights = weights_of(start or WEIGHTS)
        settings = settings.model_copy(update={"model": model})
    scenes: Sequence[Scene] = []
    if settings.own_share < 1 or not own:
        shards = range(settings.shards)
        draw_shards(out / "scenes", shards, settings.seed, side_px=settings.side_px, jobs=jobs,
                    progress=tell("Drawing"))  # fmt: skip
        scenes = Shelf(out / "scenes", settings.shards, settings.seed, settings.side_px)
    torch.set_num_threads(max(jobs, 1))
    trainer = train(settings, scenes, out, own=own, start=weights, progress=tell("Training"))
    path = out / "phantom_net.onnx"
    facts = {"recipe": settings.model_dump_json(), "own frames": str(len(own))}
    export_onnx(trainer.averaged(), settings.model, path, facts)
    return path


def _check_libraries() -> None:
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise UnavailableError(
            f"Training needs torch and onnx ({error}); pip install 'ccmeval[train]'."
        ) from error
