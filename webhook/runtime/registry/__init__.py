"""The registry of a server: watched in a cluster or polled in a file, and replaced as a whole."""
