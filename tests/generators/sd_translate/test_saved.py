"""A trained `sd-translate` in a fresh process, on other bases, and after being killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("diffusers")

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval.plugins import WeightSource  # noqa: E402
from ccmeval_generators.sd_translate import SdTranslateGenerator  # noqa: E402
from ccmeval_generators.training import books  # noqa: E402
from tests.generators.sd_translate.tiny_translate import conditions, job, tiny_settings  # noqa: E402

MAIN = [sys.executable, "-m", "tests.generators.sd_translate.tiny_translate"]


@pytest.fixture(scope="module")
def trained(bases: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[SdTranslateGenerator, Path]:
    folder = tmp_path_factory.mktemp("trained")
    generator = SdTranslateGenerator()
    generator.fit(job(folder / "run", tiny_settings(bases)))
    generator.save_pretrained(folder / "saved")
    return generator, folder / "saved"


def test_bases_may_lie_elsewhere(
    trained: tuple[SdTranslateGenerator, Path], bases: Path, tmp_path: Path
) -> None:
    generator, folder = trained
    saved = Path(shutil.copytree(folder, tmp_path / "moved"))
    card = json.loads((saved / "generator.json").read_text(encoding="utf-8"))
    card["settings"].update(base="/no/such/folder", image_encoder="/no/such/folder")
    (saved / "generator.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(UnavailableError, match="names no folder"):
        SdTranslateGenerator.from_pretrained(saved, WeightSource())
    copy = Path(shutil.copytree(bases, tmp_path / "copy"))
    source = WeightSource(
        {"stable-diffusion-1.5": str(copy / "sd15"), "clip-image-encoder": str(copy / "clip")}
    )
    again = SdTranslateGenerator.from_pretrained(saved, source)
    for one, other in zip(generator.generate(conditions()), again.generate(conditions()), strict=True):
        assert np.array_equal(one, other)


def test_other_bases_are_refused(trained: tuple[SdTranslateGenerator, Path], tmp_path: Path) -> None:
    from ccmeval_generators.foundation.tiny import write_tiny_clip_image_encoder

    other = write_tiny_clip_image_encoder(tmp_path, seed=5)
    with pytest.raises(UnavailableError, match="SHA-256"):
        SdTranslateGenerator.from_pretrained(trained[1], WeightSource({"clip-image-encoder": str(other)}))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_broken_off_then_killed_and_picked_up_it_learns_the_same(
    bases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "SHOW_EVERY_S", 0.0)
    settings = tiny_settings(bases, checkpoint_every_s=1e-6, average_decay=0.5)
    whole, broken = SdTranslateGenerator(), SdTranslateGenerator()
    whole.fit(job(tmp_path / "whole", settings))
    with pytest.raises(BrokenOffError):  # within the first stage of 4 steps
        broken.fit(job(tmp_path / "broken", settings, progress=breaking_off_at(2)))
    done = killed_at(6, bases, tmp_path / "broken")  # within the second
    assert done.returncode == -signal.SIGKILL, done.stderr
    record = broken.fit(job(tmp_path / "broken", settings))
    assert record.steps == 8
    assert whole.identity == broken.identity
    for one, other in zip(whole.generate(conditions()), broken.generate(conditions()), strict=True):
        assert np.array_equal(one, other)


class BrokenOffError(Exception):
    """Stands for what ends a process."""


def breaking_off_at(step: int) -> Callable[[str, int, int], None]:
    def progress(stage: str, done: int, total: int) -> None:
        if stage.startswith("Training") and done >= step:
            raise BrokenOffError

    return progress


def killed_at(step: int, bases: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Train in a process that ``kill -9`` ends."""
    root = Path(__file__).parents[3]
    path = os.pathsep.join([str(root), *sys.path])
    return subprocess.run(
        [*MAIN, str(bases), str(folder), str(step)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
