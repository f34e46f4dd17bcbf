"""When to ask whom: pure rules. Sleeping and waiting for turns are in `app/`."""
