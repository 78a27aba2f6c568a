"""Deployment files: valid, and dashboards and alerts use only metrics that the server has."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from mediaserver.clock import SystemClock
from signalling.app import Server
from signalling.config import load
from signalling.observability.collector import DataPlaneCollector

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
#: Words of the query language and of Prometheus itself.
NOT_OURS = {"up"}


def metric_names(registry: CollectorRegistry) -> set[str]:
    text = generate_latest(registry).decode()
    families = {(m[1], m[2]) for m in re.finditer(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)}
    names = {name for name, _ in families}
    return names | {
        f"{name}_{end}" for name, kind in families if kind == "histogram" for end in ("bucket", "sum")
    }


@pytest.fixture
def existing(tmp_path: Path) -> set[str]:
    server = Server(load(None, {"dev": True, "data": tmp_path}), SystemClock())
    server.registry.register(DataPlaneCollector(server.engine, server.rtc.snapshot))
    return metric_names(server.registry)


def used_in(expression: str) -> set[str]:
    found = re.findall(r"\b(?:polyana|process)_[a-z_]+\b", expression)
    return set(found) - NOT_OURS


def test_the_dashboard_uses_existing_metrics(existing: set[str]) -> None:
    dashboard = json.loads((DEPLOY / "grafana/polyana.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) > 10
    missing = {name for expression in expressions for name in used_in(expression)} - existing
    assert not missing


def test_alerts_use_existing_metrics(existing: set[str]) -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus/rules.yaml").read_text())
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    missing = {name for expression in expressions for name in used_in(expression)} - existing
    assert not missing


def test_compose_mounts_what_exists() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    sources = [v.split(":")[0] for s in services.values() for v in s["volumes"] if v.startswith("./")]
    assert {DEPLOY / source for source in sources if source != "./polyana.yaml"} <= set(DEPLOY.iterdir())
    assert (DEPLOY.parent / services["polyana"]["build"]["dockerfile"]).is_file()


def test_the_image_does_not_run_as_root() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    final = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM")) :]
    assert any(line.startswith("USER ") and line != "USER root" for line in final)
    assert any(line.startswith("HEALTHCHECK") for line in final)
