"""TLS certificates: create, load, check, serve and replace them."""
