"""The offline rim: files, YAML and JSON streams in; objects with file, line and column out."""
