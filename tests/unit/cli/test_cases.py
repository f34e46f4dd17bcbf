"""Cases and what became of them, as `watches test` shows it."""

from __future__ import annotations

from typing import Any

from monitor.cli.cases import outcomes, pack_watches, sentences
from monitor.match.compiler import compile_rules
from monitor.match.concepts import builtin_packs, load_packs
from monitor.model.ids import WatchId
from monitor.model.watch import Case, Place, Watch


def run(query: str, *cases: Case) -> list[dict[str, Any]]:
    """The rows of one watch beside another that would meet everything."""
    watch = Watch(WatchId("w"), query, cases=cases)
    rules = compile_rules([watch, Watch(WatchId("other"), "port OR train")], builtin_packs())
    return list(outcomes(watch, rules, builtin_packs()))


def test_a_case_that_comes_out_has_nothing_to_explain() -> None:
    """Its places in the order of title, summary, body."""
    (row,) = run("port OR ship", Case("A port", ("Ship", "port"), "en", "Ship ahoy", Place("watches/w.yaml", 3, 5)))

    assert row["ok"]
    assert (row["found"], row["missing"], row["unexpected"], row["why_not"]) == (["Ship", "port"], [], [], [])
    assert (row["case"], row["file"], row["line"], row["lang"], row["title"]) == (
        1,
        "watches/w.yaml",
        3,
        "en",
        "Ship ahoy",
    )


def test_a_watch_that_is_not_met_says_why() -> None:
    """In the words of `explain`."""
    (row,) = run("port AND {Ship}", Case("A ship in port", ("ship", "port")))

    assert not row["ok"]
    assert row["missing"] == ["ship", "port"]
    assert [why["reason"] for why in row["why_not"]] == ["case"]


def test_a_place_too_many_names_the_entry_that_brought_it() -> None:
    """Of a pack with its language."""
    (row,) = run("@drones", Case("Drones and UAVs", ("Drones",), "en"))

    (place,) = row["unexpected"]
    assert (place["text"], place["concept"], place["start"]) == ("UAVs", "drones", 11)
    assert (row["missing"], row["why_not"]) == ([], [])


def test_a_place_that_is_wanted_twice_has_to_be_there_twice() -> None:
    """Places are counted, not looked up."""
    (once,) = run("port", Case("A port", ("port", "port")))
    (thrice,) = run("port", Case("port port port", ("port", "port")))

    assert once["missing"] == ["port"]
    assert [place["start"] for place in thrice["unexpected"]] == [10]


def test_failures_for_people() -> None:
    """What was expected, what was found, and by what; no text moves the cursor."""
    rows = run(
        "port OR ship",
        Case("A port", ("port",)),
        Case("A \x1b[1m ship", (), place=Place("watches/w.cases.yaml", 9, 3)),
        Case("A train", ("port",), "en", "Title", Place("watches/w.yaml", 2, 3)),
        Case("A port, a ship", ("ship", "port"), field="summary", place=Place("watches/w.yaml", 4, 3)),
    )

    assert list(sentences(rows)) == [
        "w: case 2 (watches/w.cases.yaml:9) expects nothing; found ship",
        "  body        A \\x1b[1m ship [language unknown]",
        "  unexpected  ship, body 7–11, by ship",
        "w: case 3 (watches/w.yaml:2) expects port; found nothing",
        "  title       Title",
        "  body        A train [en]",
        "  missing     port",
        "  why not     port OR ship does not occur",
        "w: case 4 (watches/w.yaml:4) expects ship, port; found port, ship",
        "  summary     A port, a ship [language unknown]",
        "  order       the same places, in another order",
        "4 cases, 3 failed",
    ]


def test_packs_of_your_own_are_tested_like_watches() -> None:
    """Each tier by its own examples; a pack without any is none."""
    ships = """
concept: ships
languages:
  en:
    terms: [frigate]
    weak: [boat]
    positive: [{text: A frigate, expect: [frigate]}, {text: A boat, weak: true, expect: [boat]}]
    negative: [A boat]
"""
    files = {"concepts/ships.yaml": ships, "concepts/bare.yaml": "concept: bare\nlanguages: {en: {terms: [bare]}}\n"}
    strong, weak = pack_watches(files)

    assert (strong.id, strong.query, len(strong.cases)) == ("@ships", "@ships", 2)
    assert weak.cases == (Case("A boat", ("boat",), "en", "", Place("concepts/ships.yaml")),)
    packs = load_packs(files)[0]
    rules = compile_rules([strong, weak], packs)
    assert all(row["ok"] for one in (strong, weak) for row in outcomes(one, rules, packs))
