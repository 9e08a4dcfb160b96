"""The certificate that a server serves: from files, self-signed, or managed in the cluster."""
