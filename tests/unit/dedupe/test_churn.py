"""The ways feeds change their ids, each as data: nothing is new twice."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.dedupe import Feed, article

CASES = sorted((Path(__file__).parents[2] / "corpus" / "dedupe").glob("*.yaml"))


def test_all_twelve_are_here() -> None:
    """No case gets lost."""
    assert len(CASES) == 12


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_churn(path: Path) -> None:
    """Poll by poll only what is named is new or edited, and the loss ledger adds up."""
    feed = Feed()
    for poll in yaml.safe_load(path.read_text(encoding="utf-8"))["polls"]:
        articles = [article(**item) for item in poll["items"]]

        heard = feed.poll(articles)

        assert heard.new == poll["new"]
        assert heard.edited == poll.get("edited", [])
        assert heard.reused == poll.get("reused", 0)
        assert len(heard.new) + len(heard.edited) + heard.known == len(articles)
        assert "distrusted" not in poll or feed.distrusted == frozenset(poll["distrusted"])
