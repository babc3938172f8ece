"""What Qwen-Image-Edit has beside its transformer: loaded when it is first needed, dropped when told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

LoadPart = Callable[[str, "torch.dtype | None"], Any]
"""Loads a part of the pipeline's folder by its name, with the numbers' type or the generator's choice."""

VISION_SIDE_PX, PLUS_VISION_SIDE_PX = 1024, 384
"""What the language model sees of condition images in the two pipelines."""


class QwenParts:
    """Text encoder, autoencoder and scheduler of a base.

    Parameters
    ----------
    load : callable
    plus : bool
        Whether the base is of the Plus variant, whose language model sees several images.
    told : str
        What a reader should know of the base, in a sentence.
    """

    def __init__(self, load: LoadPart, plus: bool, told: str = "") -> None:
        self.plus, self.told = plus, told
        self._load = load
        self._encoder: Any = None
        self._autoencoder: Any = None
        self._config: Any = None

    def drop(self) -> None:
        """Free the memory of text encoder and autoencoder; they are loaded again when needed."""
        if self._encoder is None and self._autoencoder is None:
            return
        self._encoder = self._autoencoder = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def scheduler(self) -> Any:
        """Make a scheduler of the base's configuration, with a state of its own."""
        from diffusers import FlowMatchEulerDiscreteScheduler

        if self._config is None:
            self._config = self._load("scheduler", None).config
        return FlowMatchEulerDiscreteScheduler.from_config(self._config)

    def embedded(self, prompt: str, images: Sequence[Any], device: torch.device) -> Tensor:
        """Give the embedding of a prompt and the condition images beside it, as the pipeline computes it.

        Parameters
        ----------
        prompt : str
        images : sequence of PIL images
            As of :func:`ccmeval_generators.qwen.pictures.seen_pictures`.
        device : torch.device

        Returns
        -------
        tensor (n_words, D)
            On the device.
        """
        pipeline = self._with_encoder(device)
        image = list(images) if self.plus else images[0]
        words, _ = pipeline.encode_prompt(prompt=[prompt], image=image, device=device)
        found: Tensor = words[0]
        return found

    def encoded(self, planes: Tensor) -> Tensor:
        """Give the latents of pictures, each channel less its mean and over its deviation.

        Parameters
        ----------
        planes : float32 tensor (B, 3, 1, H, W), in [-1, 1]

        Returns
        -------
        float32 tensor (B, C, H / 8, W / 8)
            The mode of the autoencoder's distribution.
        """
        autoencoder = self._autoencoder_on(planes.device)
        latents = autoencoder.encode(planes).latent_dist.mode()
        mean, deviation = _moments(autoencoder, latents)
        found: Tensor = ((latents - mean) / deviation)[:, :, 0]
        return found

    def decoded(self, latents: Tensor) -> Tensor:
        """Undo :meth:`encoded`: pictures (B, 3, 1, H, W)."""
        autoencoder = self._autoencoder_on(latents.device)
        latents = latents[:, :, None].float()
        mean, deviation = _moments(autoencoder, latents)
        # As the pipeline does: by the reciprocal, which rounds otherwise than a product.
        found: Tensor = autoencoder.decode(latents / (1.0 / deviation) + mean, return_dict=False)[0]
        return found

    def _with_encoder(self, device: torch.device) -> Any:
        """Give a pipeline that has what reads prompts, and nothing else."""
        import diffusers

        if self._encoder is None:
            kind = diffusers.QwenImageEditPlusPipeline if self.plus else diffusers.QwenImageEditPipeline
            names = ("text_encoder", "tokenizer", "processor")
            parts = {name: self._load(name, None) for name in names}
            self._encoder = kind(scheduler=None, vae=None, transformer=None, **parts)
            self._encoder.text_encoder.eval().requires_grad_(False)
        _move(self._encoder.text_encoder, device)
        return self._encoder

    def _autoencoder_on(self, device: torch.device) -> Any:
        if self._autoencoder is None:
            # Small, and its rounding would be in all that is learnt and made.
            self._autoencoder = self._load("vae", torch.float32).eval().requires_grad_(False)
        _move(self._autoencoder, device)
        return self._autoencoder


def _move(module: Any, device: torch.device) -> None:
    if next(module.parameters()).device.type != device.type:
        module.to(device)


def _moments(autoencoder: Any, like: Tensor) -> tuple[Tensor, Tensor]:
    mean, deviation = (
        torch.tensor(numbers).view(1, -1, 1, 1, 1).to(like)
        for numbers in (autoencoder.config.latents_mean, autoencoder.config.latents_std)
    )
    return mean, deviation
