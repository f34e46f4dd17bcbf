"""Helm itself, from its library for Python: charts rendered and judged without a cluster, in milliseconds."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parents[2] / "deploy" / "helm" / "monitor"


def here() -> bool:
    """Whether the library is installed."""
    return find_spec("helm_python") is not None


def ci_values(name: str) -> dict[str, Any]:
    """The values of a file in the chart's `ci` folder."""
    found: dict[str, Any] = yaml.safe_load((CHART / "ci" / f"{name}-values.yaml").read_text())
    return found


def ci_names() -> list[str]:
    """The names of those files."""
    return sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))


def render(values: dict[str, Any], name: str = "news", namespace: str = "watch") -> dict[str, str]:
    """Template to manifest, the values judged by the schema before. Raises HelmError."""
    from helm_python import Chart

    with Chart.load(CHART) as chart:
        chart.validate_schema(values)
        return chart.render(values, name=name, namespace=namespace)


def objects(values: dict[str, Any], name: str = "news", namespace: str = "watch") -> list[dict[str, Any]]:
    """Every object of a release but the pods of tests, in the order of the templates' names."""
    texts = render(values, name, namespace)
    return [
        document
        for path in sorted(texts)
        if path.endswith(".yaml") and "/tests/" not in path
        for document in yaml.safe_load_all(texts[path])
        if document
    ]


def one(found: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The only object of a kind, or of a kind and the end of a name: `Service/-pods`."""
    kind, _, end = kind.partition("/")
    (match,) = [row for row in found if row["kind"] == kind and row["metadata"]["name"].endswith(end)]
    return match
