"""The other side of admission: reviews read from files, asked of whoever answers, and what came back."""
