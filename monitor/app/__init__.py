"""Assembly: what runs, in which order, and what happens when a part of it fails. Loops and awaits; no rules."""
