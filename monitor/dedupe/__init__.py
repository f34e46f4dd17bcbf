"""Is this article known? Keys and their trust per feed, and the bounded memory of items. Pure; no port, no I/O."""
