"""The inner loops of matching in C, built where there is a compiler; see docs/decisions/0016-kernel.md."""

from importlib import import_module


def is_built() -> bool:
    """Is the kernel there? Costs a millisecond, for whoever asks for nothing else of matching."""
    try:
        import_module("monitor.match.native.kernel")
    except ImportError:
        return False
    return True
