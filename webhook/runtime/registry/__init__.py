"""What a server checks by: followed in a cluster or in a file, and swapped whole."""
