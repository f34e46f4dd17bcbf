"""From what a document says to an `Article`: text without markup, canonical URLs, UTC dates, language. No port."""
