"""Names the tests that were skipped although they could have run. `python -m tests.support.skips REPORT.xml…`"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path

ABSENT = re.compile(
    r"no (corpus|IPv6|kubectl|helm|promtool|Docker|swap)\b"  # nothing that deploy/setup-tests.sh brings
    r"|no network namespaces?\b"
)
"""How the reason of a skip begins where the thing tested against is truly not to be had."""


def skips(report: Path) -> Iterator[tuple[str, str]]:
    """Test and reason of each skip in a junit report."""
    for case in ET.parse(report).getroot().iter("testcase"):
        for skipped in case.iter("skipped"):
            if skipped.get("type") != "pytest.xfail":
                yield f"{case.get('classname')}::{case.get('name')}", reason_of(skipped)


def reason_of(skipped: ET.Element) -> str:
    """The reason as the test gave it; that of a whole module stands in the text, behind its place."""
    message = skipped.get("message") or ""
    if message != "collection skipped":
        return message
    return (skipped.text or "").partition("Skipped: ")[2].rstrip("'\")")


def unfounded(reports: Iterable[Path]) -> list[str]:
    """A line for each skip whose reason is not in the list."""
    return [
        f"skipped: {test}: {reason}"
        for report in reports
        for test, reason in skips(report)
        if ABSENT.match(reason) is None
    ]


if __name__ == "__main__":
    lines = unfounded(map(Path, sys.argv[1:]))
    print("\n".join(lines), end="\n" if lines else "")
    sys.exit(1 if lines else 0)
