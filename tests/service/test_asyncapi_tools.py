"""The AsyncAPI document through the tools of its makers: the parser and the schema each find what the other misses."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.support import node
from tests.support.fixtures import absent
from tests.support.project import DOCS

pytestmark = [pytest.mark.service, pytest.mark.timeout(90)]

TEXT = (DOCS / "asyncapi.json").read_text(encoding="utf-8")
PARSE = """
const {Parser} = require("@asyncapi/parser");
const text = require("fs").readFileSync(0, "utf8");
new Parser().parse(text).then(({document, diagnostics}) => console.log(JSON.stringify({
  addresses: document ? document.channels().all().map(channel => channel.address()) : null,
  complaints: diagnostics.map(one => [one.severity, one.code, one.message, one.path.join("/")]),
})));
"""
HINT = 2
"""Severities: 0 errors, 1 warnings, then information and hints."""


@pytest.fixture(scope="module")
def packages() -> None:
    for package in ("@asyncapi/parser", "@asyncapi/specs"):
        if reason := node.missing(package):
            absent(reason)


def test_parser_reads_the_document(packages: None) -> None:
    """No error, no warning."""
    read = node.run(PARSE, TEXT)
    assert [complaint for complaint in read["complaints"] if complaint[0] < HINT] == []
    assert "news.alerts.{watch}" in read["addresses"]


def test_parser_finds_a_reference_to_nothing(packages: None) -> None:
    """So the test above can fail."""
    read = node.run(PARSE, TEXT.replace("#/components/schemas/news.article.v1", "#/components/schemas/nothing"))
    assert any(severity == 0 for severity, *_ in read["complaints"])


def test_document_is_valid_by_its_schema(packages: None) -> None:
    """Bindings included."""
    schema = node.folder() / "node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"
    validator = jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(json.loads(TEXT))] == []
    wrong = TEXT.replace('"partitions": 12', '"partitions": "twelve"')
    assert not validator.is_valid(json.loads(wrong))
