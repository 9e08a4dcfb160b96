"""The registry of a server: followed in a cluster or in a file, and swapped as a whole."""
