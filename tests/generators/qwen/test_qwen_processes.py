"""In a process of its own: a moved adapter makes the same frames, and a killed training goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("diffusers")
pytest.importorskip("peft")

from ccmeval_generators.qwen import QwenWdloraGenerator
from tests.generators.qwen.tiny_qwen import conditions, tiny_job, tiny_settings

ROOT = Path(__file__).parents[3]


def run(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    folders = [ROOT, ROOT / "generators", os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    command = [sys.executable, "-m", "tests.generators.qwen.tiny_qwen", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, timeout=300)


def test_moved_with_its_base_and_read_in_a_fresh_process_it_makes_the_same_frames(
    trained, bases, tmp_path: Path
) -> None:
    generator = trained("wdlora", alpha=3.0)
    frames = np.stack(generator.generate(conditions()))
    generator.save_pretrained(tmp_path / "first")
    shutil.move(tmp_path / "first", tmp_path / "moved")
    shutil.copytree(bases[False], tmp_path / "base")
    done = run("generate", "wdlora", tmp_path / "moved", tmp_path / "base", tmp_path / "frames.npy")
    assert done.returncode == 0, done.stderr.decode()
    assert np.array_equal(np.load(tmp_path / "frames.npy"), frames)


def test_after_kill_9_the_training_goes_on_to_the_same_adapter(trained, bases, tmp_path: Path) -> None:
    whole = trained("wdlora")
    done = run("fit", "wdlora", tmp_path, bases[False], 3)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert (tmp_path / "checkpoints").is_dir()
    steps, settings = [], tiny_settings(bases[False])
    generator = QwenWdloraGenerator()
    generator.fit(tiny_job(tmp_path, settings, progress=lambda stage, step, of: steps.append(step)))
    assert min(steps) >= 3
    generator.save_pretrained(tmp_path / "saved")
    whole.save_pretrained(tmp_path / "whole")
    saved = [tmp_path / name / "networks.safetensors" for name in ("saved", "whole")]
    assert saved[0].read_bytes() == saved[1].read_bytes()
    assert generator.identity == whole.identity
    assert generator.record.history == whole.record.history
