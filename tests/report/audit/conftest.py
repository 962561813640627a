"""An audit's report, written once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sparsight.report.audit import AuditData, write_audit_report
from tests.report.audit.made import make_audit
from tests.report.conftest import HOSTILE


@pytest.fixture
def audit_data() -> Callable[..., AuditData]:
    """The builder of a synthetic audit's data."""
    return make_audit


@pytest.fixture(scope="session")
def audit_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a synthetic audit of two models, written once."""
    data = make_audit(models={"torchvision:resnet50@sparse.safetensors": 0.25, "timm:resnet50.int8": 0.04})
    return write_audit_report(data, tmp_path_factory.mktemp("audit") / "report")


@pytest.fixture(scope="session")
def hostile_audit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of an audit whose names try to be something else than names."""
    models = dict(zip((HOSTILE[1], HOSTILE[2], HOSTILE[5]), (0.3, 0.1, 0.02), strict=True))
    data = make_audit(
        models=models,
        original=HOSTILE[7],
        floor=HOSTILE[8:11],
        classes=HOSTILE,
        concepts=list(HOSTILE),
        pictures=2,
        title=HOSTILE[0],
    )
    return write_audit_report(replace(data, notices=HOSTILE), tmp_path_factory.mktemp("hostile-audit") / "report")
