"""What the tests of reading share."""

from tests.support.audit import watched

__all__ = ["watched"]
