"""news-monitor: polls news feeds, flags named watches and publishes events."""

from __future__ import annotations

__version__ = "0.1.0"
