"""Each reading of a scene differs: turned, dimmed, blurred, noisier, or stitched to another."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.net.distractors import seam
from ccmeval.nerves.net.scenes import Scene

_SEAM_CHANCE, _BLUR_CHANCE, _NOISE_CHANCE, _OUTSIDE_CHANCE = 0.08, 0.15, 0.2, 0.06


def augmented(
    rng: np.random.Generator, scene: Scene, other: Scene
) -> tuple[FloatArray, Scene, BoolArray | None]:
    """Give a scene another look.

    Parameters
    ----------
    rng : numpy.random.Generator
    scene, other : Scene
        The second is what the first is stitched to, now and then.

    Returns
    -------
    frame : float32 array (H, W), in [0, 1]
    scene : Scene
        With the labels that go with it.
    imaged : bool array (H, W) or None
    """
    scene = _turned(rng, scene)
    frame = _toned(rng, scene.frame.astype(np.float32) / np.float32(255.0))
    if rng.random() < _SEAM_CHANCE and (turned := _turned(rng, other)).frame.shape == scene.frame.shape:
        frame, scene = _stitched(rng, frame, scene, turned)
    imaged = None
    if rng.random() < _OUTSIDE_CHANCE:
        imaged = ~seam(rng, frame.shape)
        frame, scene = _blackened(rng, frame, scene, imaged)
    return frame, scene, imaged


def _turned(rng: np.random.Generator, scene: Scene) -> Scene:
    turns, flip = int(rng.integers(4)), bool(rng.random() < 0.5)

    def turn(image: np.ndarray) -> np.ndarray:
        image = np.rot90(image, turns, axes=(-2, -1))
        return np.ascontiguousarray(image[..., ::-1] if flip else image)

    return Scene(turn(scene.frame), turn(scene.distance), turn(scene.width))


def _toned(rng: np.random.Generator, frame: FloatArray) -> FloatArray:
    from scipy import ndimage

    if rng.random() < _BLUR_CHANCE:
        frame = ndimage.gaussian_filter(frame, rng.uniform(0.3, 0.8))
    if rng.random() < _NOISE_CHANCE:
        frame = frame * (1 + rng.uniform(0.03, 0.12) * rng.standard_normal(frame.shape, dtype=np.float32))
    toned = np.clip(frame, 0.0, 1.0) ** np.float32(np.exp(rng.uniform(-0.3, 0.3)))
    return np.asarray(np.clip(toned * np.float32(rng.uniform(0.7, 1.2)), 0.0, 1.0), dtype=np.float32)


def _stitched(
    rng: np.random.Generator, frame: FloatArray, scene: Scene, other: Scene
) -> tuple[FloatArray, Scene]:
    side = seam(rng, scene.frame.shape)
    brightness = np.float32(np.exp(rng.normal(0.0, 0.25)))
    level = np.float32((frame.mean() + 1e-3) / (other.frame.mean() / 255.0 + 1e-3))
    beyond = np.clip(other.frame.astype(np.float32) / 255.0 * level * brightness, 0.0, 1.0)
    labels = (np.where(side, b, a) for a, b in ((scene.distance, other.distance), (scene.width, other.width)))
    return np.where(side, beyond, frame).astype(np.float32), Scene(scene.frame, *labels)


def _blackened(
    rng: np.random.Generator, frame: FloatArray, scene: Scene, imaged: BoolArray
) -> tuple[FloatArray, Scene]:
    """Cut off one side as a mosaic's border does, with the dark rim that stitching leaves."""
    from scipy import ndimage

    inward = ndimage.distance_transform_edt(imaged)
    rim = rng.uniform(0.3, 1.0) + np.clip(inward / rng.uniform(1.0, 10.0), 0.0, 1.0)
    frame = np.where(imaged, frame * np.minimum(rim, 1.0), 0.0).astype(np.float32)
    distance, width = scene.distance.copy(), scene.width.copy()
    distance[:, ~imaged] = 255
    width[~imaged] = 0
    return frame, Scene(scene.frame, distance, width)
