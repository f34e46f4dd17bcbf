"""Standing queries in every language: which watches an article meets, where, and why."""
