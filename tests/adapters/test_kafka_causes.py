"""Brokers too old are refused with text, and each complaint of the library leads to a key of the configuration."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.adapters.kafka.causes import BROKER, remedy
from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.producer import Producer
from monitor.adapters.kafka.transaction import Transactional
from monitor.config.schema import SecuritySettings
from monitor.errors import LedgerError, Unreachable
from tests.support.mock_cluster import Api, MockCluster

UNKNOWN = (-1, -1)


@pytest.fixture
def mock() -> Iterator[MockCluster]:
    with MockCluster() as cluster:
        cluster.create("news")
        yield cluster


@pytest.mark.parametrize(
    ("api", "versions", "lacking"),
    [
        (Api.INIT_PRODUCER_ID, UNKNOWN, "InitProducerId"),
        (Api.ADD_PARTITIONS_TO_TXN, UNKNOWN, "it lacks AddPartitionsToTxn;"),
        (Api.END_TXN, UNKNOWN, "it lacks EndTxn;"),
        (Api.PRODUCE, (0, 2), "it lacks Produce;"),
        (Api.FETCH, (0, 3), "it lacks Fetch;"),
    ],
)
async def test_f13_ledger_refuses_a_broker_that_is_too_old(
    mock: MockCluster, api: Api, versions: tuple[int, int], lacking: str
) -> None:
    """When it is opened, not in the middle of a transaction, and with what to do."""
    mock.serve(api, *versions)
    with pytest.raises(LedgerError, match=f"{lacking}.* made for Kafka 4"):
        await Transactional.open(settings(mock), "id", 30)


@pytest.mark.parametrize(("api", "versions"), [(Api.INIT_PRODUCER_ID, UNKNOWN), (Api.PRODUCE, (0, 2))])
async def test_f13_sink_refuses_a_broker_that_is_too_old(
    mock: MockCluster, api: Api, versions: tuple[int, int]
) -> None:
    """Without idempotence records would come twice, without headers they would have no id."""
    mock.serve(api, *versions)
    with pytest.raises(Unreachable, match=r"InitProducerId|it lacks Produce"):
        await Producer.open(settings(mock))


async def test_sink_needs_no_transactions(mock: MockCluster) -> None:
    """It is the way to brokers that have none."""
    for api in (Api.ADD_PARTITIONS_TO_TXN, Api.END_TXN):
        mock.serve(api, *UNKNOWN)
    producer = await Producer.open(settings(mock))

    assert await producer.missing({"news"}) == set()
    await producer.close()


async def test_broker_that_knows_everything_is_taken(mock: MockCluster) -> None:
    """So the tests above can fail."""
    producer = await Transactional.open(settings(mock), "id", 30)
    assert not producer.dead
    await producer.close()


@pytest.mark.parametrize(
    ("cause", "security", "told"),
    [
        ("x: [SSL: CERTIFICATE_VERIFY_FAILED] Hostname mismatch, …", SecuritySettings("ssl"), "bootstrap_servers"),
        ("x: [SSL: CERTIFICATE_VERIFY_FAILED] IP address mismatch", SecuritySettings("ssl"), "bootstrap_servers"),
        ("x: [SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired", SecuritySettings("ssl"), "security.ca_file"),
        ("x: SaslAuthenticationFailed", SecuritySettings("sasl_ssl"), "security.password_file"),
        ("x: SaslAuthenticationFailed", SecuritySettings("sasl_ssl", token_file="t"), "security.token_file"),
        ("Broker id None: StaleMetadata", SecuritySettings("sasl_ssl", "OAUTHBEARER", token_file="t"), "token_file"),
    ],
)
def test_f14_cause_leads_to_a_key(cause: str, security: SecuritySettings, told: str) -> None:
    """Those that no broker of the tests gives, or only after a while."""
    assert told in remedy(cause, security)


def test_what_is_not_known_leads_to_the_broker() -> None:
    """Without a guess."""
    assert remedy("[Errno 111] Connect call failed", SecuritySettings()) == BROKER
    assert remedy("Broker id None: StaleMetadata", SecuritySettings()) == BROKER


def settings(mock: MockCluster) -> ClusterSettings:
    return ClusterSettings(mock.bootstrap_servers, request_timeout=3.0, start_timeout=5.0)
