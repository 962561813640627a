import sys

import pytest

from sparsight.errors import InputError
from sparsight.models import Split
from sparsight.saliency import SaliencySettings, maps_of
from tests.saliency.test_untouched import CLASSES, IMAGES, used_network

NEEDS = {
    "LayerGradCam": "explains a layer; take gradcam",
    "GuidedGradCam": "explains a layer",
    "LayerActivation": "explains a layer",
    "NeuronGradient": "it explains a layer",
    "DeepLiftShap": "needs images to compare with",
    "GradientShap": "needs images to compare with",
    "NoiseTunnel": "set saliency.smooth",
    "KernelShap": "draws at random",
    "Lime": "draws at random",
    "ShapleyValueSampling": "draws at random",
    "ShapleyValues": "every possible set",
    "FeaturePermutation": "between the images of a batch",
    "LimeBase": "it needs ",
}


def by(name):
    return SaliencySettings(method=f"captum:{name}")


@pytest.mark.parametrize("name", NEEDS)
def test_what_needs_more_than_images_and_classes_is_refused_with_the_reason(name):
    with pytest.raises(InputError, match=rf"saliency\.method: captum:{name} cannot be used: .*{NEEDS[name]}"):
        maps_of(used_network(), Split("layer3", "fc"), IMAGES, CLASSES, by(name))


@pytest.mark.parametrize(
    ("name", "near"),
    [("Salience", "near are Saliency"), ("integratedgradients", "IntegratedGradients"), ("visualization", "near are")],
)
def test_an_unknown_name_gives_the_nearest(name, near):
    with pytest.raises(InputError, match=f"Captum has no attribution '{name}'; .*{near}") as raised:
        maps_of(used_network(), Split("layer3", "fc"), IMAGES, CLASSES, by(name))
    assert "LayerGradCam" not in str(raised.value)


def test_without_captum_one_line_says_how_to_get_it(monkeypatch):
    for name in ("captum", "captum.attr"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=r"captum:Saliency needs Captum: pip install 'sparsight\[captum\]'$"):
        maps_of(used_network(), Split("layer3", "fc"), IMAGES, CLASSES, by("Saliency"))
