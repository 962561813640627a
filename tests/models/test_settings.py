import pytest
from pydantic import ValidationError

from sparsight.errors import InputError
from sparsight.models import KNOWN_MODELS, ModelSettings


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match=r"'resnet9'.*resnet8, resnet20, torchvision:resnet18") as error:
        ModelSettings(name="resnet9")
    assert "\n" not in str(error.value)


def test_a_stem_stride_is_for_cifar_networks_only():
    assert ModelSettings(name="resnet20", stem_stride=2).stem_stride == 2
    with pytest.raises(InputError, match="stem_stride: torchvision:resnet18 has a fixed stem"):
        ModelSettings(name="torchvision:resnet18", stem_stride=2)


def test_every_known_name_survives_being_written_and_read():
    for name in KNOWN_MODELS:
        settings = ModelSettings(name=name)
        assert ModelSettings(**settings.model_dump()) == settings


@pytest.mark.parametrize("wrong", [{"stem_stride": 3}, {"depth": 8}])
def test_other_values_and_keys_are_refused(wrong):
    with pytest.raises(ValidationError):
        ModelSettings(**wrong)
