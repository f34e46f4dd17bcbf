"""Instants, durations, sizes and ratios: the units every setting and every value is given in.

An `Instant` is POSIX seconds, UTC. Durations are seconds, sizes bytes, ratios fractions of one; in files they carry a
unit (`30s`, `10MiB`, `10%`) and a bare number is refused, because nobody can tell what it means.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

Instant = float
"""POSIX seconds, UTC."""

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def rfc3339(at: Instant) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`: the one form of a time that leaves this program."""
    return datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str) -> Instant:
    """The instant an RFC 3339 text names. Raises ValueError."""
    return datetime.fromisoformat(text).timestamp()


class _Quantity:
    """Reads `<number><unit>`; pydantic asks the class itself, so stages need not import pydantic."""

    units: ClassVar[dict[str, float]]
    example: ClassVar[str]

    @classmethod
    def read(cls, text: str) -> float:
        """The number of base units in `text`. Raises ValueError with an example of what is allowed."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z%]+)\s*", text)
        if found is None or found[2] not in cls.units:
            raise ValueError(f"needs a number with a unit ({', '.join(cls.units)}), for example {cls.example}")
        return float(found[1]) * cls.units[found[2]]

    @classmethod
    def of(cls, value: object) -> Self:
        """What a file or the environment holds, as a quantity. Raises ValueError."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, str):
            raise ValueError(f"needs a number with a unit ({', '.join(cls.units)}), for example {cls.example}")
        return cls(cls.read(value))  # type: ignore[call-arg]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(cls.of, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        units = "|".join(unit.replace("%", "%") for unit in cls.units)
        return {"type": "string", "pattern": rf"^\d+(\.\d+)?\s*({units})$", "examples": [cls.example]}


class Duration(_Quantity, float):
    """Seconds; written `500ms`, `30s`, `5m`, `1h`, `7d`."""

    units: ClassVar[dict[str, float]] = SECONDS
    example: ClassVar[str] = "30s"

    def __str__(self) -> str:
        return spell_duration(self)


class Size(_Quantity, int):
    """Bytes; written `512KiB`, `10MiB`, `2GiB`."""

    units: ClassVar[dict[str, float]] = {unit: float(size) for unit, size in BYTES.items()}
    example: ClassVar[str] = "10MiB"

    def __str__(self) -> str:
        for unit in ("GiB", "MiB", "KiB"):
            if int(self) and int(self) % BYTES[unit] == 0:
                return f"{int(self) // BYTES[unit]}{unit}"
        return f"{int(self)}B"


class Ratio(_Quantity, float):
    """A fraction of one; written `10%`."""

    units: ClassVar[dict[str, float]] = {"%": 0.01}
    example: ClassVar[str] = "10%"

    def __str__(self) -> str:
        return f"{float(self) * 100:g}%"


def spell_duration(seconds: float) -> str:
    """Seconds as people write them, the two largest units: `90s` is `1m30s`, `3600` is `1h`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms" if seconds else "0s"
    rest, words = round(seconds), []
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, int(SECONDS[unit]))
        if count:
            words.append(f"{count}{unit}")
    return "".join(words[:2])
