"""Rules about the plugin that an interface names."""
