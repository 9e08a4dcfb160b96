"""Find manifest files, split them into documents, parse YAML and JSON as kubectl does, and locate values by line and column."""
