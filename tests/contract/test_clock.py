"""What every clock promises: `Clock` of `monitor/ports.py`."""

import asyncio

import pytest

from monitor.adapters.clock import SystemClock
from monitor.model.notes import ClockJumped, Note
from monitor.ports import Clock
from monitor.testing.clock import START, ManualClock

CLOCKS = {"system": lambda: SystemClock(lambda _note: None), "manual": ManualClock}


@pytest.fixture(params=list(CLOCKS))
def clock(request: pytest.FixtureRequest) -> Clock:
    """One of each kind."""
    return CLOCKS[request.param]()


async def pass_time(clock: Clock, seconds: float) -> None:
    """Lets time go by, whoever makes it go."""
    if isinstance(clock, ManualClock):
        clock.advance(seconds)
    else:
        await asyncio.sleep(seconds)


async def test_both_times_move_together_and_never_back(clock: Clock) -> None:
    """Wall time and monotonic time grow by the same."""
    now, monotonic = clock.now(), clock.monotonic()
    await pass_time(clock, 0.02)

    assert clock.now() - now == pytest.approx(clock.monotonic() - monotonic, abs=0.01)
    assert clock.now() >= now + 0.01


async def test_sleeping_ends_when_the_time_has_come(clock: Clock) -> None:
    """Not before; at once for a time that has passed."""
    await asyncio.wait_for(clock.sleep_until(clock.monotonic() - 1), 1)
    until = clock.monotonic() + 0.03
    sleeping = asyncio.ensure_future(clock.sleep_until(until))
    await asyncio.sleep(0)
    assert not sleeping.done()
    await pass_time(clock, 0.03)

    await asyncio.wait_for(sleeping, 1)

    assert clock.monotonic() >= until


async def test_chance_lies_between_minus_one_and_one(clock: Clock) -> None:
    """One end included, the other not."""
    assert all(-1 <= clock.jitter() < 1 for _ in range(1000))


class Machine:
    """The clocks of a machine somebody sets."""

    def __init__(self) -> None:
        self.wall, self.monotonic = START, 50.0
        self.notes: list[Note] = []
        self.clock = SystemClock(self.notes.append, lambda: self.wall, lambda: self.monotonic)

    def go(self, seconds: float, *, jump: float = 0.0) -> float:
        """Time passes, the wall clock is set as well; returns what our clock says, from its start."""
        self.wall += seconds + jump
        self.monotonic += seconds
        return self.clock.now() - START


def test_c01_clock_set_forward_is_followed_with_a_note() -> None:
    """Two hours ahead, or a night asleep: the new time counts from then on."""
    machine = Machine()

    assert machine.go(10) == 10
    assert machine.go(10, jump=7200) == 7220
    assert machine.go(10) == 7230
    assert machine.notes == [ClockJumped(7200)]


def test_c01_clock_set_back_does_not_turn_time_back() -> None:
    """Three days back: time goes on from where it was, noted once; and nothing more happens when it is set right."""
    machine = Machine()
    machine.go(10)

    assert machine.go(10, jump=-3 * 86400) == 20
    assert machine.go(10) == 30
    assert machine.notes == [ClockJumped(-3 * 86400)]
    assert machine.go(10, jump=3 * 86400) == 40
    assert machine.notes[1:] == [ClockJumped(3 * 86400)]


def test_c02_clock_at_1970_is_set_right_with_one_note() -> None:
    """A machine without a battery gets its time a minute after the start."""
    machine = Machine()
    machine.wall = 0.0
    machine.clock = SystemClock(machine.notes.append, lambda: machine.wall, lambda: machine.monotonic)

    assert machine.go(60) == 60 - START
    assert machine.go(10, jump=START - 70) == 0
    assert machine.go(10) == 10
    assert machine.notes == [ClockJumped(START - 70)]


def test_c04_a_leap_second_neither_jumps_nor_turns_time_back() -> None:
    """The second that is there twice is two seconds to us."""
    machine = Machine()
    machine.go(10)

    assert machine.go(1, jump=-1.0) == 11
    assert [machine.go(1) for _ in range(3)] == [12, 13, 14]
    assert machine.notes == []


def test_small_corrections_are_no_jump() -> None:
    """What time services do all day."""
    machine = Machine()

    assert [machine.go(10, jump=step) for step in (0.5, -1.0, 0.9)] == [10, 20, 30]
    assert machine.notes == []


async def test_manual_clock_runs_from_sleeper_to_sleeper() -> None:
    """Each wakes at its own time, in order, and may sleep again."""
    clock, seen = ManualClock(jitter=0.5), list[tuple[str, float]]()

    async def tick(name: str, every: float) -> None:
        while True:
            await clock.sleep_until(clock.monotonic() + every)
            seen.append((name, clock.now() - START))

    tasks = [asyncio.ensure_future(tick("a", 10)), asyncio.ensure_future(tick("b", 15))]
    await asyncio.sleep(0)
    await clock.run(31)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert seen == [("a", 10), ("b", 15), ("a", 20), ("b", 30), ("a", 30)]
    assert (clock.next_wake, clock.jitter()) == (None, 0.5)


def test_manual_clock_jumps_forward_only() -> None:
    """As the real one."""
    clock = ManualClock()
    clock.jump(100)
    clock.jump(-50)

    assert (clock.now(), clock.monotonic()) == (START + 100, ManualClock().monotonic())
