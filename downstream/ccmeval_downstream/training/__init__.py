"""Training of networks: one set-up for all learners of this wing that are made of a network."""
