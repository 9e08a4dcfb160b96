"""The checks: each module looks at the snapshot and says what it found. Pure: value in, value out."""
