"""Stable Diffusion with low-rank adapters: what `sd-lora` and `sd-datadream` have in common."""
