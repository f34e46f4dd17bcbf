"""The nouns: frozen values that cross the border between two stages. No behaviour beyond their own arithmetic."""
