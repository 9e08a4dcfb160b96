"""The certificate rim: make, load, verify, serve and swap certificates. Knows no HTTP, no framework and nothing of the reviews."""
