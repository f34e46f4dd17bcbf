"""Asking a server and judging its answer: pure rules. The sockets are in `adapters/http`, behind the port `Fetcher`."""
