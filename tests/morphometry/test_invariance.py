"""What must not change when a mask is flipped, turned or scaled, on random plexuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ccmeval.morphometry import compute_biomarkers, find_trunks, nerve_graph
from tests.morphometry.drawing import draw, ray

SHAPE = (160, 160)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def plexuses(shared: st.DrawFn) -> NDArray[np.bool_]:
    """Two or three nerves through a frame of 160 px, each with a branch clear of everything else."""
    count = shared(st.integers(1, 3))
    lean = shared(st.floats(-8.0, 8.0))
    curves, widths = [], []
    for k in range(count):
        origin = (80.0 + shared(st.floats(-10.0, 10.0)), 22.3 + 45.0 * k)
        curves += [ray(origin, lean, 120.0, 120.0), ray(origin, lean + shared(st.floats(40.0, 70.0)), 32.0)]
        widths += [shared(st.floats(3.5, 5.0)), shared(st.floats(2.8, 3.5))]
    return draw(curves, widths, SHAPE, 1.0)


@QUICK
@given(plexuses(), st.sampled_from(["rot90", "fliplr", "flipud", "transpose"]))
def test_turned_and_mirrored_masks_measure_the_same(mask: NDArray[np.bool_], how: str) -> None:
    other = np.ascontiguousarray(getattr(np, how)(mask))
    one, two = nerve_graph(mask, pixel_size_um=1.0), nerve_graph(other, pixel_size_um=1.0)
    first, second = compute_biomarkers(one), compute_biomarkers(two)
    for column in ("cnfd_per_mm2", "cnbd_per_mm2", "ctbd_per_mm2", "cnfa_mm2_per_mm2"):
        assert second[column] == pytest.approx(first[column])
    # Thinning itself is not symmetric; what it gets wrong is nearly undone. In a frame of one nerve and a
    # branch of 32 px, where that meets the nerve can move by two pixels.
    assert second["cnfl_mm_per_mm2"] == pytest.approx(first["cnfl_mm_per_mm2"], rel=0.015)
    assert second["mean_width_um"] == pytest.approx(first["mean_width_um"], abs=0.1)


@QUICK
@given(plexuses(), st.floats(0.5, 2.0))
def test_lengths_scale_with_the_pixel_size(mask: NDArray[np.bool_], size: float) -> None:
    # Thresholds in um would choose otherwise on nerves of another size, so they scale as well.
    from ccmeval.morphometry import MorphometrySettings

    base = MorphometrySettings()
    lengths = {name: getattr(base, name) * size for name in type(base).model_fields
               if name.endswith("_um") and name != "box_sizes_um"}  # fmt: skip
    scaled = MorphometrySettings(
        **lengths,
        max_hole_um2=base.max_hole_um2 * size**2,
        box_sizes_um=tuple(side * size for side in base.box_sizes_um),
    )
    one = nerve_graph(mask, pixel_size_um=1.0)
    two = nerve_graph(mask, pixel_size_um=size, settings=scaled)
    assert len(two.edges) == len(one.edges)
    assert two.length_um == pytest.approx(one.length_um * size, rel=1e-6)
    first, second = compute_biomarkers(one), compute_biomarkers(two, settings=scaled)
    assert second["cnfl_mm_per_mm2"] == pytest.approx(first["cnfl_mm_per_mm2"] / size, rel=1e-6)
    assert second["cnfd_per_mm2"] == pytest.approx(first["cnfd_per_mm2"] / size**2)
    assert second["mean_width_um"] == pytest.approx(first["mean_width_um"] * size)
    assert second["tortuosity"] == pytest.approx(first["tortuosity"], abs=1e-6)


@QUICK
@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.floats(0.0, 3.0),
    st.floats(0.02, 0.98),
)
def test_no_mask_makes_it_crash(seed: int, shape: tuple[int, int], grain: float, share: float) -> None:
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.standard_normal(shape), grain)
    mask = noise > np.quantile(noise, share)
    frame = rng.random(shape).astype(np.float32)
    graph = nerve_graph(mask, pixel_size_um=1.04, frame=frame)
    trunks = find_trunks(graph)
    found = compute_biomarkers(graph, trunks)
    degree = graph.degree()
    for node, kind in enumerate(n.kind for n in graph.nodes):
        assert {"end": degree[node] == 1, "border": degree[node] == 1, "loop": degree[node] == 2,
                "crossing": degree[node] == 4, "branch point": degree[node] >= 3}[kind]  # fmt: skip
    for edge in graph.edges:
        np.testing.assert_allclose(edge.path_um[0], graph.nodes[edge.start].position_um)
        np.testing.assert_allclose(edge.path_um[-1], graph.nodes[edge.end].position_um)
        assert edge.length_um >= 0.0
        assert np.isfinite(edge.path_um).all()
    assert found["cnfl_mm_per_mm2"] >= 0.0
    assert not any(np.isinf(value) for value in found.values())
    used = [edge for path in trunks.paths for edge in path]
    assert len(used) == len(set(used)) == trunks.edge_is_trunk.sum()
