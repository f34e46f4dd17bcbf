"""What is remembered of a feed: how an outcome changes it, and how it is kept as bytes."""
