"""The settings of a server, from flags, environment variables and a file, as one validated value."""
