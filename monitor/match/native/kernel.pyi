from collections.abc import Collection, Iterable, Iterator, Sequence, Sized
from typing import TypeVar

from monitor.match.query import Card
from monitor.model.watch import Hit, Match

_Row = TypeVar("_Row")

class Found:
    def __len__(self) -> int: ...
    def __getitem__(self, at: int) -> tuple[int, int, int]: ...
    def __iter__(self) -> Iterator[tuple[int, int, int]]: ...
    @property
    def patterns(self) -> set[int]: ...
    def before(self, stop: int) -> Found: ...

class Search:
    def __init__(self, patterns: Sequence[str], max_hits: int) -> None: ...
    def find(self, folded: str) -> Found: ...

class Board:
    def __init__(
        self,
        plain: Sequence[Iterable[int]],
        titled: Sequence[Iterable[int]],
        entries: Sequence[tuple[object, ...]],
        signals: int,
    ) -> None: ...
    def judge(self, found: Found, title_end: int, others: Collection[int], /) -> tuple[list[int], list[int]]: ...
    def pick(
        self, found: Found, title_end: int, others: Collection[int], rows: tuple[_Row, ...], /
    ) -> list[_Row] | tuple[list[int], list[int]]: ...
    def candidates(self, found: Found, title_end: int, others: Collection[int], /) -> int: ...

class Signs:
    def __init__(
        self,
        hit: type[Hit],
        match: type[Match],
        fields: tuple[str, ...],
        unseen: str,
        signs: Sequence[tuple[object, ...]],
        raised: Sequence[Iterable[int]],
        anywhere: Sequence[Iterable[int]],
        titled: Sequence[Iterable[int]],
        others: Iterable[int],
        max_hits: int,
    ) -> None: ...

class Stage:
    def __init__(
        self, signs: Signs, found: Found, original: str, offsets: Sized, borders: Sequence[int], shifts: Sequence[int]
    ) -> None: ...
    def show(self, cards: Sequence[Card | None], /) -> list[Match | None]: ...

class Folder:
    def __init__(self, entries: Sized, starts: Sized, expanded: Sized, pairs: Sized) -> None: ...
    def fold(self, text: str, /) -> tuple[str, bytes] | None: ...
