"""A regular package, lest the `tests` that torch-fidelity installs be imported in its place."""
