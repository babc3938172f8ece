"""The models of a Stable Diffusion pipeline, held as one."""

from __future__ import annotations

from typing import Any

from torch import nn

from ccmeval_generators.foundation.stable_diffusion.noising import Noising
from ccmeval_generators.foundation.stable_diffusion.texts import Texts


class StableDiffusionParts(nn.Module):  # type: ignore[misc]
    """U-Net, autoencoder and text encoder of a pipeline, with what they are used by.

    Parameters
    ----------
    unet, vae, text_encoder : torch.nn.Module
        Of diffusers and transformers.
    tokenizer : CLIPTokenizer
    scheduler : SchedulerMixin
        As the pipeline's folder has it.

    Attributes
    ----------
    noising : Noising
        Of training, by the scheduler's configuration.
    texts : Texts
        For as long as the text encoder is frozen.
    """

    def __init__(self, unet: Any, vae: Any, text_encoder: Any, tokenizer: Any, scheduler: Any) -> None:
        super().__init__()
        self.unet, self.vae, self.text_encoder = unet, vae, text_encoder
        self.tokenizer, self._scheduler = tokenizer, scheduler
        self.noising = Noising(scheduler.config)
        self.texts = Texts(text_encoder, tokenizer)

    def new_scheduler(self) -> Any:
        """Make a scheduler that remembers no sampling."""
        return type(self._scheduler).from_config(self._scheduler.config)
