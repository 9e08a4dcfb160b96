"""Files and streams of YAML and JSON in; objects with file, line and column out."""
