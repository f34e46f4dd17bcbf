"""How texts are folded: the table of rules, the short way for nearly all texts, the long way for all others."""
