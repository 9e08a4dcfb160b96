"""Certificates: made, loaded, verified, served and swapped."""
