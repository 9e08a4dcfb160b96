"""Rules about objects that cannot be read as what they claim to be."""
