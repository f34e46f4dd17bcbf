"""The inner loops of matching in C, built where there is a compiler; see docs/decisions/0015-kernel.md."""
