"""Two questions of Kafka's protocol that the library does not know, in their first versions (KIP-664, Kafka 3.0).

Layouts: `DescribeTransactionsRequest.json` and `DescribeProducersRequest.json` of Apache Kafka, with their answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from aiokafka import TopicPartition
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

UNKNOWN_ID = 105
"""TRANSACTIONAL_ID_NOT_FOUND: nobody has used it yet, or not for a week."""
TEXT = CompactString("utf-8")
TAGS = ("tags", TaggedFields)


class TransactionStates(Response):  # type: ignore[misc]
    """Per id: error, id, state, timeout and start in ms, producer, epoch, topics with partitions."""

    API_KEY, API_VERSION = 65, 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "states",
            CompactArray(
                ("error_code", Int16),
                ("transactional_id", TEXT),
                ("state", TEXT),
                ("timeout_ms", Int32),
                ("start_ms", Int64),
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                ("topics", CompactArray(("topic", TEXT), ("partitions", CompactArray(Int32)), TAGS)),
                TAGS,
            ),
        ),
        TAGS,
    )


class TransactionsStruct(RequestStruct):  # type: ignore[misc]
    """As it is sent."""

    API_KEY, API_VERSION, FLEXIBLE_VERSION = 65, 0, True
    RESPONSE_TYPE = TransactionStates
    SCHEMA = Schema(("transactional_ids", CompactArray(TEXT)), TAGS)


class DescribeTransactions(Request[TransactionsStruct]):  # type: ignore[misc]
    """What a coordinator remembers of transactional ids. Needs the right to describe them."""

    API_KEY = 65

    def __init__(self, transactional_ids: Sequence[str]) -> None:
        self._ids = transactional_ids

    def build(self, request_struct_class: type[TransactionsStruct]) -> TransactionsStruct:
        return request_struct_class(list(self._ids), {})


class Producers(Response):  # type: ignore[misc]
    """Per topic and partition: error, its text, and who writes there with which transaction open."""

    API_KEY, API_VERSION = 61, 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            CompactArray(
                ("topic", TEXT),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("error_code", Int16),
                        ("error_message", TEXT),
                        (
                            "active",
                            CompactArray(
                                ("producer_id", Int64),
                                ("producer_epoch", Int32),
                                ("last_sequence", Int32),
                                ("last_timestamp", Int64),
                                ("coordinator_epoch", Int32),
                                ("transaction_start_offset", Int64),
                                TAGS,
                            ),
                        ),
                        TAGS,
                    ),
                ),
                TAGS,
            ),
        ),
        TAGS,
    )


class ProducersStruct(RequestStruct):  # type: ignore[misc]
    """As it is sent."""

    API_KEY, API_VERSION, FLEXIBLE_VERSION = 61, 0, True
    RESPONSE_TYPE = Producers
    SCHEMA = Schema(("topics", CompactArray(("topic", TEXT), ("partitions", CompactArray(Int32)), TAGS)), TAGS)


class DescribeProducers(Request[ProducersStruct]):  # type: ignore[misc]
    """Who writes to partitions; asked of their leader. Needs the right to read the topics."""

    API_KEY = 61

    def __init__(self, places: Iterable[TopicPartition]) -> None:
        self._topics: dict[str, list[int]] = defaultdict(list)
        for topic, partition in places:
            self._topics[topic].append(partition)

    def build(self, request_struct_class: type[ProducersStruct]) -> ProducersStruct:
        return request_struct_class([(topic, numbers, {}) for topic, numbers in self._topics.items()], {})
