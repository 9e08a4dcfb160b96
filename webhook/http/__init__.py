"""The HTTP server: connections, requests and responses within limits. README.md says what it adds to uvicorn."""
