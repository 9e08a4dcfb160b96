"""Rules about objects that do not match the API."""
