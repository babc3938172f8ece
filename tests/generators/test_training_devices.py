"""Several devices share a batch and learn what one learns from the whole of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning.pytorch")

from tests.generators.tiny import AdversarialStage, TinyGenerator, conditions, toy_job  # noqa: E402


class PlainStage(AdversarialStage):
    """Draws nothing and takes no statistics of the batch, so that a batch may be split.

    By plain descent, since Adam makes much of the rounding of gradients near zero.
    """

    def optimisers(self):
        return [replace(part, make=lambda values: torch.optim.SGD(values)) for part in super().optimisers()]

    def loss(self, turn, batch, generator):
        for module in self.trained().values():
            module.eval()
        made = self._networks["maker"](batch.masks, batch.labels, batch.frames)
        if turn == "maker":
            return (made - batch.cached["code"]).square().mean() - 0.01 * self._networks["critic"](
                made
            ).mean()
        critic = self._networks["critic"]
        return (1 - critic(batch.cached["code"])).square().mean() + (
            1 + critic(made.detach())
        ).square().mean()


class PlainGenerator(TinyGenerator):
    """Has that stage alone."""

    def stages(self, networks, job, settings):
        return [PlainStage(networks, settings)]


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs as many GPUs as it asks for")
@pytest.mark.skipif(
    not os.environ.get("CCMEVAL_TEST_DEVICES"),
    reason="starts three interpreters for half a minute; set CCMEVAL_TEST_DEVICES=1",
)
def test_two_devices_learn_what_one_learns(tmp_path: Path) -> None:
    generators, told = [PlainGenerator(), PlainGenerator()], [{}, {}]
    for devices, generator, samples in zip((1, 2), generators, told, strict=True):
        folder, settings = tmp_path / str(devices), {"devices": devices, "average_decay": 0.5}
        generator.fit(toy_job(folder, settings, sample_every=2, on_samples=samples.__setitem__))
    one, two = (generator._networks.state_dict() for generator in generators)
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 1e-6
    losses = [[loss for *_, loss in generator.record.history] for generator in generators]
    assert np.allclose(*losses, rtol=1e-3)
    assert list(told[0]) == list(told[1]) == [0, 2, 4, 6]
    assert np.array_equal(told[1][6], generators[1].generate(conditions(2)))
