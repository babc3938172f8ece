"""Pillar 3: does training with the synthetic frames help? The protocol; it trains nothing itself."""
