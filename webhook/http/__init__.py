"""The HTTP rim: requests in, answers out, within limits."""
