"""Sinks that need nothing but files: one module a kind. Port: `Sink`."""
