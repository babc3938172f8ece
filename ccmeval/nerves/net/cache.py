"""Scenes kept on disk: drawn once by several processes, read many times."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import overload

import numpy as np

from ccmeval.nerves.net.scenes import Scene, draw_scenes

LOOKS = 3
"""Looks of each plexus."""

SCENES_PER_SHARD = 21


def shard_path(folder: Path, index: int) -> Path:
    """Give the file of a shard."""
    return folder / f"scenes-{index:05d}.npz"


def draw_shard(folder: Path, index: int, seed: int, side_px: int = 384) -> Path:
    """Draw one shard unless it is there already; what is there is whole.

    Parameters
    ----------
    folder : Path
    index : int
        Number of the shard; with the seed it fixes every pixel.
    seed : int
    side_px : int

    Returns
    -------
    Path
    """
    path = shard_path(folder, index)
    if path.exists():
        return path
    rng = np.random.default_rng([seed, index])
    scenes: list[Scene] = []
    while len(scenes) < SCENES_PER_SHARD:
        scenes += draw_scenes(rng, LOOKS, side_px)
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(
        partial,
        frame=np.stack([scene.frame for scene in scenes]),
        distance=np.stack([scene.distance for scene in scenes]),
        width=np.stack([scene.width for scene in scenes]),
    )
    partial.replace(path)
    return path


def draw_shards(
    folder: Path,
    shards: range,
    seed: int,
    *,
    side_px: int = 384,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Draw shards in several processes.

    Parameters
    ----------
    folder : Path
        Is made where it is missing.
    shards : range
    seed : int
    side_px : int
    jobs : int
        Processes.
    progress : callable, optional
        Called with the number of shards done and of all.
    """
    from joblib import Parallel, delayed

    folder.mkdir(parents=True, exist_ok=True)
    work = (delayed(draw_shard)(folder, index, seed, side_px) for index in shards)
    for done, _ in enumerate(Parallel(n_jobs=jobs, return_as="generator_unordered")(work), start=1):
        if progress is not None:
            progress(done, len(shards))


def read_shard(path: Path) -> list[Scene]:
    """Read the scenes of a shard.

    Raises
    ------
    ValueError
        If the file is damaged; delete it and it is drawn again.
    """
    try:
        with np.load(path, allow_pickle=False) as kept:
            parts = (kept["frame"], kept["distance"], kept["width"])
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no shard of scenes ({error}); delete it and run again.") from error
    return [Scene(*each) for each in zip(*parts, strict=True)]


class Shelf(Sequence[Scene]):
    """All scenes of a recipe; a shard is read, or drawn where it is missing, when first asked for.

    They are kept in memory, squeezed: about 0.2 MB each.

    Parameters
    ----------
    folder : Path
    shards : int
    seed : int
    side_px : int
    """

    def __init__(self, folder: Path, shards: int, seed: int, side_px: int = 384) -> None:
        self.folder, self.shards, self.seed, self.side_px = folder, shards, seed, side_px
        self._read: dict[int, list[bytes]] = {}

    def __len__(self) -> int:
        return self.shards * SCENES_PER_SHARD

    @overload
    def __getitem__(self, index: int) -> Scene: ...
    @overload
    def __getitem__(self, index: slice) -> list[Scene]: ...
    def __getitem__(self, index: int | slice) -> Scene | list[Scene]:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        shard, place = divmod(range(len(self))[index], SCENES_PER_SHARD)
        if shard not in self._read:
            self.folder.mkdir(parents=True, exist_ok=True)
            scenes = read_shard(draw_shard(self.folder, shard, self.seed, self.side_px))
            self._read[shard] = [_packed(scene) for scene in scenes]
        return _unpacked(self._read[shard][place], self.side_px)


def _packed(scene: Scene) -> bytes:
    """Squeeze a scene for memory: its labels are mostly empty."""
    parts = (scene.frame[None], scene.width[None], scene.distance)
    return zlib.compress(np.concatenate(parts).tobytes(), level=1)


def _unpacked(packed: bytes, side_px: int) -> Scene:
    parts = np.frombuffer(zlib.decompress(packed), dtype=np.uint8).reshape(-1, side_px, side_px)
    return Scene(parts[0], parts[2:], parts[1])
