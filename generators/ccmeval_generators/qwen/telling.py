"""From a condition to what the model is told: condition images and a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.generation.conditions import Condition
from ccmeval_generators.foundation.prompts import neutral_prompt, prompt_of
from ccmeval_generators.qwen.parts import PLUS_VISION_SIDE_PX, VISION_SIDE_PX
from ccmeval_generators.qwen.pictures import control_tensor, picture, seen_pictures
from ccmeval_generators.qwen.settings import QwenSettings


@dataclass(frozen=True)
class Wanted:
    """What the model is told of one frame.

    Attributes
    ----------
    prompt : str
    images : sequence of PIL images
        The mask, and the reference if there is one, in the frame's own size.
    settings : QwenSettings
        Tell the sides.
    """

    prompt: str
    images: Sequence[Any]
    settings: QwenSettings

    def seen(self, plus: bool) -> list[Any]:
        """Give what the language model sees of the images."""
        own = PLUS_VISION_SIDE_PX if plus else VISION_SIDE_PX
        return seen_pictures(
            self.images, self.settings.model_side_px, self.settings.vision_side_px or own, plus
        )

    def controls(self) -> list[Tensor]:
        """Give the images as the autoencoder takes them, float32 (1, 3, 1, side, side) each."""
        return [control_tensor(image, self.settings.model_side_px) for image in self.images]


def wanted_of(condition: Condition, shape_px: Sequence[int], settings: QwenSettings) -> Wanted:
    """Give what the model is told, as far as the settings let it know.

    An ablation has the same number of images and tokens as the whole: an empty mask in place of the mask,
    a prompt without diagnosis or the user's words in place of the prompt.
    """
    prompt = told_prompt(settings, condition.diagnosis, condition.prompt)
    return Wanted(prompt, told_images(settings, condition.mask, condition.reference, shape_px), settings)


def told_prompt(settings: QwenSettings, diagnosis: str | None, words: str = "") -> str:
    """Give the prompt of a diagnosis and a user's words."""
    if settings.condition == "mask":
        return neutral_prompt(settings.prompts)
    return prompt_of(settings.prompts, diagnosis, words)


def told_images(
    settings: QwenSettings, mask: BoolArray | None, reference: FloatArray | None, shape_px: Sequence[int]
) -> list[Any]:
    """Give the mask, and the reference where the settings have one, as pictures.

    Without a reference, a model that was trained with references is shown a black one.
    """
    empty = np.zeros(tuple(shape_px), dtype=np.float32)
    images = [picture(empty if mask is None or settings.condition == "prompt" else mask)]
    if settings.reference:
        images.append(picture(empty if reference is None else reference))
    return images
