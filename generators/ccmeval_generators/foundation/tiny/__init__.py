"""Tiny saved pipelines with random weights, of the real classes and folder layout.

For tests, benchmarks and dry runs: everything but the size is as in the published pipelines, and the
frames that they make are noise. Each function writes a folder within two seconds and needs no network.
"""

from ccmeval_generators.foundation.tiny.clip import write_tiny_clip_image_encoder
from ccmeval_generators.foundation.tiny.qwen import write_tiny_qwen_edit
from ccmeval_generators.foundation.tiny.stable_diffusion import write_tiny_sd15, write_tiny_sd21

__all__ = [
    "write_tiny_clip_image_encoder",
    "write_tiny_qwen_edit",
    "write_tiny_sd15",
    "write_tiny_sd21",
]
