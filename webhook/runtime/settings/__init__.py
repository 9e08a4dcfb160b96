"""The settings of a server from flags, environment variables and a configuration file, validated."""
