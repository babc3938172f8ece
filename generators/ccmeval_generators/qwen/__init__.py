"""LoRA and weight-decomposed LoRA on Qwen-Image-Edit as generators."""
