"""The chart, rendered by Helm itself: shapes, refusals, what pods may do, and that the service takes what it gets."""

from __future__ import annotations

import asyncio
import json
from copy import deepcopy
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor import __version__
from monitor.adapters.files import FileSource
from monitor.config.load import load
from monitor.config.schema import KafkaLedgerSettings
from monitor.fetch.networks import DENIED_V4, DENIED_V6, GLOBAL_V6
from tests.deploy import dashboard, helm
from tests.deploy.tools import CI_NAMES, KUBERNETES, needs_helm, needs_kubernetes_validate
from tests.support.fixtures import absent
from tests.support.node import missing
from tests.support.node import run as run_node

pytestmark = needs_helm

KAFKA: dict[str, Any] = {"ledger": {"kind": "kafka", "kafka": {"bootstrapServers": ["kafka:9092"]}}}


def over(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Values over values, as `-f` twice."""
    merged = deepcopy(base)
    for key, value in more.items():
        below = merged.get(key)
        merged[key] = over(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def workload(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The Deployment or StatefulSet."""
    (one,) = [row for row in found if row["kind"] in {"Deployment", "StatefulSet"}]
    return one


@pytest.mark.parametrize("name", CI_NAMES)
def test_helm_finds_nothing_to_say(name: str) -> None:
    """`helm lint --strict`, with each example's values."""
    from helm_python import lint

    report = lint(helm.CHART, helm.ci_values(name), strict=True, kube_version="v1.30.0")

    assert report["errors"] == []
    assert [row for row in report["messages"] if row["severity"] > 1] == []


@needs_kubernetes_validate
@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("name", CI_NAMES)
def test_manifests_are_valid(name: str, version: str) -> None:
    """Every object against the schemas of Kubernetes, unknown fields refused; custom ones have tests of their own."""
    import kubernetes_validate

    judged = 0
    texts = helm.render(helm.ci_values(name))
    for path in sorted(texts):
        for document in yaml.safe_load_all(texts[path]) if path.endswith(".yaml") else ():
            if document and not document["apiVersion"].startswith(("kafka.strimzi.io/", "monitoring.coreos.com/")):
                kubernetes_validate.validate(document, version, strict=True)
                judged += 1
    assert judged >= 8


def test_sqlite_is_one_pod_that_is_replaced_before_the_next() -> None:
    """Two processes on one data directory would be refused by its lock; the rollout must not even try."""
    found = helm.objects(helm.ci_values("sqlite"))
    one = workload(found)

    assert (one["kind"], one["spec"]["replicas"], one["spec"]["strategy"]) == ("Deployment", 1, {"type": "Recreate"})
    assert helm.one(found, "PersistentVolumeClaim")["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert not [row for row in found if row["kind"] == "PodDisruptionBudget"]


def test_kafka_is_a_deployment_that_never_has_less_than_it_should() -> None:
    """State is in Kafka: a new pod comes first, an old one goes after it."""
    found = helm.objects(helm.ci_values("kafka"))
    one = workload(found)

    assert (one["kind"], one["spec"]["replicas"]) == ("Deployment", 6)
    assert one["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }
    assert helm.one(found, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert not [row for row in found if row["kind"] == "PersistentVolumeClaim"]


def test_a_spool_is_a_volume_for_each_pod() -> None:
    """What was read and not yet published stays with its pod, and comes back with it."""
    found = helm.objects(helm.ci_values("spool"))
    spec = workload(found)["spec"]

    assert (workload(found)["kind"], spec["podManagementPolicy"]) == ("StatefulSet", "Parallel")
    assert spec["serviceName"] == helm.one(found, "Service/-pods")["metadata"]["name"]
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "6Gi"}},
    }
    (container,) = spec["template"]["spec"]["containers"]
    assert {"name": "data", "mountPath": "/var/lib/news-monitor"} in container["volumeMounts"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"replicas": 2}, "the SQLite ledger has one writer"),
        ({"autoscaling": {"enabled": True}}, "the SQLite ledger has one writer"),
        (over(KAFKA, {"replicas": 13}), "13, but there are 12 shards"),
        (over(KAFKA, {"autoscaling": {"enabled": True, "maxReplicas": 13}}), "13, but there are 12 shards"),
        (over(KAFKA, {"ledger": {"kafka": {"bootstrapServers": []}}}), "bootstrapServers is empty"),
        (over(KAFKA, {"ledger": {"kafka": {"security": {"protocol": "sasl_ssl"}}}}), "needs ledger.kafka.security"),
        (over(KAFKA, {"secrets": {"keys": {"password": "x"}}}), "secrets.existingSecret is empty"),
        ({"secrets": {"keys": {"ca": "ca.crt"}}}, "neither secrets.existingCaSecret nor secrets.existingSecret"),
        ({"strimzi": {"enabled": True}}, "ledger.kind is not kafka"),
        ({"admin": {"port": 8080}}, "are the same"),
        ({"topics": {"replication": 1}}, "minInsyncReplicas is more than"),
        ({"config": {"existingConfigMap": {"name": "x"}}}, "items is empty"),
        ({"secrets": {"existingCaSecret": "x"}}, "needs secrets.keys.ca"),
    ],
)
def test_what_cannot_work_fails_the_render(values: dict[str, Any], told: str) -> None:
    """The message names the value to change."""
    from helm_python import HelmError

    with pytest.raises(HelmError, match=told):
        helm.render(values)


@pytest.mark.parametrize(
    "values",
    [
        {"replica": 2},
        {"ledger": {"kind": "postgres"}},
        {"ledger": {"kafka": {"security": {"password": "secret"}}}},
        {"image": {"digest": "sha256:short"}},
        {"config": {"feeds": {"../world.yaml": {}}}},
        {"networkPolicy": {"webPorts": [0]}},
        {"terminationGracePeriodSeconds": 10},
    ],
)
def test_misspelt_values_fail_by_the_schema(values: dict[str, Any]) -> None:
    """A key that nobody knows, or a value out of bounds, is no silent default."""
    from helm_python import HelmValuesError

    with pytest.raises(HelmValuesError):
        helm.render(values)


@pytest.mark.parametrize("name", CI_NAMES)
def test_pods_may_do_nothing_they_need_not(name: str) -> None:
    """No rights, no root, no writing but where it is meant, no token, no services in the environment, time to stop."""
    spec = workload(helm.objects(helm.ci_values(name)))["spec"]["template"]["spec"]
    (container,) = spec["containers"]

    assert spec["automountServiceAccountToken"] is spec["enableServiceLinks"] is False
    assert spec["terminationGracePeriodSeconds"] == 60
    assert spec["dnsConfig"] == {"options": [{"name": "ndots", "value": "1"}]}
    assert (spec["securityContext"]["runAsNonRoot"], spec["securityContext"]["runAsUser"]) == (True, 65532)
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} <= container["resources"].keys()
    writable = {row["mountPath"] for row in container["volumeMounts"] if not row.get("readOnly")}
    assert writable == {"/var/lib/news-monitor", "/tmp"}
    assert all("sizeLimit" in row["emptyDir"] for row in spec["volumes"] if "emptyDir" in row)


def test_probes_ask_the_admin_port() -> None:
    """Starting, living and being ready are three questions."""
    (container,) = workload(helm.objects({}))["spec"]["template"]["spec"]["containers"]

    asked = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert asked == {
        "startup": {"path": "/startupz", "port": "admin"},
        "liveness": {"path": "/livez", "port": "admin"},
        "readiness": {"path": "/readyz", "port": "admin"},
    }
    assert {"name": "admin", "containerPort": 8081, "protocol": "TCP"} in container["ports"]
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] + 25 < 60


@pytest.mark.parametrize("name", CI_NAMES)
def test_the_service_takes_the_configuration(name: str) -> None:
    """What is mounted is read by the service's own reader, with secrets where they are, and means what values say."""
    values = over(yaml.safe_load((helm.CHART / "values.yaml").read_text()), helm.ci_values(name))
    found = helm.objects(values)
    pod = workload(found)["spec"]["template"]["spec"]

    config = load(mounted(found, pod), secret_files(values), {})

    settings, ledger = config.settings, config.settings.ledger
    assert ledger.kind == values["ledger"]["kind"]
    assert (settings.server and settings.server.host, settings.admin and settings.admin.host) == ("0.0.0.0", "0.0.0.0")
    assert settings.data_dir == "/var/lib/news-monitor"
    assert (settings.app, settings.topics.prefix) == (values["app"], values["topics"]["prefix"])
    if isinstance(ledger, KafkaLedgerSettings):
        assert list(ledger.bootstrap_servers) == values["ledger"]["kafka"]["bootstrapServers"]
        assert ledger.shards == values["ledger"]["kafka"]["shards"]
        assert (ledger.spool is not None) == values["ledger"]["kafka"]["spool"]["enabled"]
        assert settings.sinks == ()


def mounted(found: list[dict[str, Any]], pod: dict[str, Any]) -> dict[str, str]:
    """The files of the configuration as the pod sees them. A ConfigMap from elsewhere is left out."""
    (volume,) = [row for row in pod["volumes"] if row["name"] == "config"]
    own = next(row for row in found if row["kind"] == "ConfigMap" and "chart.yaml" in row["data"])
    (source,) = [row for row in volume["projected"]["sources"] if row["configMap"]["name"] == own["metadata"]["name"]]
    return {item["path"]: own["data"][item["key"]] for item in source["configMap"]["items"]}


@pytest.mark.timeout(60)
async def test_h197_a_mount_is_followed_as_the_kubelet_changes_it(tmp_path: Path) -> None:
    """Folders are links into a version of the whole; the new version is there at once, and is read."""
    found = helm.objects(helm.ci_values("sqlite"))
    files = mounted(found, workload(found)["spec"]["template"]["spec"])
    lay(tmp_path, "..1", files)
    source = FileSource(tmp_path, {})
    before = await source.read()

    changes = source.documents()
    following = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    lay(tmp_path, "..2", {**files, "feeds/more.yaml": "feeds: []\n"})
    after = await following
    await changes.aclose()

    assert set(before.files) == set(files)
    assert set(after.files) - set(before.files) == {"feeds/more.yaml"}


def lay(folder: Path, version: str, files: dict[str, str]) -> None:
    """A version of a mounted volume, and the one link that makes it the present one."""
    for path, text in files.items():
        (folder / version / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / version / path).write_text(text)
    (folder / "..new").symlink_to(version)
    (folder / "..new").replace(folder / "..data")
    for name in {path.split("/")[0] for path in files}:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")


def secret_files(values: dict[str, Any]) -> dict[str, str]:
    """The files that the mounted secrets have."""
    return {f"/etc/news-monitor-secrets/{key}": "x" for key in values["secrets"]["keys"].values() if key}


def test_secrets_are_files_and_only_files() -> None:
    """Two secrets become one folder; nothing of them is in the environment."""
    spec = workload(helm.objects(helm.ci_values("kafka")))["spec"]["template"]["spec"]

    (volume,) = [row for row in spec["volumes"] if row["name"] == "secrets"]
    assert volume["projected"]["sources"] == [
        {"secret": {"name": "news-monitor"}},
        {"secret": {"name": "kafka-cluster-ca-cert", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
    assert spec["containers"][0]["env"] == [{"name": "MONITOR_CONFIG", "value": "/etc/news-monitor"}]


def test_settings_roll_the_pods_and_feeds_do_not() -> None:
    """Running pods read feeds and watches again by themselves."""

    def checksum(more: dict[str, Any]) -> str:
        pod = workload(helm.objects(more))["spec"]["template"]
        return str(pod["metadata"]["annotations"]["checksum/settings"])

    feeds = {"config": {"feeds": {"a.yaml": {"feeds": [{"url": "https://news.example.net/a.xml"}]}}}}
    assert checksum({}) == checksum(feeds)
    assert (
        len({checksum({}), checksum({"topics": {"prefix": "x."}}), checksum({"config": {"monitor": {"app": "x"}}})})
        == 3
    )


def rules(values: dict[str, Any]) -> list[dict[str, Any]]:
    """The rules of egress."""
    return list(helm.one(helm.objects(values), "NetworkPolicy")["spec"]["egress"])


def test_policy_refuses_what_the_guard_refuses() -> None:
    """The second wall of the address guard has the same holes: none."""
    (web,) = [rule for rule in rules({}) if {"port": 443, "protocol": "TCP"} in rule["ports"]]
    four, six = (peer["ipBlock"] for peer in web["to"])

    assert [row["port"] for row in web["ports"]] == [80, 443, 8080, 8443]
    assert (four["cidr"], four["except"]) == ("0.0.0.0/0", [str(network) for network, _ in DENIED_V4])
    assert (six["cidr"], six["except"]) == (str(GLOBAL_V6), [str(network) for network, _ in DENIED_V6])
    for address in ("169.254.169.254", "10.0.0.1", "127.0.0.1", "100.100.100.200", "168.63.129.16"):
        assert any(ip_address(address) in ip_network(network) for network in four["except"]), address
    assert not any(ip_address("8.8.8.8") in ip_network(network) for network in four["except"])


def test_policy_opens_brokers_and_names_and_nothing_else() -> None:
    """Ports of brokers come from their addresses; without a broker there is no such rule."""
    assert [[row["port"] for row in rule["ports"]] for rule in rules({})] == [[53, 53], [80, 443, 8080, 8443]]
    dns, web, brokers = rules(helm.ci_values("full"))
    assert dns["to"] == [{"ipBlock": {"cidr": "169.254.20.10/32"}}]
    assert {"ipBlock": {"cidr": "10.20.0.0/16"}} in web["to"]
    assert [row["port"] for row in brokers["ports"]] == [9095, 9094]


def test_policy_lets_in_by_the_two_ports() -> None:
    """Who may come can be said for each."""
    page, probes = helm.one(helm.objects(helm.ci_values("full")), "NetworkPolicy")["spec"]["ingress"]

    assert [row["port"] for row in page["ports"] + probes["ports"]] == ["http", "admin"]
    assert page["from"] != probes["from"]


def test_scaling_is_bounded_by_shards_and_owns_the_number_of_pods() -> None:
    """With an autoscaler the workload names no number, or each upgrade would set it back."""
    found = helm.objects(helm.ci_values("full"))

    assert "replicas" not in workload(found)["spec"]
    assert helm.one(found, "HorizontalPodAutoscaler")["spec"]["maxReplicas"] == 12


def test_monitors_find_the_pods() -> None:
    """Selectors are labels that are there, the port has the name that is asked for."""
    found = helm.objects(helm.ci_values("full"))
    monitor, service = helm.one(found, "ServiceMonitor"), helm.one(found, "Service/-pods")
    wanted = monitor["spec"]["selector"]["matchLabels"]
    pods = helm.objects(helm.ci_values("strimzi"))
    labels = workload(pods)["spec"]["template"]["metadata"]["labels"]

    assert wanted.items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] in {row["name"] for row in service["spec"]["ports"]}
    assert helm.one(pods, "PodMonitor")["spec"]["selector"]["matchLabels"].items() <= labels.items()


MODELS = "@kubernetes-models/prometheus-operator"
JUDGE = """
import("@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1").then((models) => {
  const judged = JSON.parse(require("fs").readFileSync(0, "utf8")).map((found) => {
    try { new models[found.kind](found).validate(); return [found.kind, null]; }
    catch (error) { return [found.kind, error.message]; }
  });
  console.log(JSON.stringify(judged));
});
"""


@pytest.mark.timeout(60)
def test_objects_of_the_prometheus_operator_are_valid() -> None:
    """Judged by the schemas of its own definitions; a wrong interval shows that they judge."""
    if reason := missing(MODELS):
        absent(reason)
    found = [
        row
        for name in ("full", "strimzi")
        for row in helm.objects(helm.ci_values(name))
        if row["apiVersion"].startswith("monitoring.coreos.com/")
    ]
    wrong = deepcopy(next(row for row in found if row["kind"] == "PodMonitor"))
    wrong["spec"]["podMetricsEndpoints"][0]["interval"] = "soon"

    judged = run_node(JUDGE, json.dumps([*found, wrong]))

    assert sorted(judged[:-1]) == [["PodMonitor", None], ["PrometheusRule", None], ["ServiceMonitor", None]]
    assert "interval" in judged[-1][1]


def test_rules_of_the_chart_are_those_that_are_tested() -> None:
    """The custom object holds the groups that promtool has judged."""
    found = helm.one(helm.objects(helm.ci_values("strimzi")), "PrometheusRule")

    assert found["spec"] == yaml.safe_load((helm.CHART.parents[1] / "observability" / "rules.yaml").read_text())


def test_dashboard_of_the_chart_is_the_one_that_is_tested() -> None:
    """Grafana's sidecar finds it by its label."""
    found = helm.one(helm.objects(helm.ci_values("strimzi")), "ConfigMap/-dashboard")

    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(found["data"]["news-monitor.json"]) == json.loads(dashboard.render())


def test_chart_and_application_have_one_version() -> None:
    """The image that is pulled by default is the one this chart was tested with."""
    chart = yaml.safe_load((helm.CHART / "Chart.yaml").read_text())

    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)
