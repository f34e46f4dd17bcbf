"""Places in a file, whatever was taken out of it and however its lines end."""

from __future__ import annotations

import pytest

from monitor.cli.judging import LIMITS, examine, sentences, text_of, verdict_of
from monitor.match.automaton import MAX_HITS
from monitor.match.compiler import compile_rules
from monitor.match.scan import MAX_FIELD
from monitor.model.ids import WatchId
from monitor.model.watch import Watch


def rules(**queries: str):
    """Watches without concepts."""
    return compile_rules([Watch(WatchId(name), query) for name, query in queries.items()], {})


TEXT = (
    "[ad_1]{n}First harbour.{n}>> Read also: a castle{n}🚀 The harbour again, and a{n}"
    ">> Read also: more{n}lighthouse{n}[ad_2]"
)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\u2028"])
def test_spans_index_the_text_before_anything_was_removed(newline):
    """Every slice equals its hit, in code points and in UTF-16 units."""
    raw = TEXT.format(n=newline)
    examined = examine(raw, rules(port="harbour OR lighthouse", keep="castle"), lang="en")
    keep, port = (verdict_of(examined, found) for found in examined.results)
    assert [hit["text"] for hit in port["hits"]] == ["harbour", "harbour", "lighthouse"]
    for hit in port["hits"]:
        assert raw[hit["start"] : hit["end"]] == hit["text"]
        units = raw.encode("utf-16-le")[2 * hit["utf16"][0] : 2 * hit["utf16"][1]]
        assert units.decode("utf-16-le") == hit["text"]
    (why,) = keep["why_not"]
    assert (why["reason"], raw[why["start"] : why["end"]]) == ("removed", ">> Read also: a castle")
    whole = text_of(examined)
    assert whole["text"] == {"language": {"tag": "en", "source": "declared", "confidence": 1.0}, "chars": len(raw)}
    assert [line["kind"] for line in whole["removed"]] == ["T1", "T4", "T4", "T1"]
    assert all(raw[line["start"] : line["end"]] == line["text"] for line in whole["removed"])


def test_a_hit_over_a_removed_line_spans_it():
    """The slice of the file is what is shown, so that span and text agree."""
    raw = "the old\n>> Read also: x\nharbour"
    (found,) = examine(raw, rules(port='"old harbour"'), lang="en").results
    examined = examine(raw, rules(port='"old harbour"'), lang="en")
    (hit,) = verdict_of(examined, found)["hits"]
    assert hit["text"] == raw[hit["start"] : hit["end"]] == raw[4:]


def test_near_misses_stand_in_the_file_too():
    """The place of a word in another form is that of the file."""
    raw = "[ad_1]\nMany harbours."
    examined = examine(raw, rules(port="harbour"), lang="en")
    (why,) = verdict_of(examined, examined.results[0])["why_not"]
    assert (why["reason"], raw[why["start"] : why["end"]]) == ("form", "harbours")


def test_people_see_hits_in_their_surroundings_and_reasons():
    """One line a hit, inert."""
    examined = examine("[ad_1]\nA harbour \x1b[2J here.", rules(port="harbour", keep="castle"), title="T", lang="en")
    text = "\n".join(sentences(examined, examined.results))
    assert "port: 1 hit" in text
    assert "keep: not met" in text
    assert "⟦harbour⟧" in text
    assert "\x1b" not in text
    assert "removed by T1: [ad_1]" in text


def test_people_see_where_a_near_miss_stands():
    """In the file, whatever was taken out of it."""
    examined = examine("[ad_1]\nMany harbours.", rules(port="harbour AND {Castle}"), title="castle", lang="en")
    said = [line for line in sentences(examined, examined.results) if line.startswith("  ")][:2]
    assert said == [
        "  harbour: only another form occurs: harbours; harbour* would match (body 12–20)",
        "  {Castle}: castle differs in its capitals (title 0–6)",
    ]


def test_bounds_that_were_reached_are_shown():
    """For people and for programs, of texts that meet a watch and of those that do not."""
    raw = "harbour " * MAX_HITS + "x" * MAX_FIELD + " castle"
    examined = examine(raw, rules(port="harbour", keep="castle"), lang="en")
    keep, port = (verdict_of(examined, found) for found in examined.results)
    assert (keep["matched"], keep["limits"]) == (False, ["field"])
    assert (port["matched"], port["limits"]) == (True, ["field", "hits"])
    lines = list(sentences(examined, examined.results))
    assert lines.count("  only the first 65,536 characters of a text were judged") == 2
    assert [line for line in lines if "there may be more hits" in line] == [f"  {LIMITS['hits']}"]


def test_no_bound_is_reached_by_a_short_text():
    """Nothing is said then."""
    examined = examine("harbour", rules(port="harbour", keep="castle"), lang="en")
    assert [verdict_of(examined, found)["limits"] for found in examined.results] == [[], []]
    assert not set(LIMITS.values()) & {line.strip() for line in sentences(examined, examined.results)}
