"""A comparison that is killed at any moment goes on with nothing lost and nothing done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from ccmeval.batch.journal import JOURNAL_NAME
from ccmeval.comparison.schema import CompareResult
from tests.comparison.tiny import N_FRAMES, QUICK


def frames_of(journal: Path) -> list[str]:
    """Name the frames that a run of biomarkers measured, as often as it did."""
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    return [it["row"]["key"] for it in entries if "row" in it]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
def test_killed_run_goes_on_with_nothing_done_twice(sets: Path, tmp_path: Path) -> None:
    config = tmp_path / "compare.yaml"
    masks = (sets / "real" / "manifest.csv").as_posix()
    shape = {"shape_px": [64, 64], "pixel_size_um": 200 / 96}
    made = {"generator": "phantom", "generate": {"masks": masks, "batch_size": 4, "generator": shape}}
    evaluation = {**QUICK, "pillars": ["preservation"]}
    config.write_text(
        json.dumps({
            "real": (sets / "real").as_posix(),
            "sets": {"made": made, "some": (sets / "some").as_posix()},
            "evaluation": evaluation,
        })
    )  # fmt: skip
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "ccmeval",
        "compare",
        "--config",
        str(config),
        "-o",
        str(out),
        "--resume",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(it for it in sys.path if it)}
    second = out / "sets" / "some" / "biomarkers" / "synth" / JOURNAL_NAME
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as run:
        begin = time.monotonic()
        while not (second.is_file() and len(frames_of(second)) >= 3):
            assert run.poll() is None
            assert time.monotonic() - begin < 120
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
    assert len(frames_of(second)) < N_FRAMES
    subprocess.run(command, env=environment, check=True, capture_output=True)
    journals = [out / "shared" / "biomarkers" / "real" / JOURNAL_NAME]
    journals += [out / "sets" / it / "biomarkers" / "synth" / JOURNAL_NAME for it in ("made", "some")]
    for journal in journals:
        assert sorted(Counter(frames_of(journal)).values()) == [1] * N_FRAMES
    result = CompareResult.model_validate_json((out / "compare.json").read_bytes())
    assert [it.status for it in result.sets] == ["scored"] * 2
    cost = result.sets[0].cost
    assert cost.n_frames_timed == N_FRAMES - 4  # every frame was made in one process, none a second time
    assert cost.seconds_per_frame is not None
    assert cost.seconds_per_frame > 0
    assert cost.peak_memory_bytes is not None
    assert 30e6 < cost.peak_memory_bytes < 3e9
    entries = [json.loads(line) for line in (out / JOURNAL_NAME).read_text().splitlines()]
    assert Counter(it["scored"] for it in entries if "scored" in it) == {"made": 1, "some": 1}
