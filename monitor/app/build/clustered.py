"""The Kafka ledger's side of assembly: which cluster, which names, and every port that stands on it."""

from __future__ import annotations

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.installation import Installation
from monitor.config.config import Config
from monitor.config.schema import KafkaLedgerSettings
from monitor.publish.topics import TopicSpec, TopicTable


def ledger_of(config: Config) -> KafkaLedgerSettings:
    """The settings of the Kafka ledger; only where that is the ledger."""
    assert isinstance(config.settings.ledger, KafkaLedgerSettings)
    return config.settings.ledger


def cluster_of(config: Config) -> ClusterSettings:
    """How to reach the ledger's cluster."""
    ledger = ledger_of(config)
    return ClusterSettings(ledger.bootstrap_servers, ledger.security, client_id=config.settings.app)


def installation_of(config: Config) -> Installation:
    """The names of this installation."""
    ledger, table = ledger_of(config), table_of(config)
    return Installation(
        app=config.settings.app,
        feeds=table.feeds,
        states=table.feed_state,
        rescue=table.rescue,
        shards=ledger.shards,
        transaction_timeout=float(ledger.transaction_timeout),
        session_timeout=float(ledger.session_timeout),
        prefix=table.prefix,
    )


def table_of(config: Config) -> TopicTable:
    """Its topics."""
    return TopicTable(config.settings.topics.prefix, config.settings.alerts.topic)


def ledger_specs(config: Config) -> tuple[TopicSpec, ...]:
    """The topics that only the ledger itself uses."""
    wanted, ledger = config.settings.topics, ledger_of(config)
    return table_of(config).ledger_plan(
        ledger.shards, wanted.replication, wanted.min_insync_replicas, spool=ledger.spool is not None
    )
