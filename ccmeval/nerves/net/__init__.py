"""A learned nerve segmenter that has seen phantoms only: its training, and its use without torch."""
