"""Training of generators: one set-up for all that are made of networks, in stages, with Lightning."""
