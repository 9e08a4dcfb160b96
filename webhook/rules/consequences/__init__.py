"""Rules about valid choices with consequences later; warnings by default."""
