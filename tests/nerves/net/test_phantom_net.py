"""The segmenter with its shipped weights."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ccmeval.errors import UnavailableError
from ccmeval.nerves.net import infer
from ccmeval.nerves.net.infer import WEIGHTS, Network, load_network
from ccmeval.nerves.net.inputs import network_input
from ccmeval.nerves.net.lines import at_level
from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.phantom_net import NetSettings, PhantomNetSegmenter
from ccmeval.nerves.scoring import score_centre_line
from ccmeval.phantom import PhantomSettings, make_phantom
from ccmeval.plugins import load


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(np.random.default_rng(11), settings=PhantomSettings(shape_px=(256, 256)))


@pytest.fixture(scope="module")
def found(phantom):
    return PhantomNetSegmenter().segment([phantom.frame], [phantom.pixel_size_um])[0]


def test_it_is_a_plug_in():
    assert load("ccmeval.segmenters", "phantom-net").name == "phantom-net"


def test_weights_are_small_and_cannot_run_code():
    """ONNX is data; one file, no further data beside it, and operators of the standard alone."""
    onnx = pytest.importorskip("onnx", reason="reads the file apart")
    assert WEIGHTS.stat().st_size < 8 * 2**20
    model = onnx.load(str(WEIGHTS), load_external_data=False)
    assert {node.domain for node in model.graph.node} == {""}
    assert all(w.data_location == onnx.TensorProto.DEFAULT for w in model.graph.initializer)
    assert sum(int(np.prod(w.dims)) for w in model.graph.initializer) < 2_000_000


def test_damaged_or_missing_weights_are_said_in_a_sentence(tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(WEIGHTS.read_bytes()[:1000])
    for path in (broken, tmp_path / "none.onnx"):
        with pytest.raises(UnavailableError, match="cannot be read"):
            Network(path)


def test_nerves_of_a_phantom_are_found(phantom, found):
    score = score_centre_line(found.centre_line, phantom.trace)
    assert score.sensitivity > 0.6
    assert score.false_discovery < 0.15
    assert found.mask[found.centre_line].all()
    widths = found.width_um[found.centre_line]
    assert np.isfinite(widths).all()
    assert abs(widths.mean() - phantom.biomarkers["mean_width_um"]) < 1.0


def test_same_frame_same_result(phantom, found):
    again = PhantomNetSegmenter().segment([phantom.frame], [phantom.pixel_size_um])[0]
    assert np.array_equal(again.probability, found.probability)
    assert np.array_equal(again.centre_line, found.centre_line)


def test_turned_frame_gives_nearly_the_turned_result(phantom, found):
    turned = PhantomNetSegmenter().segment([np.ascontiguousarray(phantom.frame.T)], [phantom.pixel_size_um])[
        0
    ]
    score = score_centre_line(turned.centre_line.T, found.centre_line)
    assert score.f1 > 0.9


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_other_pixel_sizes(phantom, found, scale):
    from scipy import ndimage

    frame = np.clip(ndimage.zoom(phantom.frame, scale, order=1), 0, 1)
    other = PhantomNetSegmenter().segment([frame], [phantom.pixel_size_um / scale])[0]
    assert other.centre_line.shape == frame.shape
    lengths = [line.sum() / size for line, size in ((other.centre_line, scale), (found.centre_line, 1.0))]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.3)


def test_frames_without_nerves():
    noise = 0.3 + 0.05 * np.random.default_rng(0).standard_normal((120, 100)).astype(np.float32)
    for frame in (np.zeros((40, 50), np.float32), np.full((33, 47), 0.5, np.float32), noise.clip(0, 1)):
        found = PhantomNetSegmenter().segment([frame], [GRID_UM])[0]
        assert found.probability.shape == frame.shape
        assert found.centre_line.mean() < 0.01


def test_nothing_is_found_outside_the_imaged_area(phantom):
    imaged = np.ones(phantom.frame.shape, bool)
    imaged[:, 150:] = False
    frame = np.where(imaged, phantom.frame, 0).astype(np.float32)
    found = PhantomNetSegmenter().segment([frame], [phantom.pixel_size_um], [imaged])[0]
    assert not (found.mask & ~imaged).any()
    assert not (found.centre_line & ~imaged).any()


def test_tiles_give_what_the_whole_gives(monkeypatch):
    whole = make_phantom(np.random.default_rng(3), settings=PhantomSettings(shape_px=(520, 400)))
    inputs = network_input(whole.frame)
    network = load_network()
    wanted = at_level(network.run(inputs).logits, 2)
    monkeypatch.setattr(infer, "TILE_PX", 400)
    tiled = at_level(network.run(inputs).logits, 2)
    assert not np.array_equal(tiled, wanted)  # it was tiled
    assert np.abs(tiled - wanted).mean() < 0.003
    assert np.quantile(np.abs(tiled - wanted), 0.999) < 0.15


def test_parts_cover_a_side_once():
    for length in (8, 700, 769, 2184, 5000):
        parts = infer._parts(length)
        assert parts[0][0] == 0
        assert parts[-1][1] == length
        assert all(a[1] == b[0] and a[1] % 8 == 0 for a, b in itertools.pairwise(parts))


def test_flip_averaging_changes_little(phantom, found):
    flipped = PhantomNetSegmenter(NetSettings(flips=True)).segment([phantom.frame], [phantom.pixel_size_um])[
        0
    ]
    assert score_centre_line(flipped.centre_line, found.centre_line).f1 > 0.9


def test_lengths_of_the_lists_must_agree(phantom):
    with pytest.raises(ValueError, match="zip"):
        PhantomNetSegmenter().segment([phantom.frame], [1.0, 1.0])


def test_a_network_of_ones_own_is_told_apart(phantom, found, tmp_path):
    copy = tmp_path / "mine.onnx"
    copy.write_bytes(WEIGHTS.read_bytes())
    mine = PhantomNetSegmenter(NetSettings(weights=copy))
    assert mine.version.startswith(f"{PhantomNetSegmenter.version}+")
    again = mine.segment([phantom.frame], [phantom.pixel_size_um])[0]
    assert np.array_equal(again.centre_line, found.centre_line)
    copy.write_bytes(b"another one")
    with pytest.raises(UnavailableError, match="cannot be read"):
        PhantomNetSegmenter(NetSettings(weights=copy))
