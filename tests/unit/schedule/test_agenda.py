"""The heap of due polls."""

from monitor.model.ids import FeedId, HostKey
from monitor.schedule.agenda import Agenda

A, B = HostKey("a.example"), HostKey("b.example")


def anyone(host: HostKey) -> bool:
    """Every host can start."""
    return True


def planned(*polls: tuple[str, HostKey, float]) -> Agenda:
    """An agenda with these polls."""
    agenda = Agenda()
    for feed, host, due in polls:
        agenda.put(FeedId(feed), host, due)
    return agenda


def test_hosts_take_turns_and_feeds_their_order() -> None:
    """One feed of each host a round, the one that is due longest first."""
    agenda = planned(("a2", A, 2.0), ("a1", A, 1.0), ("a3", A, 3.0), ("b1", B, 2.5), ("later", B, 99.0))

    assert [agenda.pop_ready(10.0, anyone) for _ in range(4)] == [["a1", "b1"], ["a2"], ["a3"], []]
    assert len(agenda) == 1


def test_nothing_is_taken_before_it_is_due() -> None:
    """A poll due at 5 is taken at 5."""
    agenda = planned(("a", A, 5.0))

    assert agenda.pop_ready(4.9, anyone) == []
    assert agenda.next_due() == 5.0
    assert agenda.pop_ready(5.0, anyone) == ["a"]
    assert agenda.next_due() is None


def test_host_that_cannot_start_keeps_its_polls() -> None:
    """The budget is asked when picking; what may not start stays, and its time shows as passed."""
    agenda = planned(("a", A, 1.0), ("b", B, 2.0))

    assert agenda.pop_ready(3.0, lambda host: host == B) == ["b"]
    assert agenda.next_due() == 1.0
    assert agenda.pop_ready(3.0, anyone) == ["a"]


def test_newest_plan_counts() -> None:
    """Planning again moves a feed, also to another host; removing forgets it."""
    agenda = planned(("a", A, 1.0), ("b", B, 5.0))
    agenda.put(FeedId("a"), B, 9.0)
    assert agenda.due(FeedId("a")) == 9.0
    assert agenda.next_due() == 5.0

    agenda.remove(FeedId("b"))
    agenda.remove(FeedId("unknown"))
    assert agenda.next_due() == 9.0
    assert FeedId("b") not in agenda
    assert agenda.due(FeedId("b")) is None
    assert agenda.pop_ready(10.0, anyone) == ["a"]


def test_limit_keeps_the_round_going() -> None:
    """A bounded round goes on where it stopped."""
    agenda = planned(*((f"f{n}", HostKey(f"h{n}"), float(n)) for n in range(5)))

    assert agenda.pop_ready(9.0, anyone, limit=2) == ["f0", "f1"]
    assert agenda.pop_ready(9.0, anyone, limit=2) == ["f2", "f3"]
    assert agenda.pop_ready(9.0, anyone, limit=2) == ["f4"]


def test_b16_h66_one_host_with_5000_feeds_starves_nobody() -> None:
    """A hundred other hosts are all served in the first round, and the big one gets one place."""
    big = [(f"big{n}", A, 0.0) for n in range(5000)]
    agenda = planned(*big, *((f"f{n}", HostKey(f"h{n}"), 1.0) for n in range(100)))

    first = agenda.pop_ready(1.0, anyone)

    assert len(first) == 101
    assert [feed for feed in first if feed.startswith("big")] == ["big0"]
    assert agenda.pop_ready(1.0, anyone) == ["big1"]


def test_fifty_thousand_feeds_run_through() -> None:
    """Every poll is taken exactly once, host after host."""
    agenda = planned(*((f"f{n}", HostKey(f"h{n % 5000}"), n / 1000) for n in range(50_000)))
    taken: list[str] = []
    while len(agenda):
        taken += agenda.pop_ready(60.0, anyone)

    assert len(taken) == len(set(taken)) == 50_000
    assert agenda.next_due() is None


def test_replanning_does_not_grow_the_heap() -> None:
    """A feed that is put again and again leaves no pile of old entries."""
    agenda = Agenda()
    for n in range(10_000):
        agenda.put(FeedId("a"), A, 1e9 - n)

    assert len(agenda._queues[A].heap) < 200
    assert agenda.next_due() == 1e9 - 9999
