"""The certificate that a server serves with: files, self-signed, or managed in the cluster."""
