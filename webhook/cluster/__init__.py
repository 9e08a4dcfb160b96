"""The API server as Bindguard sees it: reads, watches, and the few writes for certificates."""
