"""Reference bundles: what scoring against a real set needs, and no frame of it."""
