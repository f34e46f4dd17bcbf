"""Configuration: texts in, a checked value out, every mistake at once with its place. Port: `ConfigSource`."""
