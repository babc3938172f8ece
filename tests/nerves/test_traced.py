"""Agreement with experts' traces, where they are at hand."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ccmeval.nerves.ridge import RidgeSegmenter
from ccmeval.nerves.scoring import mean_score, score_centre_line

TRACED = Path(__file__).parents[2].parent / "shared" / "data" / "traced"


@pytest.mark.skipif(not TRACED.is_dir(), reason=f"needs the traced frames in {TRACED}")
def test_f1_on_traced_frames():
    names = sorted(path.name for path in (TRACED / "traces").iterdir())
    frames = [np.asarray(Image.open(TRACED / "images" / name), dtype=np.float32) / 255 for name in names]
    traces = [np.asarray(Image.open(TRACED / "traces" / name)) > 0 for name in names]
    found = RidgeSegmenter().segment(frames, [400 / 384] * len(frames))
    score = mean_score(
        [score_centre_line(each.centre_line, trace) for each, trace in zip(found, traces, strict=True)]
    )
    assert score.f1 >= 0.84
    assert score.sensitivity >= 0.80
    assert score.false_discovery <= 0.12
