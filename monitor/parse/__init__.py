"""From bytes to a parsed feed: gates, decoding, repair, own mappings, feedparser last.

Port: `Workers`, in `adapters/processes/`.
"""
