"""The fields of Kubernetes objects that checks need."""
