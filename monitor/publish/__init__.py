"""Events as records: envelope, topics and keys, batches."""
