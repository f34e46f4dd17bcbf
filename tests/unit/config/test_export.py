"""Effective values with their source."""

from __future__ import annotations

import pytest

from monitor.config.export import Effective, effective, spell_value
from monitor.config.load import load
from monitor.config.schema import Settings
from monitor.model.units import Duration, Ratio, Size


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Duration(90), "90s"),
        (Duration(3600), "1h"),
        (Duration(86400 * 30), "30d"),
        (Duration(0.25), "250ms"),
        (Duration(0), "0s"),
        (Duration(1.5), "1500ms"),
        (Duration(0.0005), "0.0005s"),
        (Size(1536), "1536B"),
        (Size(10 << 20), "10MiB"),
        (Size(0), "0B"),
        (Ratio(0.1), "10%"),
        (Ratio(0.125), "12.5%"),
        (Ratio(0), "0%"),
    ],
)
def test_quantities_are_spelled_as_files_have_them(value: Duration | Size | Ratio, text: str) -> None:
    """And read back to the same value."""
    assert spell_value(value) == text
    assert type(value).of(text) == pytest.approx(value)


def shown(files: dict[str, str], environ: dict[str, str] | None = None) -> dict[str, Effective]:
    config = load(files, {"/run/secrets/token": "hunter2"}, environ or {})
    return {row.path: row for row in effective(config.settings, config.tree)}


def test_sources() -> None:
    """Default, file and line, variable."""
    rows = shown(
        {"monitor.yaml": "app: mine\nfetch:\n  concurrency: 9\n", "conf.d/a.yaml": "\nhosts: {in_flight: 2}\n"},
        {"MONITOR__LOG__LEVEL": "debug"},
    )

    assert rows["app"] == Effective("app", "mine", "monitor.yaml:1")
    assert rows["fetch.concurrency"] == Effective("fetch.concurrency", 9, "monitor.yaml:3")
    assert rows["fetch.total_timeout"] == Effective("fetch.total_timeout", "30s", "default")
    assert rows["hosts.in_flight"].source == "conf.d/a.yaml:2"
    assert rows["log.level"].source == "MONITOR__LOG__LEVEL"
    assert rows["schedule.class"].value == "polite"


def test_lists_and_sections_that_are_off() -> None:
    """A list of words is one value, a list of mappings one row each; null is a value."""
    rows = shown({"monitor.yaml": "server: null\nfetch: {allow_hosts: [a, b]}\nsinks: [{kind: stdout}]\n"})

    assert rows["server"] == Effective("server", None, "monitor.yaml:1")
    assert rows["fetch.allow_hosts"].value == ["a", "b"]
    assert rows["sinks[0].kind"] == Effective("sinks[0].kind", "stdout", "monitor.yaml:3")
    assert rows["sinks[0].name"].source == "default"


def test_secrets_are_masked() -> None:
    """Paths of secret files are shown, their texts and passwords in URLs never."""
    rows = shown(
        {"monitor.yaml": "server: {read_token_file: /run/secrets/token}\nfetch: {proxy: 'http://me:hunter2@proxy:1'}\n"}
    )

    assert rows["server.read_token_file"].value == "/run/secrets/token"
    assert rows["fetch.proxy"].value == "http://***@proxy:1"
    assert "hunter2" not in repr(rows)


def test_every_setting_has_a_row() -> None:
    """In the order of the schema."""
    assert next(iter(shown({}))) == "contact"
    assert {path.split(".")[0].split("[")[0] for path in shown({})} == set(spell_value(Settings()))
