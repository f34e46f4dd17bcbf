"""Brokers that answer with errors on request: librdkafka's mock cluster, out of the wheel of confluent-kafka.

Starts in milliseconds and speaks enough of the protocol for producers, transactions and consumers. It proves nothing
about visibility, fencing, groups or rights: for those there is `tests.support.kafka.KafkaCluster`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any, Self

import confluent_kafka

_SIZE = 512
_ANY: Any = ctypes.c_void_p
_INT16, _INT32, _TEXT, _COUNT = ctypes.c_int16, ctypes.c_int32, ctypes.c_char_p, ctypes.c_size_t
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "conf_new": (_ANY, []),
    "conf_set": (ctypes.c_int, [_ANY, _TEXT, _TEXT, _TEXT, _COUNT]),
    "new": (_ANY, [ctypes.c_int, _ANY, _TEXT, _COUNT]),
    "destroy": (None, [_ANY]),
    "mock_cluster_new": (_ANY, [_ANY, ctypes.c_int]),
    "mock_cluster_destroy": (None, [_ANY]),
    "mock_cluster_bootstraps": (_TEXT, [_ANY]),
    "mock_topic_create": (ctypes.c_int, [_ANY, _TEXT, ctypes.c_int, ctypes.c_int]),
    "mock_topic_set_error": (None, [_ANY, _TEXT, ctypes.c_int]),
    "mock_partition_set_leader": (ctypes.c_int, [_ANY, _TEXT, _INT32, _INT32]),
    "mock_coordinator_set": (ctypes.c_int, [_ANY, _TEXT, _TEXT, _INT32]),
    "mock_broker_set_down": (ctypes.c_int, [_ANY, _INT32]),
    "mock_broker_set_up": (ctypes.c_int, [_ANY, _INT32]),
    "mock_broker_set_rtt": (ctypes.c_int, [_ANY, _INT32, ctypes.c_int]),
    "mock_push_request_errors_array": (None, [_ANY, _INT16, _COUNT, ctypes.POINTER(ctypes.c_int)]),
    "mock_clear_request_errors": (None, [_ANY, _INT16]),
    "mock_set_apiversion": (ctypes.c_int, [_ANY, _INT16, _INT16, _INT16]),
    "mock_start_request_tracking": (None, [_ANY]),
    "mock_stop_request_tracking": (None, [_ANY]),
    "mock_clear_requests": (None, [_ANY]),
    "mock_get_requests": (ctypes.POINTER(_ANY), [_ANY, ctypes.POINTER(_COUNT)]),
    "mock_request_api_key": (_INT16, [_ANY]),
    "mock_request_destroy_array": (None, [ctypes.POINTER(_ANY), _COUNT]),
}


class Api(IntEnum):
    """Kinds of request, by their numbers in Kafka's protocol."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    API_VERSIONS = 18
    INIT_PRODUCER_ID = 22
    ADD_PARTITIONS_TO_TXN = 24
    ADD_OFFSETS_TO_TXN = 25
    END_TXN = 26
    TXN_OFFSET_COMMIT = 28


class MockCluster:
    """Brokers 1 to `brokers` on loopback, until `close`. Topics are made by use, or by `create`.

    Errors are Kafka's codes as numbers (`aiokafka.errors.SomeError.errno`).
    """

    def __init__(self, brokers: int = 1) -> None:
        library = _library()
        conf, why = library.conf_new(), ctypes.create_string_buffer(_SIZE)
        library.conf_set(conf, b"log_level", b"0", why, _SIZE)
        self._handle = library.new(0, conf, why, _SIZE)
        if not self._handle:
            raise OSError(why.value.decode())
        self._cluster = library.mock_cluster_new(self._handle, brokers)
        self._brokers = range(1, brokers + 1)

    @property
    def bootstrap_servers(self) -> tuple[str, ...]:
        """`host:port` of every broker."""
        return tuple(_library().mock_cluster_bootstraps(self._cluster).decode().split(","))

    def create(self, topic: str, partitions: int = 1, replication: int = 1) -> None:
        """Makes a topic; raises OSError if it is there."""
        _checked(_library().mock_topic_create(self._cluster, topic.encode(), partitions, replication))

    def push_errors(self, api: Api, *codes: int) -> None:
        """The next requests of this kind, to whichever broker, are answered with these errors; 0 = let it through."""
        array = (ctypes.c_int * len(codes))(*codes)
        _library().mock_push_request_errors_array(self._cluster, api, len(codes), array)

    def clear_errors(self, api: Api) -> None:
        """Forgets errors that nobody has met yet."""
        _library().mock_clear_request_errors(self._cluster, api)

    def fail_topic(self, topic: str, code: int) -> None:
        """Metadata names this error for the topic from now on; 0 = none."""
        _library().mock_topic_set_error(self._cluster, topic.encode(), code)

    def lead(self, topic: str, partition: int, broker: int | None) -> None:
        """Moves a partition to another broker; None = it has no leader."""
        to = -1 if broker is None else broker
        _checked(_library().mock_partition_set_leader(self._cluster, topic.encode(), partition, to))

    def coordinate(self, kind: str, name: str, broker: int) -> None:
        """Moves the coordinator; `kind` is `transaction` or `group`, `name` the transactional or group id."""
        _checked(_library().mock_coordinator_set(self._cluster, kind.encode(), name.encode(), broker))

    def down(self, broker: int | None = None) -> None:
        """Closes its connections and its port; without a number those of all brokers."""
        for each in self._chosen(broker):
            _checked(_library().mock_broker_set_down(self._cluster, each))

    def up(self, broker: int | None = None) -> None:
        """Opens the port again."""
        for each in self._chosen(broker):
            _checked(_library().mock_broker_set_up(self._cluster, each))

    def delay(self, milliseconds: int, broker: int | None = None) -> None:
        """Each answer takes so long from now on."""
        for each in self._chosen(broker):
            _checked(_library().mock_broker_set_rtt(self._cluster, each, milliseconds))

    def serve(self, api: Api, lowest: int, highest: int) -> None:
        """Versions of a request that are known; -1, -1 = the request is unknown, as to an older broker."""
        _checked(_library().mock_set_apiversion(self._cluster, api, lowest, highest))

    @contextmanager
    def watched(self) -> Iterator[Callable[[], list[int]]]:
        """Answers, when called, the kinds of the requests since the beginning, in their order: compare with `Api`."""
        library = _library()
        library.mock_clear_requests(self._cluster)
        library.mock_start_request_tracking(self._cluster)
        try:
            yield self._requests
        finally:
            library.mock_stop_request_tracking(self._cluster)

    def close(self) -> None:
        """Ends the brokers; may be called twice."""
        if self._handle:
            _library().mock_cluster_destroy(self._cluster)
            _library().destroy(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _chosen(self, broker: int | None) -> range | list[int]:
        return self._brokers if broker is None else [broker]

    def _requests(self) -> list[int]:
        library, count = _library(), _COUNT()
        found = library.mock_get_requests(self._cluster, ctypes.byref(count))
        try:
            return [library.mock_request_api_key(found[number]) for number in range(count.value)]
        finally:
            library.mock_request_destroy_array(found, count)


class _Library:
    """Functions of librdkafka under their names without `rd_kafka_`."""

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        for name, (answer, arguments) in _FUNCTIONS.items():
            function = getattr(library, f"rd_kafka_{name}")
            function.restype, function.argtypes = answer, arguments
            setattr(self, name, function)


@cache
def _library() -> _Library:
    (path,) = Path(confluent_kafka.__file__).parent.with_name("confluent_kafka.libs").glob("librdkafka*")
    return _Library(path)


def _checked(code: int) -> None:
    if code:
        raise OSError(f"the mock cluster answers {confluent_kafka.KafkaError(code)}")
