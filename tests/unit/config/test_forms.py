"""Texts of a set form."""

from __future__ import annotations

import pytest

from monitor.config import forms

GOOD = [
    (forms.identifier, ["a", "bbc-world", "0", "a" * 64]),
    (
        forms.feed_url,
        [
            "https://example.org/feed.xml",
            "HTTP://Example.org",
            "http://[2001:db8::1]:8080/a",
            "https://приклад.укр/стрічка",
        ],
    ),
    (forms.proxy_url, ["http://proxy.example.org:3128", "https://user:pw@proxy"]),
    (forms.language, ["uk", "pt-BR", "zh-Hant-TW", "ckb", "EN", "no"]),
    (forms.country, ["TW", "UA", "XK"]),
    (forms.zone, ["Europe/Kyiv", "UTC", "Asia/Taipei"]),
    (forms.charset, ["utf-8", "windows-1251", "Big5", "koi8-u"]),
    (forms.network, ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]),
    (forms.host, ["example.org", "localhost", "a-b.example.co.uk", "_x.example"]),
    (forms.listen_host, ["127.0.0.1", "0.0.0.0", "::", "localhost"]),
    (forms.bootstrap, ["kafka:9092", "10.0.0.1:9092", "[2001:db8::1]:9092"]),
    (forms.nameserver, ["192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:53"]),
    (forms.topic_prefix, ["", "news.", "a_b-"]),
    (forms.topic, ["alerts.ukraine", "alerts"]),
    (forms.topic_template, ["alerts.{watch}", "alerts"]),
    (forms.topic_pattern, ["news.alerts.*", "*", "news.articles"]),
    (forms.contact, ["https://example.org/about", "news@example.org", "mailto:news@example.org"]),
    (forms.base_path, ["/", "/news/", "/a/b"]),
    (forms.text_line, ["news-monitor/1"]),
]
BAD = [
    (forms.identifier, ["", "-a", "A", "a_b", "a.b", "a" * 65, "новини", "a\n"]),
    (
        forms.feed_url,
        [
            "",
            "example.org",
            "ftp://example.org",
            "https://",
            "https:///a",
            "https://example.org/a b",
            "https://a\nb",
            "http://[::1",
            "https://example.org:port/",
            "https://e.org/" + "a" * 4096,
        ],
    ),
    (forms.proxy_url, ["socks5://localhost", "proxy:3128", "http://"]),
    (forms.language, ["", "english", "xx", "u", "uk_UA", "uk-"]),
    (forms.country, ["", "ua", "UK", "UKR", "XX"]),
    (forms.zone, ["", "Kyiv", "../etc/passwd", "/etc/passwd", "Europe/Nowhere"]),
    (forms.charset, ["", "utf-99", "base64", "rot13", "a\0b"]),
    (forms.network, ["10.0.0.1/8", "x", "10.0.0.0/33"]),
    (forms.host, ["", "https://example.org", "example.org:80", "a..b", "-a.org", "example.org."]),
    (forms.listen_host, ["", "my host", "1.2.3.4:80"]),
    (forms.bootstrap, ["kafka", "kafka:0", "kafka:65536", ":9092", "kafka:9092/x", "kafka:٩", "kafka:" + "9" * 9999]),
    (forms.nameserver, ["dns.example.org", "192.0.2.53:dns", "[::1"]),
    (forms.topic_prefix, ["news/", "новини."]),
    (forms.topic, ["", ".", "..", "a b", "alerts.{watch}", "a" * 201]),
    (forms.topic_template, ["", "alerts.{name}", "{watch", "a b"]),
    (forms.topic_pattern, ["", "news alerts", "?"]),
    (forms.contact, ["", "call me", "javascript:alert(1)", "https://", "a@b\r\nX: y", "https://example.org/(x)"]),
    (forms.base_path, ["", "news", "//x//", "/a b", "/../"[:0] + "/a?b"]),
    (forms.text_line, ["", "a\r\nb", "é"]),
]


@pytest.mark.parametrize(("check", "text"), [(check, text) for check, texts in GOOD for text in texts])
def test_good(check: forms.Check, text: str) -> None:
    """What people really write."""
    assert check(text) is None


@pytest.mark.parametrize(("check", "text"), [(check, text) for check, texts in BAD for text in texts])
def test_bad(check: forms.Check, text: str) -> None:
    """Each answer is a sentence that says what is allowed."""
    assert (check(text) or "").startswith(("has ", "is ", "begins "))


def test_united_kingdom() -> None:
    """The one code that everybody gets wrong."""
    assert "GB" in (forms.country("UK") or "")


def test_codes_are_complete() -> None:
    """ISO 3166-1 has 249 codes, and Kosovo's; ISO 639-1 has 183, and some that were withdrawn."""
    assert len(forms.codes("countries")) == 250
    assert len(forms.codes("languages")) == 189
