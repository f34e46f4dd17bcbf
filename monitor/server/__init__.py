"""HTTP of the service itself: page and read-only API on one port, probes, metrics and changes on another."""
