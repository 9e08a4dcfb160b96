"""Where VMI specs are in each kind, and their interfaces and networks as values."""
