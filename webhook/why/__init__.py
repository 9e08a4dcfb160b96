"""`bindguard why`: read what belongs to a VM, find what holds it up, and report it."""
