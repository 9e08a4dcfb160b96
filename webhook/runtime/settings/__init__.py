"""What a server is told, from flags, variables and a file, as one checked value."""
