"""Fakes for the ports, builders of values, and the crash points of tests. Nothing in production imports it."""
