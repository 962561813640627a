"""What ``audit_models`` is passed is checked like flags, before a model is looked at or anything is written."""

from pathlib import Path

import numpy as np
import pytest
from torch import nn

from sparsight import InputError, audit_models
from sparsight.auditing import AuditSettings
from sparsight.data import ToyBirdsSettings, load_dataset
from sparsight.models import Given

WRONG = {
    "original": [None, 3, [nn.Flatten()], nn.Flatten, "", b"net"],
    "pruned": [None, 3, {}, {"small": nn.Flatten()}, [3], [None], [], (), iter([]), {nn.Flatten()}, b"net", [""]],
    "floor": [3, {"again": nn.Flatten()}, [3], [None], nn.Flatten],
    "data": [None, 3, "", [1, 2], np.zeros((2, 3, 8, 8)), {}],
    "concepts": [3, "", []],
    "masks": [3, "", True],
    "labels": [3, "", True, b"names"],
    "image_size": [0, -1, "224", 2.5, True, float("nan")],
    "data_settings": [3, [("skip_bad", True)], {3: True}, "skip_bad"],
    "settings": [{"margin": 0.1}, AuditSettings, 3],
    "out": [3, "", True, b"there"],
    "command": [3, ["sparsight"]],
    "listener": [3, object(), print, "loud"],
}


class Never(nn.Module):
    def forward(self, images):
        raise AssertionError


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_what_will_not_do_is_refused_in_one_line(name, value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"original": Never(), "pruned": Never(), "data": "shapes", "out": "there", name: value}
    with pytest.raises(InputError) as caught:
        audit_models(**given)
    assert str(caught.value).startswith((name, "audit: no model to compare"))
    assert "; give " in str(caught.value) or "; name one" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert not list(tmp_path.iterdir())


def test_a_given_model_holds_one():
    with pytest.raises(InputError, match=r"original: Given.model: 'net' will not do; give a torch.nn.Module"):
        audit_models(Given("net", "net"), Never(), "shapes")


def test_one_model_or_several_in_whatever_order_will_do(tmp_path):
    data = load_dataset(ToyBirdsSettings(train=96, validation=12, test=36, image_size=32))
    data = type(data)(**{**vars(data), "concept_names": (), "concept_groups": (), "concepts": data.concepts[:, :0]})

    def net():
        return nn.Sequential(nn.Conv2d(3, 4, 5, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 12))

    found = audit_models(net(), (net() for _ in range(2)), data, floor=net(), out=str(tmp_path / "one"))
    assert found.data.models == ("model", "model (2)")
    assert found.data.floor == ("trained again",)
    found = audit_models(net(), net(), data, floor=None, out=Path(tmp_path / "two"))
    assert found.page == tmp_path / "two" / "report" / "index.html"
    assert found.page.exists()
