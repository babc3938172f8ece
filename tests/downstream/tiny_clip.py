"""A CLIP small enough for tests: random weights, and a vocabulary of single bytes."""

from __future__ import annotations

from pathlib import Path


def byte_characters() -> list[str]:
    """Characters by which byte-level BPE writes the 256 bytes: printable ones as they are."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in kept]
    return [chr(byte) for byte in kept] + [chr(256 + i) for i in range(len(others))]


def write_tiny_clip(folder: Path, *, side_px: int = 32, longest: int = 160, safe: bool = True) -> Path:
    """Write what `save_pretrained` would, of a CLIPModel of about 40 000 weights."""
    import torch
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

    letters = byte_characters()
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: i for i, word in enumerate(words)}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=[])
    common = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {
        **common,
        "vocab_size": len(words),
        "max_position_embeddings": longest,
        "bos_token_id": vocabulary["<|startoftext|>"],
        "eos_token_id": vocabulary["<|endoftext|>"],
        "pad_token_id": vocabulary["<|endoftext|>"],
    }
    vision = {**common, "image_size": side_px, "patch_size": 8}
    torch.manual_seed(0)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if not safe:
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder
