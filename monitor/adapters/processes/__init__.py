"""`Workers` in processes that can be killed."""
