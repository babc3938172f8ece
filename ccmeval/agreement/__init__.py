"""Agreement with another tool's or a rater's table: reading it, matching frames, comparing biomarkers."""
