"""Features of many frames: from the cache where they are, else computed while the next frames are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import FloatArray
from ccmeval.errors import UnavailableError
from ccmeval.fidelity.cache import FeatureCache
from ccmeval.plugins import FeatureExtractor

Read = Callable[[int], tuple[FloatArray, float]]
Progress = Callable[[int, int], None]
_Loaded = tuple[list[str], list[FloatArray], list[float]]


def extract_features(
    read: Read,
    keys: Sequence[str],
    extractor: FeatureExtractor,
    identity: str,
    cache: FeatureCache | None = None,
    *,
    batch: int = 32,
    progress: Progress | None = None,
) -> npt.NDArray[np.float64]:
    """Give the features of frames, reading only those that the cache lacks.

    Each batch goes into the cache when it is done, so that an interrupted run goes on from there. One
    thread reads a batch ahead while the extractor works. Frames of equal key are computed once.

    Parameters
    ----------
    read : callable of int giving (float32 array (H, W) in [0, 1], float)
        Gives frame `i` and its pixel size in micrometres; called in another thread.
    keys : sequence of str, length N
        What each frame holds (:func:`ccmeval.fidelity.cache.frame_key`).
    extractor : FeatureExtractor
        Prepared.
    identity : str
        What its `prepare` gave.
    cache : FeatureCache, optional
        By default nothing is kept.
    batch : int
        Frames that are read, computed and kept at a time.
    progress : callable of two ints, optional
        Called with the frames done, cached ones included, and N.

    Returns
    -------
    float64 array (N, D)

    Raises
    ------
    UnavailableError
        If the extractor's weights do not fit, or it breaks its contract.
    CcmevalError
        If `read` raises it.

    Examples
    --------
    >>> from ccmeval.fidelity.extractors.radiomic import RadiomicExtractor
    >>> from ccmeval.plugins import WeightSource
    >>> frames = np.random.default_rng(0).random((2, 64, 64), dtype=np.float32)
    >>> extractor = RadiomicExtractor()
    >>> identity = extractor.prepare(WeightSource())
    >>> extract_features(lambda i: (frames[i], 1.0), ["a", "b"], extractor, identity).shape
    (2, 94)
    """
    known = cache.get(identity, keys) if cache else {}
    known = _of_one_length(known)
    first = {key: index for index, key in reversed(list(enumerate(keys))) if key not in known}
    missing = sorted(first.values())
    done = len(keys) - len(missing)
    if progress:
        progress(done, len(keys))
    for names, frames, sizes in _batches(read, keys, missing, batch):
        vectors = _checked(extractor.extract(frames, sizes), len(frames), known, extractor.name)
        fresh = dict(zip(names, vectors, strict=True))
        if cache:
            cache.put(identity, fresh)
        known |= fresh
        done += len(fresh)
        if progress:
            progress(done, len(keys))
    values = [known[key] for key in keys]
    return np.array(values, np.float64).reshape(len(keys), -1 if values else extractor.dimension)


def _batches(read: Read, keys: Sequence[str], missing: Sequence[int], batch: int) -> Iterator[_Loaded]:
    """Read batches of frames, each while the one before is used."""
    parts = [missing[start : start + batch] for start in range(0, len(missing), batch)]

    def loaded(part: Sequence[int]) -> _Loaded:
        frames, sizes = zip(*(read(index) for index in part), strict=True)
        return [keys[index] for index in part], list(frames), list(sizes)

    with ThreadPoolExecutor(1, "ccmeval-read") as reader:
        coming = [reader.submit(loaded, part) for part in parts[:1]]
        for part in [*parts[1:], None]:
            if not coming:
                return
            now = coming.pop().result()
            if part is not None:
                coming.append(reader.submit(loaded, part))
            yield now


def _checked(values: Any, count: int, known: dict[str, Any], name: str) -> npt.NDArray[Any]:
    """Hold a stranger's extractor to its contract."""
    found = np.asarray(values)
    lengths = {len(vector) for vector in known.values()} or {found.shape[-1] if found.ndim else 0}
    if found.ndim != 2 or len(found) != count or found.shape[1] not in lengths or not found.shape[1]:
        raise UnavailableError(
            f"The extractor {name!r} gave an array of shape {found.shape} for {count} frames, against its"
            " contract; update its package."
        )
    return found if found.dtype == np.float32 else found.astype(np.float64)


def _of_one_length(known: dict[str, Any]) -> dict[str, Any]:
    """Leave out cached vectors that are not as long as the most are, which no check of one can see."""
    lengths = [len(vector) for vector in known.values()]
    if len(set(lengths)) < 2:
        return known
    usual = max(set(lengths), key=lengths.count)
    return {key: vector for key, vector in known.items() if len(vector) == usual}
