"""Which article is this?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.dedupe.identity import MAX_UPDATES, Edited, Known, New, RungChange, Trust, judge_rungs, recognise
from monitor.dedupe.titles import sketch_title
from monitor.dedupe.window import Memory
from monitor.model.article import Article
from monitor.model.ids import ArticleId
from monitor.model.state import Item
from tests.support.dedupe import Feed, article

RAIN = "It rained in the old town for the whole of the night, and the river rose by two metres."
TRUST = Trust()


def item(one: Article, name: str = "0" * 32, revision: int = 1) -> Item:
    keys = one.keys
    sketch = sketch_title(one.title)
    return Item(
        ArticleId(name), keys.guid, keys.url, keys.content, one.raw_hash, one.hashes, revision, 0.0, title=sketch
    )


def numbered(count: int, guid: str | None = "g{}", url: str | None = "https://example.org/{}") -> list[Article]:
    return [
        article(
            f"Story number {number} of the day",
            f"{RAIN} {number}",
            guid.format(number) if guid is not None else None,
            url.format(number) if url is not None else None,
        )
        for number in range(count)
    ]


def test_new_is_named_by_the_best_rung() -> None:
    """The first rung that is there and trusted names an article."""
    whole = article("a", RAIN, "g", "https://example.org/a")
    memory = Memory(())

    assert recognise(whole, memory, TRUST) == New("guid", "g")
    assert recognise(whole, memory, Trust(frozenset({"guid"}))) == New("url", "https://example.org/a")
    assert recognise(article("a", RAIN), memory, TRUST) == New("content", whole.keys.content_value)
    assert recognise(whole, memory, Trust(frozenset({"guid", "url"}))) == New("content", whole.keys.content_value)


def test_nothing_but_a_distrusted_key() -> None:
    """An article without a word is known by its address, trusted or not."""
    bare = article(url="https://example.org/a")
    doubt = Trust(frozenset({"guid", "url"}))

    assert recognise(bare, Memory(()), doubt) == New("content", bare.keys.content_value)
    assert isinstance(recognise(bare, Memory((item(bare),)), doubt), Known)


def test_known_by_each_rung() -> None:
    """Any trusted key is enough, and the item takes over the keys of now."""
    old = item(article("The river has risen", RAIN, "g", "https://example.org/a"))
    memory = Memory((old,))

    for one in (
        article("The river has risen", RAIN, "g", "https://example.org/b"),
        article("The river has risen", RAIN, "h", "https://example.org/a"),
        article("The river has risen", RAIN, "h", "https://example.org/b"),
        article("The river has risen", RAIN),
    ):
        found = recognise(one, memory, TRUST)
        assert isinstance(found, Known)
        assert found.item.id == old.id
        assert found.item.guid == (one.keys.guid or old.guid)
        assert found.item.url == (one.keys.url or old.url)


def test_h146_same_guid_edited_title() -> None:
    """An edited title is one update of the same article; the fields that changed are named."""
    feed = Feed()
    feed.poll([article("Rain in Lviv", RAIN, "g", "https://example.org/a")])
    (before,) = feed.items

    heard = feed.poll([article("Heavy rain in Lviv", RAIN, "g", "https://example.org/a")])

    assert (heard.new, heard.edited) == ([], ["Heavy rain in Lviv"])
    assert (feed.items[0].id, feed.items[0].revision) == (before.id, 2)
    assert feed.poll([article("Heavy rain in Lviv", RAIN, "g", "https://example.org/a")]).known == 1


def test_edits_nobody_sees() -> None:
    """Case, punctuation and white space are no edit."""
    old = article("Rain in Lviv", RAIN, "g")
    again = article("RAIN – in Lviv!", RAIN.replace(" ", "  "), "g")

    assert isinstance(recognise(again, Memory((item(old),)), TRUST), Known)


def test_changed_fields() -> None:
    """Each field that differs is named, in order."""
    old = item(article("Rain in Lviv", RAIN, "g"))
    memory = Memory((old,))

    found = recognise(article("Rain over Lviv", RAIN + " It stopped.", "g"), memory, TRUST)

    assert isinstance(found, Edited)
    assert found.changed == ("title", "summary")
    assert found.item.hashes == old.hashes


@pytest.mark.parametrize(("revision", "kind"), [(MAX_UPDATES, Edited), (MAX_UPDATES + 1, Known)])
def test_updates_are_bounded(revision: int, kind: type) -> None:
    """A page that changes with every poll is updated 24 times and no more."""
    old = item(article("Rain in Lviv", RAIN, "g"), revision=revision)

    assert isinstance(recognise(article("Sun in Lviv", RAIN, "g"), Memory((old,)), TRUST), kind)


def test_h145_guid_missing_or_empty() -> None:
    """Without guids the URLs tell the items apart."""
    for guid in (None, ""):
        feed = Feed()
        assert len(feed.poll(numbered(20, guid)).new) == 20
        assert feed.poll(numbered(20, guid)).known == 20
        assert not feed.distrusted


@pytest.mark.parametrize("url", ["https://example.org/{}", "https://example.org/", None])
def test_h145_guid_equal_for_all(url: str | None) -> None:
    """One guid for all is not trusted; if all links lead home, too, the content decides."""
    feed = Feed()

    heard = feed.poll(numbered(20, "same", url))

    assert len(heard.new) == 20
    assert heard.changes[0] == RungChange("guid", False, "shared")
    assert len({one.id for one in feed.items}) == 20
    assert len(feed.poll(numbered(22, "same", url)).new) == 2


def test_h145_guid_new_every_poll() -> None:
    """Guids that are new with every poll are churn: noted once, and nothing is new."""
    feed = Feed()
    feed.poll(numbered(20, "a{}"))

    heard = feed.poll(numbered(20, "b{}"))

    assert (heard.new, heard.changes) == ([], (RungChange("guid", False, "churn"),))
    assert feed.poll(numbered(21, "c{}")).changes == ()
    assert len(feed.items) == 21


def test_h145_guid_new_every_poll_and_no_links() -> None:
    """With nothing but content to go by nothing is new either."""
    feed = Feed()
    feed.poll(numbered(20, "a{}", None))

    assert feed.poll(numbered(20, "b{}", None)).new == []


def test_two_items_are_no_churn() -> None:
    """Two new guids on known pages may be twins; the rung stays trusted."""
    feed = Feed()
    feed.poll(numbered(20))

    heard = feed.poll([*numbered(2, "x{}"), *numbered(20)[2:]])

    assert (heard.new, heard.changes) == ([], ())


def test_h147_same_link_under_two_guids() -> None:
    """A live page: two items with one link and different guids are two articles, and links are not trusted."""
    feed = Feed()
    live = "https://example.org/live"
    one, two = article("Quake near Izmir", RAIN, "g1", live), article("Aid on its way", RAIN[5:], "g2", live)

    heard = feed.poll([one, two])

    assert heard.new == ["Quake near Izmir", "Aid on its way"]
    assert heard.changes == (RungChange("url", False, "shared"),)


def test_h147_twins_in_one_document() -> None:
    """The same text twice, under http and https, is one article."""
    feed = Feed()
    one = article("Quake near Izmir", RAIN, "http://example.org/1", "http://example.org/1")
    two = article("Quake near Izmir", RAIN, "https://example.org/1", "https://example.org/1")

    assert feed.poll([one, two]).new == ["Quake near Izmir"]
    assert feed.poll([two, one]).new == []
    assert not feed.distrusted


def test_live_page_from_poll_to_poll() -> None:
    """One link that always shows the newest item: another guid and another title are another article."""
    feed = Feed()
    live = "https://example.org/live"
    feed.poll([article("Quake near Izmir", RAIN, "g1", live)])

    heard = feed.poll([article("Ferry resumes service", RAIN[5:], "g2", live)])

    assert (heard.new, heard.reused) == (["Ferry resumes service"], 1)


def test_h149_ten_years_on_the_first_fetch() -> None:
    """A long first document gives each item its own identity, once."""
    feed = Feed()

    assert len(feed.poll(numbered(2000)).new) == 2000
    assert feed.poll(numbered(2000)).known == 2000


def test_h150_reordered_dropped_and_added_again() -> None:
    """Order means nothing, and what comes back within the window is known."""
    feed = Feed()
    feed.poll(numbered(30))

    assert feed.poll(numbered(30)[::-1]).new == []
    assert feed.poll(numbered(30)[20:]).new == []
    assert feed.poll(numbered(30)).new == []


def test_h151_all_vanish_then_return() -> None:
    """500 items vanish for some polls and return: nothing is repeated."""
    feed = Feed()
    feed.poll(numbered(500))

    for _ in range(5):
        feed.poll([])
    feed.poll(numbered(1))

    assert feed.poll(numbered(500)).new == []


def test_h152_h153_links_that_are_none() -> None:
    """An item whose link was dropped is known by its guid or its content."""
    feed = Feed()
    feed.poll([article("Quake near Izmir", RAIN, "g", "javascript:x"), article("Ferry resumes", RAIN[9:])])

    heard = feed.poll(
        [article("Quake near Izmir", RAIN, "g", "https://example.org/q"), article("Ferry resumes", RAIN[9:], "h")]
    )

    assert heard.new == []


def test_same_greeting_every_day() -> None:
    """Equal content proves nothing if it is short and the other keys say otherwise."""
    feed = Feed()
    feed.poll([article("Good morning!", "", "g1", "https://example.org/1")])

    assert feed.poll([article("Good morning!", "", "g2", "https://example.org/2")]).new == ["Good morning!"]


def test_same_title_without_text() -> None:
    """Titles alone may repeat: other keys tell such items apart, in one document and from poll to poll."""
    feed = Feed()
    title = "Lecture on the history of the old harbour of Odesa"
    days = [article(title, "", f"g{day}", f"https://example.org/{day}") for day in range(3)]

    assert len(feed.poll(days[:2]).new) == 2
    assert len(feed.poll(days[2:]).new) == 1
    assert feed.poll(days).new == []


def test_churn_of_titles_without_text() -> None:
    """If all guids are new, titles are what is left to recognise items by."""
    feed = Feed()
    feed.poll([article(f"Lecture {day} on the old harbour", "", f"a{day}") for day in range(9)])

    heard = feed.poll([article(f"Lecture {day} on the old harbour", "", f"b{day}") for day in range(9)])

    assert (heard.new, feed.distrusted) == ([], {"guid"})


def test_same_opening_beside_the_other() -> None:
    """Two items of one document that begin alike are two."""
    feed = Feed()
    opening = "Sign up for our daily letter. " * 12
    one = article("Daily briefing", opening + "Rain.", "g1", "https://example.org/1")
    two = article("Daily briefing", opening + "Sun.", "g2", "https://example.org/2")

    feed.poll([one])

    assert feed.poll([two, one]).new == ["Daily briefing"]


def test_same_text_beside_the_other() -> None:
    """An item that is listed twice, to the last word, is one article only if no address tells the two apart."""
    feed, bare = Feed(), Feed()
    feed.poll([article("Quake near Izmir", RAIN, "g1", "https://example.org/1")])
    bare.poll([article("Quake near Izmir", RAIN)])

    again = [article("Quake near Izmir", RAIN, "g2"), article("Quake near Izmir", RAIN, "g1", "https://example.org/1")]
    twice = [article("Quake near Izmir", RAIN), article("QUAKE near Izmir", RAIN)]

    assert len(feed.poll(again).new) == 1
    assert bare.poll(twice).new == []


def test_an_item_that_owns_its_guid_is_not_taken() -> None:
    """A twin that comes first in the document does not hide the edit of the item it resembles."""
    feed = Feed()
    old = article("Quake near Izmir", RAIN, "g1", "https://example.org/1")
    feed.poll([old])
    twin = article("Quake near Izmir", RAIN, "g2", "https://example.org/2")
    edited = article("Strong quake near Izmir", RAIN, "g1", "https://example.org/1")

    assert feed.poll([twin, edited]).edited == ["Strong quake near Izmir"]


def test_distrust_stays_until_judged_anew() -> None:
    """A rung that was lost is not believed again by itself; without the old verdict a good document restores it."""
    articles = numbered(5)
    memory = Memory(())

    assert judge_rungs(articles, (), memory, frozenset({"guid"})).distrusted == {"guid"}
    assert judge_rungs(articles, (), memory, frozenset()).distrusted == frozenset()


def test_known_items_count_when_rungs_are_judged() -> None:
    """A new item that has the guid of one that came back unchanged makes the guid a shared one."""
    old = article("Quake near Izmir", RAIN, "g", "https://example.org/1")
    memory = Memory((item(old),))
    back = memory.touch_raw(old.raw_hash)
    assert back is not None

    trust = judge_rungs([article("Ferry resumes", RAIN[9:], "g", "https://example.org/2")], [back], memory, frozenset())

    assert trust.distrusted == {"guid"}


def test_reused_names_differ() -> None:
    """A reused number makes an article with an id of its own, the same each time."""
    old = article("Quake near Izmir", RAIN, "g", "https://example.org/1")
    new = article("Ferry resumes service", RAIN[9:], "g", "https://example.org/2")
    memory = Memory((item(old),))

    found = recognise(new, memory, TRUST)

    assert isinstance(found, New)
    assert found.reused
    assert found == recognise(new, memory, TRUST)
    assert found.value not in (old.keys.guid_value, new.keys.guid_value, new.keys.url_value)


def test_reuse_needs_titles() -> None:
    """Without words to compare, a changed link under a known guid is an edit."""
    old = item(article("", RAIN, "g", "https://example.org/1"))

    found = recognise(article("", RAIN[9:], "g", "https://example.org/2"), Memory((old,)), TRUST)
    legacy = recognise(
        article("Ferry resumes service", RAIN[9:], "g", "https://example.org/2"),
        Memory((replace(old, title=b""),)),
        TRUST,
    )

    assert isinstance(found, Edited)
    assert isinstance(legacy, Edited)
