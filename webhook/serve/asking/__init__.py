"""The other side of admission: reviews read from files, asked of a server or of the engine, and what came back. Prints nothing."""
