"""The pages made from the code are the ones that are committed."""

from __future__ import annotations

from pathlib import Path

from monitor.config.reference import configuration, errors

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_configuration_page() -> None:
    """`python -m monitor.config.reference > docs/configuration.md` writes it."""
    assert (DOCS / "configuration.md").read_text(encoding="utf-8") == configuration()


def test_ids_on_the_page_of_errors() -> None:
    """Every id that users of a configuration can see has its line."""
    assert errors() in (DOCS / "errors.md").read_text(encoding="utf-8")
