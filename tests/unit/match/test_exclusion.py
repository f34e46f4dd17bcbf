"""What cannot be true where a NOT is; a warning that comes of it is among those of `test_lint`."""

from __future__ import annotations

import pytest

from monitor.match.exclusion import is_excluded, torn
from monitor.match.lexicon import make_lexicon
from monitor.match.parser import parse
from monitor.match.syntax import Op
from tests.support.packs import example_pack


@pytest.mark.parametrize(
    ("query", "banned", "excluded"),
    [
        ("war", "war", True),
        ("war", "wars", False),
        ("wars", "war*", True),
        ("title:war", "war", True),
        ("war", "title:war", False),
        ("author:war", "war", False),
        ('"trade war"', "trade", True),
        ('"trade war*"', "war", False),
        ('"*ade war"', "trade", False),
        ("F-16", "16", True),
        ("{US Navy}", "navy", True),
        ("使用UAV攻击", "uav", True),
        ("war OR peace", "war", False),
        ("war AND (peace OR kyiv)", "war", True),
        ("war AND NOT peace", "peace", False),
        ("war NEAR/3 peace", "peace", True),
        ('"peace war"~3', "peace", True),
        ("war NOT NEAR/3 peace", "peace", False),
        ("ATLEAST/3(war)", "war", True),
        ("SCORE/2(war OR peace)", "peace", False),
        ("@example", "@example", True),
        ("@example", "@example.weak", False),
        ("lang:uk", "lang:uk-UA", True),
    ],
)
def test_what_is_excluded(query: str, banned: str, excluded: bool) -> None:
    """By all operators, leaves and fields."""
    trees = parse(query), parse(banned)

    assert is_excluded(trees[0], [trees[1]], make_lexicon(trees, example_pack())) is excluded


@pytest.mark.parametrize(
    ("query", "nowhere"),
    [
        ("title:war NEAR/3 body:kyiv", True),
        ("war NEAR/3 author:doe", True),
        ("author:doe NEAR/3 author:smith", False),
        ("title:war NEAR/3 kyiv", False),
        ("title:war ONEAR/3 (kyiv NEAR/2 body:odesa)", True),
        ("title:war NOT NEAR/3 body:kyiv", False),
        ("SENTENCE(title:war AND (body:kyiv OR odesa))", False),
        ("PARAGRAPH(title:war AND ATLEAST/2(body:kyiv))", True),
        ("FIRST/9(title:war AND body:kyiv)", False),
    ],
)
def test_what_would_stand_in_two_fields(query: str, nowhere: bool) -> None:
    """Of one place only: an AND finds its sides in any field."""
    tree = parse(query)
    assert isinstance(tree, Op)

    assert torn(tree) is nowhere
