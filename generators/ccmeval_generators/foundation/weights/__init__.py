"""Base models of the foundation generators: where they are, whether they fit, and loading their parts."""
