"""What the dry run and the server read alike: sources, the objects and registries in them, and names that people write."""
