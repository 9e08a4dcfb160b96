"""The certificate of the admission port: from files, self-signed, or managed in the cluster."""
