"""Frames made by rule, with exact ground truth."""
