"""What a report says of how an audit is made again is Python that makes it again."""

import pytest
from torch import nn

import sparsight
from sparsight.auditing import AuditSettings, Images, in_python
from sparsight.data import ToyBirdsSettings, load_dataset
from sparsight.models import Given

FLOOR = ["net:build@again.pt"] * 3
CASES = {
    "modules": ([nn.Flatten(), nn.Flatten()], 1, None, AuditSettings()),
    "names": (
        ["net:build@it's.pt", Given("hf:a b", nn.Flatten()), *["net:build@again.pt"] * 3],
        1,
        "my 'photos'",
        AuditSettings(),
    ),
    "settings": (
        [nn.Flatten()] * 6,
        2,
        None,
        AuditSettings(margin=0.3, layer="a.b", saliency={"method": "hirescam"}, evidence={"batch_size": 8}),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_asks_for_the_same(name, monkeypatch):
    models, pruned, data, settings = CASES[name]
    read = load_dataset(ToyBirdsSettings(train=12, validation=12, test=12, image_size=32))
    more = {"image_size": 96, "skip_bad": True}
    code = in_python(models, pruned, Images(data or read, None, "it's masks", more), settings)
    asked = {}

    def audit_models(original, pruned, data, floor=(), settings=None, **others):
        assert others == {"masks": "it's masks", "image_size": 96, "data_settings": {"skip_bad": True}}
        asked.update(models=[original, *pruned, *floor], pruned=len(pruned), data=data, settings=settings)

    monkeypatch.setattr(sparsight, "audit_models", audit_models, raising=False)
    variables = ("original", "model", "model_1", "model_2", "again", "again_1", "again_2", "again_3")
    exec(code, {"sparsight": sparsight, "data": "data", **{one: one for one in variables}})
    plain = [one.name if isinstance(one, Given) else one for one in models if not isinstance(one, nn.Module)]
    assert [one for one in asked["models"] if one not in variables] == plain
    assert len(asked["models"]) == len(set(asked["models"])) or name == "names"
    assert len(asked["models"]) == len(models)
    assert asked["pruned"] == pruned
    assert asked["data"] == (data or "data")
    assert (asked["settings"] or AuditSettings()) == settings
