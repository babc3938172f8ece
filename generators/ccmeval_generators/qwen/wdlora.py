"""The generator `qwen-wdlora`: `qwen-lora` but for the adapter."""

from __future__ import annotations

from typing import ClassVar, Literal

from ccmeval_generators.qwen.capable import capabilities_before
from ccmeval_generators.qwen.generator import QwenLoraGenerator


class QwenWdloraGenerator(QwenLoraGenerator):
    """Qwen-Image-Edit that turns a nerve mask into a frame, adapted by weight-decomposed LoRA (WDLoRA).

    As :class:`QwenLoraGenerator` in everything but the adapter, whose magnitudes are trained of their own.

    References
    ----------
    Liu et al. DoRA: weight-decomposed low-rank adaptation. ICML 2024.

    Examples
    --------
    >>> QwenWdloraGenerator().name
    'qwen-wdlora'
    """

    name = "qwen-wdlora"
    adapter: ClassVar[Literal["lora", "wdlora"]] = "wdlora"
    capabilities = capabilities_before(
        "Qwen-Image-Edit told a nerve mask and a prompt, adapted by weight-decomposed LoRA (WDLoRA)."
    )
