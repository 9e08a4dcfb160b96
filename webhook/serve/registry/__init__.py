"""What a server judges by: followed in a cluster or in a file, and swapped whole. Knows neither reviews nor certificates."""
