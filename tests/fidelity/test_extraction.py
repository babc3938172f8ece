"""Extraction reads and computes only what the cache lacks, and goes on where it was interrupted."""

from collections.abc import Sequence

import numpy as np
import pytest

from ccmeval.errors import UnavailableError
from ccmeval.fidelity.cache import FeatureCache
from ccmeval.fidelity.extraction import extract_features

KEYS = [f"k{i}" for i in range(10)]


class Means:
    """Two numbers a frame, and a count of the frames that were asked for."""

    name, label, dimension, resizer, licence = "means", "FD-means", 2, "none", ""

    def __init__(self, fail_at: int = 10**9) -> None:
        self.seen, self.fail_at = 0, fail_at

    def extract(self, frames: Sequence[np.ndarray], pixel_sizes_um: Sequence[float]) -> np.ndarray:
        self.seen += len(frames)
        if self.seen > self.fail_at:
            raise KeyboardInterrupt
        return np.array([[f.mean(), s] for f, s in zip(frames, pixel_sizes_um, strict=True)], np.float32)


def reader(read: list[int]):
    def frame(index: int) -> tuple[np.ndarray, float]:
        read.append(index)
        return np.full((4, 4), index, np.float32), index / 2

    return frame


EXPECTED = np.array([[i, i / 2] for i in range(10)])


@pytest.mark.parametrize("batch", [1, 3, 32])
def test_order_is_kept(batch, tmp_path) -> None:
    told: list[tuple[int, int]] = []
    found = extract_features(
        reader([]),
        KEYS,
        Means(),
        "m",
        FeatureCache(tmp_path),
        batch=batch,
        progress=lambda *it: told.append(it),
    )
    np.testing.assert_array_equal(found, EXPECTED)
    assert told[0] == (0, 10)
    assert told[-1] == (10, 10)
    assert len(told) == 1 + -(-10 // batch)


def test_second_run_reads_nothing_and_new_identity_all(tmp_path) -> None:
    cache, extractor, read = FeatureCache(tmp_path), Means(), []
    first = extract_features(reader(read), KEYS, extractor, "m", cache)
    second = extract_features(reader(read), KEYS[::-1], extractor, "m", cache)
    np.testing.assert_array_equal(second, first[::-1])
    assert (len(read), extractor.seen) == (10, 10)
    extract_features(reader(read), KEYS, extractor, "other", cache)
    assert extractor.seen == 20


def test_interrupted_run_goes_on(tmp_path) -> None:
    cache, read = FeatureCache(tmp_path), []
    with pytest.raises(KeyboardInterrupt):
        extract_features(reader([]), KEYS, Means(fail_at=7), "m", cache, batch=3)
    found = extract_features(reader(read), KEYS, Means(), "m", cache, batch=3)
    np.testing.assert_array_equal(found, EXPECTED)
    assert sorted(read) == [6, 7, 8, 9]


def test_equal_frames_are_computed_once() -> None:
    extractor = Means()
    found = extract_features(reader([]), ["a", "b", "a", "a"], extractor, "m")
    assert found[:, 0].tolist() == [0, 1, 0, 0]
    assert extractor.seen == 2


def test_cached_vector_of_another_length_is_computed_again(tmp_path) -> None:
    cache = FeatureCache(tmp_path)
    extract_features(reader([]), KEYS, Means(), "m", cache)
    cache.put("m", {"k3": np.ones(5, np.float32)})
    np.testing.assert_array_equal(extract_features(reader([]), KEYS, Means(), "m", cache), EXPECTED)


def test_no_frames_give_no_rows() -> None:
    assert extract_features(reader([]), [], Means(), "m").shape == (0, 2)


def test_failure_to_read_comes_through() -> None:
    def broken(index: int) -> tuple[np.ndarray, float]:
        raise UnavailableError(f"frame {index} is gone")

    with pytest.raises(UnavailableError, match="frame 0 is gone"):
        extract_features(broken, KEYS, Means(), "m")


@pytest.mark.parametrize("given", [np.zeros(3), np.zeros((2, 2)), np.zeros((10, 0))])
def test_broken_extractor_is_named(given) -> None:
    class Broken(Means):
        def extract(self, frames, pixel_sizes_um):
            return given

    with pytest.raises(UnavailableError, match="'means' gave an array of shape"):
        extract_features(reader([]), KEYS, Broken(), "m")
