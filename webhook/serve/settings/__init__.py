"""What a server is told, from flags, variables and a file, as one checked value. Starts nothing, and imports no web server."""
