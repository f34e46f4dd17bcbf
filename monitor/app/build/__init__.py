"""Assembly: the only package that names concrete adapters.

`service` makes a running service of a configuration, `view` opens what other commands read beside it, `sinks` is the
table of sink kinds. Adapters are imported where they are used, so that a command loads only what it needs.
"""
