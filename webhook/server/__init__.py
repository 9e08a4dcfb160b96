"""The HTTP rim: requests in, answers out, within limits. Does not know settings, files, certificates or the API server."""
