"""LoRA and weight-decomposed LoRA on Qwen-Image-Edit as generators."""

from ccmeval_generators.qwen.generator import QwenLoraGenerator
from ccmeval_generators.qwen.wdlora import QwenWdloraGenerator

__all__ = ["QwenLoraGenerator", "QwenWdloraGenerator"]
