"""`monitor.yaml`, `conf.d` and the environment."""

from __future__ import annotations

from typing import Any

from monitor.config.places import EMPTY, plant
from monitor.config.schema import JsonlSettings, KafkaSettings, Settings, StdoutSettings
from monitor.config.settings import compose, layers, merge
from monitor.model.units import Duration


def settings(files: dict[str, str], environ: dict[str, str] | None = None) -> Settings:
    tree, wrong = layers(files, environ or {})
    value, more = compose(tree)
    assert [*wrong, *more] == []
    return value


def test_nothing_said_is_the_defaults() -> None:
    """Every key is optional."""
    assert settings({}) == Settings()
    assert settings({"monitor.yaml": "# only a comment\n", "conf.d/a.yaml": "---\n"}) == Settings()


def test_layers_from_weakest_to_strongest() -> None:
    """monitor.yaml, conf.d in the order of names, the environment."""
    files = {
        "monitor.yaml": "fetch: {concurrency: 1, max_redirects: 1, max_ratio: 1}\napp: one\n",
        "conf.d/20.yaml": "fetch: {max_redirects: 3}\n",
        "conf.d/10.yaml": "fetch: {concurrency: 2, max_redirects: 2}\n",
        "conf.d/ignored.txt": "fetch: {concurrency: 99}\n",
    }

    value = settings(files, {"MONITOR__FETCH__MAX_RATIO": "4"})

    assert (value.fetch.concurrency, value.fetch.max_redirects, value.fetch.max_ratio) == (2, 3, 4)
    assert value.app == "one"


def test_lists_are_replaced() -> None:
    """A list that were merged could never lose an entry."""
    files = {"monitor.yaml": "sinks: [{kind: jsonl}, {kind: stdout}]\n", "conf.d/a.yaml": "sinks: [{kind: stdout}]\n"}

    assert settings(files).sinks == (StdoutSettings(name="stdout"),)


def test_empty_list_of_sinks_is_no_sink() -> None:
    """Not the same as saying nothing."""
    assert settings({"monitor.yaml": "sinks: []\n"}).sinks == ()
    assert settings({}).sinks == (JsonlSettings(name="jsonl"),)


def test_partial_mapping_keeps_our_default() -> None:
    """A domain with more requests at once keeps the spacing of domains, not that of a host."""
    value = settings({"monitor.yaml": "hosts: {domain: {in_flight: 8}}\n"})

    assert (value.hosts.domain.in_flight, value.hosts.domain.spacing) == (8, 0.25)


def test_override_of_one_host() -> None:
    """Names of hosts are keys."""
    value = settings({"monitor.yaml": "hosts: {overrides: {feeds.example.org: {in_flight: 4, spacing: 0s}}}\n"})

    assert value.hosts.rule("feeds.example.org").in_flight == 4
    assert value.hosts.rule("other.example.org").spacing == 1


def test_null_switches_a_port_off() -> None:
    """In a file and in the environment."""
    value = settings({"monitor.yaml": "server: null\n"}, {"MONITOR__ADMIN": "null"})

    assert (value.server, value.admin) == (None, None)


def test_class_is_a_key_of_files() -> None:
    """Python keeps the word for itself."""
    assert settings({"monitor.yaml": "schedule: {class: news}\n"}).schedule.cls == "news"


def test_kafka_sink() -> None:
    """Security and filter of a sink."""
    text = """
sinks:
  - kind: kafka
    bootstrap_servers: [a:9092, b:9092]
    topics: ["news.alerts.*"]
    max_lag: 1d
    security: {protocol: sasl_ssl, mechanism: SCRAM-SHA-512, username: me, password_file: /run/secrets/kafka}
"""
    (sink,) = settings({"monitor.yaml": text}).sinks

    assert isinstance(sink, KafkaSettings)
    assert (sink.name, sink.max_lag, sink.security.password_file) == ("kafka", Duration(86400), "/run/secrets/kafka")


def test_what_is_wrong_keeps_its_default() -> None:
    """So that what is right can be checked further."""
    tree, _ = layers({"monitor.yaml": "app: mine\nfetch: {concurrency: many, max_ratio: 5}\n"}, {})
    value, problems = compose(tree)

    assert len(problems) == 1
    assert (value.app, value.fetch.concurrency, value.fetch.max_ratio) == ("mine", 256, 5)


def test_merge() -> None:
    """Key by key, and anything else replaces."""
    below = plant({"a": {"b": 1, "c": 2}, "d": [1]}, "x")
    above: dict[str, Any] = {"a": {"b": 3}, "d": [2], "e": None}

    assert merge(below, plant(above, "y")).plain() == {"a": {"b": 3, "c": 2}, "d": [2], "e": None}
    assert merge(below, EMPTY._replace(value=None)).plain() is None
