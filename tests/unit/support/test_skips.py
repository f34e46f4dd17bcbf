"""CI is red for a skip that need not be, and says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.skips import unfounded

REPORT = """<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite>
<testcase classname="tests.a" name="test_runs"/>
<testcase classname="tests.a" name="test_one"><skipped type="pytest.skip" message="{reason}">x</skipped></testcase>
<testcase classname="tests.a" name="test_known"><skipped type="pytest.xfail" message="a bug elsewhere"/></testcase>
</testsuite></testsuites>"""

MODULE = """<testsuites><testsuite><testcase classname="" name="tests.b">
<skipped type="pytest.skip" message="collection skipped">('/b.py', 2, 'Skipped: no time')</skipped>
</testcase></testsuite></testsuites>"""


def test_whole_module_is_named(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(MODULE)

    assert unfounded([tmp_path / "report.xml"]) == ["skipped: ::tests.b: no time"]


@pytest.mark.parametrize("reason", ["no corpus at /x", "no IPv6 on loopback", "no network namespace may be made here"])
def test_absent_things_are_excused(tmp_path: Path, reason: str) -> None:
    (tmp_path / "report.xml").write_text(REPORT.format(reason=reason))

    assert unfounded([tmp_path / "report.xml"]) == []


@pytest.mark.parametrize("reason", ["no Kafka jars in /x", "no java on this machine", "flaky", ""])
def test_everything_else_is_told(tmp_path: Path, reason: str) -> None:
    (tmp_path / "report.xml").write_text(REPORT.format(reason=reason))

    assert unfounded([tmp_path / "report.xml"]) == [f"skipped: tests.a::test_one: {reason}"]
