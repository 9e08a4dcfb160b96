"""The objects of an installation, as far as a check looks at them, as the API server writes them."""
