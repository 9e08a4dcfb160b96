"""The client of the API server: reads, watches, leader election, and the few writes for certificates."""
