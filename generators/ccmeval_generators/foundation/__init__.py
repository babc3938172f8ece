"""What the generators that adapt foundation models have in common."""
