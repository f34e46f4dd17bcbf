"""Raw hits by what they may raise."""

from __future__ import annotations

from monitor.match.compiler import compile_rules
from monitor.match.occurrences import Occurrences
from monitor.match.syntax import leaves
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch


def test_every_hit_is_there_whether_it_counts_or_not() -> None:
    """In the order of the text, each with the variant that hears it; of what does not occur the variants alone."""
    rules = compile_rules([Watch(WatchId("w"), "{US} OR us OR title:nato OR moscow")], {})
    (query,) = rules.queries
    exact, plain, fielded, absent = (query.signals[leaf] for leaf in leaves(query.tree))
    found = Occurrences(rules.scan(Text(title="us", body="US, nato, us")), rules.listeners)

    assert [rules.scan(Text(title="us", body="US, nato, us")).surface(*one[:2]) for one in found.of(exact)] == [
        "us",
        "US",
        "us",
    ]
    assert [one[:2] for one in found.of(plain)] == [one[:2] for one in found.of(exact)]
    assert len(found.of(fielded)) == 1
    assert found.of(absent) == []
    assert [variant.check.cased for variant in found.variants(exact)] == [True]
    assert [variant.aliases[0].written for variant in found.variants(absent)] == ["moscow"]
