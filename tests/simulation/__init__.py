"""A simulated cluster: the product's own parts on a virtual clock, behind an API server that fails by chance, from a seed."""
