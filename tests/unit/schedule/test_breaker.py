"""The uplink breaker."""

from monitor.model.ids import HostKey
from monitor.schedule.breaker import UplinkBreaker


def fail(
    breaker: UplinkBreaker, polls: int, domains: int, kind: str = "timeout", reason: str = "connect"
) -> list[bool]:
    """So many failing polls over so many domains, a second apart."""
    return [breaker.told(HostKey(f"www.d{n % domains}.example"), kind, reason, float(n)) for n in range(polls)]


def test_b35_opens_when_nearly_everything_fails() -> None:
    """The tenth failing poll over five domains, and one change only."""
    breaker = UplinkBreaker()

    assert fail(breaker, 12, 5) == [False] * 9 + [True, False, False]
    assert not breaker.up
    assert (breaker.failing, breaker.polls) == (10, 12)


def test_four_domains_are_not_the_uplink() -> None:
    """A platform that is down takes many hosts with it, not us."""
    breaker = UplinkBreaker()
    fail(breaker, 40, 4)

    assert breaker.up


def test_a_quarter_of_answers_keeps_it_closed() -> None:
    """Three in four failing is below four in five."""
    breaker = UplinkBreaker()
    for n in range(40):
        breaker.told(HostKey(f"d{n}.example"), "ok" if n % 4 == 0 else "dns", "servfail", float(n))

    assert breaker.up


def test_broken_feeds_are_not_the_uplink() -> None:
    """404 and broken XML are answers."""
    breaker = UplinkBreaker()
    fail(breaker, 20, 20, "http_status", "404")
    fail(breaker, 20, 20, "parse", "")

    assert breaker.up


def test_old_failures_do_not_count() -> None:
    """Ten failures over half an hour are ten failures."""
    breaker = UplinkBreaker()
    for n in range(20):
        breaker.told(HostKey(f"d{n}.example"), "connect", "refused", n * 60.0)

    assert breaker.up
    assert breaker.polls == 3


def test_h50_n03_captive_portal_opens_it() -> None:
    """The same page in everybody's place is our uplink, and seeing it again is no answer."""
    breaker = UplinkBreaker()

    assert any(fail(breaker, 10, 10, "not_a_feed", "login"))
    assert not any(fail(breaker, 10, 10, "not_a_feed", "login"))
    assert not breaker.up


def test_different_pages_are_different_faults() -> None:
    """Ten hosts with five kinds of pages are ten hosts."""
    breaker = UplinkBreaker()
    for n in range(20):
        breaker.told(HostKey(f"d{n}.example"), "not_a_feed", ("html", "login", "consent", "empty")[n % 4], 1.0)

    assert breaker.up


def test_three_domains_close_it() -> None:
    """Three answers of one domain are one; the window begins anew."""
    breaker = UplinkBreaker()
    fail(breaker, 10, 5)
    hosts = ("a.one.example", "b.one.example", "two.example", "three.example")

    assert [breaker.told(HostKey(host), "http_status", "404", 20.0) for host in hosts] == [False, False, False, True]
    assert breaker.up
    assert not breaker.told(HostKey("four.example"), "timeout", "connect", 21.0)
