"""The one stage: flow matching of the adapter on cached latents and embedded prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ccmeval.generation.conditions import GeneratorJob
from ccmeval.training.streams import stream_seed
from ccmeval_generators.foundation.optimising import adam, cosine_rate
from ccmeval_generators.qwen.flow import (
    effective_foreground,
    loss_weights,
    noise_levels,
    noisy_and_target,
    packed,
    pooled_mask,
    weighted_loss,
)
from ccmeval_generators.qwen.parts import QwenParts
from ccmeval_generators.qwen.pictures import frames_in
from ccmeval_generators.qwen.settings import QwenSettings
from ccmeval_generators.qwen.telling import Wanted, told_images, told_prompt
from ccmeval_generators.qwen.velocity import Told, velocity
from ccmeval_generators.training.stage import Batch, Stage, StageOptimiser


class AdapterStage(Stage):
    """Trains the adapter to predict the velocity from frame to noise, nerves weighing more.

    What is frozen, latents of frame, mask and reference and the embedded prompt, is cached before the first
    step; then text encoder and autoencoder leave the memory.

    Parameters
    ----------
    networks : torch.nn.ModuleDict
    parts : QwenParts
    job : GeneratorJob
    settings : QwenSettings
    """

    name = "adapter"
    caches = True

    def __init__(
        self, networks: nn.ModuleDict, parts: QwenParts, job: GeneratorJob, settings: QwenSettings
    ) -> None:
        self.steps, self.batch_size = settings.steps, settings.batch_size
        self._networks, self._parts, self._settings = networks, parts, settings
        self._side = settings.model_side_px // 8
        self._frames = FrameBook(job, settings.reference)
        self._classes = tuple(job.classes)
        self._n_words = 0

    def trained(self) -> Mapping[str, nn.Module]:
        """Give the adapter."""
        return {"adapter": self._networks["adapter"]}

    def optimisers(self) -> Sequence[StageOptimiser]:
        """Give Adam, of 8 bits where that can be had."""
        own = self._settings
        rate = partial(
            cosine_rate,
            steps=own.steps,
            highest=own.learning_rate,
            warm_up=own.warm_up_steps,
            cycles=own.cosine_cycles,
        )
        parameters = list(self._networks["adapter"].parameters())
        return [StageOptimiser(self.name, parameters, adam(own.betas, own.weight_decay), rate)]

    def cached(self, batch: Batch) -> Mapping[str, Tensor]:
        """Give latents of the frames, of what conditions them, and their embedded prompts."""
        latents = packed(self._parts.encoded(frames_in(batch.frames, self._settings.model_side_px)))
        told = [self._told(batch, place) for place in range(len(batch.rows))]
        words, are_words = self._filled([words for _, words in told])
        control = torch.cat([control for control, _ in told])
        return {"latents": latents, "control": control, "words": kept(words), "are_words": are_words}

    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give the weighted squared error of the predicted velocity."""
        self._parts.drop()
        latents = batch.cached["latents"]
        noise = torch.randn(latents.shape, generator=generator).to(latents)
        drawn = torch.randint(len(self._levels), (len(latents),), generator=generator)
        levels = self._levels[drawn].to(latents)
        noisy, target = noisy_and_target(latents, noise, levels)
        predicted = velocity(
            self._networks["adapter"], noisy, levels, self._given(batch), (self._side // 2,) * 2
        )
        weights = self._weights(batch.masks)
        batch.log("foreground_weight", effective_foreground(batch.masks, weights))
        return weighted_loss(predicted, target, weights)

    @cached_property
    def _levels(self) -> Tensor:
        return noise_levels(self._parts.scheduler(), (self._side // 2) ** 2)

    def _given(self, batch: Batch) -> Told:
        are_words = batch.cached["are_words"] > 0.5
        kind = getattr(self._networks["adapter"].base, "dtype", torch.float32)
        words = restored(batch.cached["words"], kind)
        return Told(batch.cached["control"], words, None if are_words.all() else are_words)

    def _weights(self, masks: Tensor) -> Tensor:
        own = self._settings
        pooled = pooled_mask(masks, self._side, own.mask_pooling)
        return loss_weights(pooled, own.foreground_weight, own.background_weight)

    def _told(self, batch: Batch, place: int) -> tuple[Tensor, Tensor]:
        """Give the control latents and the embedded prompt of one frame."""
        row, device = int(batch.rows[place]), batch.frames.device
        mask = batch.masks[place, 0].cpu().numpy() > 0.5
        images = told_images(self._settings, mask, self._frames.reference(row), mask.shape)
        wanted = Wanted(self._prompt(self._frames.label(row)), images, self._settings)
        control = torch.cat([packed(self._parts.encoded(it.to(device))) for it in wanted.controls()], dim=1)
        self._measure(wanted, device)
        return control, self._parts.embedded(wanted.prompt, wanted.seen(self._parts.plus), device)

    def _prompt(self, label: int) -> str:
        return told_prompt(self._settings, None if label < 0 else self._classes[label])

    def _measure(self, wanted: Wanted, device: torch.device) -> None:
        """Find the length of the longest prompt once; images of one size have as many tokens each."""
        if self._n_words:
            return
        prompts = {self._prompt(label) for label in self._frames.labels()}
        seen = wanted.seen(self._parts.plus)
        self._n_words = max(len(self._parts.embedded(prompt, seen, device)) for prompt in sorted(prompts))

    def _filled(self, words: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        filled = words[0].new_zeros((len(words), self._n_words, words[0].shape[-1]))
        are_words = torch.zeros(filled.shape[:2], device=filled.device)
        for place, own in enumerate(words):
            filled[place, : len(own)] = own
            are_words[place, : len(own)] = 1.0
        return filled, are_words


def kept(words: Tensor) -> Tensor:
    """Give embeddings as the cache takes them, float32; two numbers of bfloat16 share the bits of one.

    Examples
    --------
    >>> words = torch.randn(1, 3, 8, dtype=torch.bfloat16)
    >>> kept(words).shape, torch.equal(restored(kept(words), torch.bfloat16), words)
    (torch.Size([1, 3, 4]), True)
    """
    return words.contiguous().view(torch.float32) if words.dtype == torch.bfloat16 else words


def restored(words: Tensor, kind: torch.dtype) -> Tensor:
    """Undo :func:`kept` for embeddings of a type."""
    return words.contiguous().view(kind) if kind == torch.bfloat16 else words.to(kind)


class FrameBook:
    """Label and reference of each row of the pool.

    A frame's reference is always the same other frame of its diagnosis, so that what is computed of both
    can be cached; one that is alone in its diagnosis takes any other.

    Parameters
    ----------
    job : GeneratorJob
    with_references : bool
    """

    def __init__(self, job: GeneratorJob, with_references: bool) -> None:
        train = job.train
        self._pool = train.pool
        self._labels = {int(row): int(label) for row, label in zip(train.rows, train.labels, strict=True)}
        self._partners = _partners(self._labels, job.seed) if with_references else {}

    def label(self, row: int) -> int:
        """Give the index of its diagnosis; -1 for none."""
        return self._labels[row]

    def labels(self) -> set[int]:
        """Give all labels that occur."""
        return set(self._labels.values())

    def reference(self, row: int) -> Any:
        """Give the levels (S, S) of its reference; None where there is none."""
        partner = self._partners.get(row)
        return None if partner is None else np.asarray(self._pool.frames[partner], dtype=np.float32)


def _partners(labels: Mapping[int, int], seed: int) -> dict[int, int]:
    """Give each row the next one in a shuffled ring of its diagnosis."""
    found: dict[int, int] = {}
    order = np.random.default_rng(stream_seed(seed, "augmentation")).permutation(sorted(labels)).tolist()
    for label in sorted(set(labels.values())):
        ring = [row for row in order if labels[row] == label]
        ring = ring if len(ring) > 1 else [*ring, *(row for row in order if row not in ring)]
        pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
        found.update({row: partner for row, partner in pairs if labels[row] == label})
    return {row: partner for row, partner in found.items() if row != partner}
