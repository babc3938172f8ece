"""Pillar 2: whether synthetic frames keep the biomarkers, their spread and their change with disease."""
