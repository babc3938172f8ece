"""Time to draw and write an overlay, and to write the page of a run, on phantom frames.

    python benchmarks/report_speed.py --frames 20

The page is timed on copies of the measured rows, without its gallery and with it.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ccmeval.morphometry import compute_biomarkers, find_trunks
from ccmeval.phantom import make_phantom
from ccmeval.report.overlay import draw_overlay, render_overlay
from ccmeval.report.page import write_page
from ccmeval.report.pictures import write_png
from ccmeval.report.schema import BiomarkersResult, FrameRow


def milliseconds(work: Callable[[], object], repeats: int = 15) -> float:
    """Median wall time of a call."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=20)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        (out / "overlays").mkdir()
        overlays(out, wanted.frames)
        for count in (1, 100, 10_000):
            page(out, wanted.frames, count)


def overlays(out: Path, frames: int) -> None:
    """Time overlays of phantom frames, drawn from their true graphs."""
    drawn, coloured, saved, saved_rgb, kilobytes = [], [], [], [], []
    for index in range(frames):
        phantom = make_phantom(np.random.default_rng(index))
        trunks = find_trunks(phantom.graph)
        options = {
            "title": f"phantom {index}",
            "pixel_size_um": phantom.pixel_size_um,
            "biomarkers": compute_biomarkers(phantom.graph, trunks),
        }
        given = (phantom.frame, phantom.mask, phantom.graph, trunks)
        picture = draw_overlay(*given, **options)
        colours = Image.fromarray(render_overlay(*given, **options))
        path = out / "overlays" / f"{index}.png"
        coloured.append(milliseconds(lambda: render_overlay(*given, **options)))  # noqa: B023
        drawn.append(milliseconds(lambda: draw_overlay(*given, **options)))  # noqa: B023
        saved_rgb.append(milliseconds(lambda: write_png(out / "rgb.png", colours), 5))  # noqa: B023
        saved.append(milliseconds(lambda: write_png(path, picture)))  # noqa: B023
        kilobytes.append(path.stat().st_size / 1000)
    rgb_kilobytes = (out / "rgb.png").stat().st_size / 1000
    print(f"overlay of {colours.width} x {colours.height} px, median of {frames} frames")
    print(f"  draw, palette    {statistics.median(drawn):6.1f} ms")
    print(f"  draw, colours    {statistics.median(coloured):6.1f} ms")
    print(f"  PNG, palette     {statistics.median(saved):6.1f} ms  {statistics.median(kilobytes):5.0f} kB")
    print(f"  PNG, colours     {statistics.median(saved_rgb):6.1f} ms  {rgb_kilobytes:5.0f} kB")


def page(out: Path, pictures: int, count: int) -> None:
    """Time the page of so many rows."""
    rng = np.random.default_rng(0)
    rows = [
        FrameRow(
            frame=f"{index}.png",
            key=str(index % pictures),
            biomarkers={
                "cnfl_mm_per_mm2": float(rng.normal(19, 5)),
                "cnfd_per_mm2": float(rng.poisson(3)) * 6.25,
            },
        )
        for index in range(count)
    ]
    result = BiomarkersResult(created="2000-01-01T00:00:00Z", frames=rows)
    plain = result.model_copy(update={"frames": [row.model_copy(update={"key": "none"}) for row in rows]})
    without, gallery = (
        milliseconds(lambda: write_page(plain, out), 5),
        milliseconds(lambda: write_page(result, out), 5),
    )
    size = (out / "report.html").stat().st_size / 1e6
    print(f"page of {count:6d} rows: {without:4.0f} ms, with its gallery {gallery:4.0f} ms and {size:.1f} MB")


if __name__ == "__main__":
    main()
