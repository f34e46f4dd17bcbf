"""Records of many partitions under one count: order, bounds, places."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.adapters.kafka.event_intake import level_of
from monitor.adapters.kafka.event_ring import Read, Ring, size_of
from monitor.testing.builders import record
from monitor.testing.clock import START

ARTICLES, ALERTS = ("news.articles", 0), ("news.alerts.x", 1)


def read(topic: str, offset: int, at: float | None = None) -> Read:
    """A record at an offset, made so many seconds after the start."""
    return record(offset, topic, START + (offset if at is None else at)), offset


def ring(hold: int = 1000, size: int = 1 << 20) -> Ring:
    """An empty one that follows two partitions."""
    made = Ring(hold, size)
    made.adopt(ARTICLES, 0)
    made.adopt(ALERTS, 0)
    return made


def filled() -> Ring:
    """Articles at 0 to 4, alerts at 0, 2 and 4: holes are what a broker leaves."""
    made = ring()
    made.append(
        {
            ARTICLES: [read("news.articles", n) for n in range(5)],
            ALERTS: [read("news.alerts.x", n, n + 0.5) for n in (0, 2, 4)],
        }
    )
    return made


def whole(one: Ring, after: int = 0, *topics: str) -> list[tuple[str, int | None]]:
    """What is read, by topic and offset."""
    return [(row.record.topic, row.place and row.place[1]) for row in one.read(after, topics, 1000, 1 << 30)]


def test_what_comes_together_is_numbered_by_time() -> None:
    """And each partition stays as it is, also where its times go back."""
    made = ring()
    made.append(
        {
            ARTICLES: [read("news.articles", 0, 5), read("news.articles", 1, 1)],
            ALERTS: [read("news.alerts.x", 0, 3), read("news.alerts.x", 1, 6)],
        }
    )

    assert whole(made) == [("news.alerts.x", 0), ("news.articles", 0), ("news.articles", 1), ("news.alerts.x", 1)]


def test_reading_is_bounded_by_number_and_bytes() -> None:
    """The first record comes whatever its size."""
    made = filled()
    one = len(record(1).value)

    assert [row.seq for row in made.read(2, (), 3, 1 << 30)] == [3, 4, 5]
    assert [row.seq for row in made.read(0, (), 100, 1)] == [1]
    assert [row.seq for row in made.read(0, (), 100, 2 * one)] == [1, 2]


def test_places_and_numbers_are_two_names_of_the_same() -> None:
    """For every record that is held, also when others between were let go."""
    made = filled()
    seqs = [row.seq for row in made.read(0, (), 100, 1 << 30)]
    assert [made.seek(made.places(seq)) for seq in (0, *seqs)] == [0, *seqs]
    assert made.places(made.head) == {ARTICLES: 5, ALERTS: 5}

    made.hold = 5
    made.evict()
    left = [row.seq for row in made.read(0, (), 100, 1 << 30)]
    assert len(left) == 5
    assert [made.seek(made.places(seq)) for seq in left] == left


def test_a_place_before_what_is_held_means_its_beginning() -> None:
    """What is gone is gone; what is left comes."""
    made = filled()
    made.drop(4)

    assert made.seek({}) == 4
    assert whole(made, made.seek({ARTICLES: 1})) == whole(made)


def test_a_place_of_another_process_leaves_nothing_out() -> None:
    """Where the others were ahead in one partition only, records of it may come again."""
    made = filled()

    assert set(whole(made, made.seek({ARTICLES: 1, ALERTS: 3}))) >= {("news.articles", n) for n in range(1, 5)} | {
        ("news.alerts.x", 4)
    }
    assert made.seek({ARTICLES: 100, ALERTS: 100}) == made.head


def test_few_records_of_a_quiet_topic_outlive_many_of_a_busy_one() -> None:
    """The longest lane gives; what is complete is told."""
    made = ring(hold=100)
    made.append({ALERTS: [read("news.alerts.x", n) for n in range(3)]})
    for start in range(0, 1000, 50):
        made.append({ARTICLES: [read("news.articles", n) for n in range(start, start + 50)]})
        made.evict()

    assert len(whole(made, 0, "news.alerts.*")) == 3
    assert 90 <= len(whole(made)) <= 100
    articles = made.read(0, ["news.articles"], 1, 1 << 30)
    assert made.whole == articles[0].seq


def test_bytes_are_bounded_too() -> None:
    """One record stays, however large."""
    made = ring(size=10_000)
    made.append({ARTICLES: [(replace(record(n), value=b"x" * 3000), n) for n in range(9)]})
    made.evict()
    assert 1 <= len(whole(made)) <= 3

    made.append({ARTICLES: [(replace(record(9), value=b"x" * 30_000), 9)]})
    made.evict()
    assert whole(made) == [("news.articles", 9)]


def test_what_its_reader_has_makes_room() -> None:
    """Places stay exact."""
    made = ring(hold=8)
    made.append({ARTICLES: [read("news.articles", n) for n in range(8)]})
    assert made.full

    made.drop(5)
    assert not made.full
    assert made.whole == 6
    assert made.places(5) == {ARTICLES: 5, ALERTS: 0}
    made.drop(8)
    assert (whole(made), made.whole, made.places(8)[ARTICLES]) == ([], 9, 8)


def test_a_partition_that_went_to_another_is_forgotten() -> None:
    """With its records, and its room."""
    made = ring(hold=6)
    made.append(
        {ARTICLES: [read("news.articles", n) for n in range(4)], ALERTS: [read("news.alerts.x", n) for n in range(2)]}
    )
    made.forget(ARTICLES)

    assert (made.full, made.topics(), made.places(6)) == (False, ["news.alerts.x"], {ALERTS: 2})


def test_history_is_numbered_once_it_is_complete() -> None:
    """From the place behind what it let go."""
    history, made = ring(hold=4), ring(hold=4)
    history.append({ARTICLES: [read("news.articles", n) for n in range(8)]})
    history.evict()
    made.take_over(history)

    assert whole(made) == [("news.articles", n) for n in range(4, 8)]
    assert (made.head, made.places(0)[ARTICLES]) == (4, 4)


def test_filters_are_exact() -> None:
    """Headers by name and value, the feed by its id."""
    made = filled()

    assert [one.record.key for one in made.latest((), None, {"ce_subject": "article-2", "feed": "example"})] == [
        "article-2"
    ] * 2
    assert list(made.latest((), None, {"feed": "exam"})) == []
    assert [one.seq for one in made.latest(["news.articles"], 6, {})] == sorted(
        (row.seq for row in made.read(0, ["news.articles"], 100, 1 << 30) if row.seq < 6), reverse=True
    )


def test_memory_of_a_record_counts_all_its_parts() -> None:
    """Headers and key too."""
    small = record(1)

    assert size_of(replace(small, value=small.value + b"1234", key=small.key + "12")) == size_of(small) + 6


@pytest.mark.parametrize(
    ("sizes", "room", "level"), [([], 100, 0), ([5, 5], 100, 5), ([1000, 10, 1000], 100, 45), ([50, 50], 0, 1)]
)
def test_small_partitions_give_all_they_have(sizes: list[int], room: int, level: int) -> None:
    """And large ones share what room is left."""
    assert level_of(sizes, room) == level
