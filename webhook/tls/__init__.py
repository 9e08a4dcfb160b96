"""The certificate rim: make, load, verify, serve and swap certificates."""
