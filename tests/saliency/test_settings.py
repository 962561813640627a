import pytest
from pydantic import ValidationError

from sparsight.config import evidence_digest, load_study
from sparsight.saliency import SaliencySettings

NAMES = ["gradcam", "gradcam++", "hirescam", "layercam", "released", "captum:Saliency", "captum:AnythingElse"]


@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    assert SaliencySettings(method=name).method == name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("grad-cam", "did you mean gradcam?"),
        ("GradCAM++", "did you mean gradcam++?"),
        ("HiResCAM", "did you mean hirescam?"),
        ("Captum:saliency", "did you mean captum:Saliency?"),
        ("captum:Integrated Gradients", "did you mean captum:IntegratedGradients?"),
        ("captum:", "is unknown;"),
        ("lime", "is unknown; known: gradcam"),
        ("x" * 500, "x' is unknown"),
    ],
)
def test_unknown_names_give_the_nearest(name, hint):
    for key in ("method", "beside"):
        with pytest.raises(ValidationError) as raised:
            SaliencySettings(**{key: name})
        said = raised.value.errors()[0]["msg"]
        assert hint in said
        assert len(said) < 300
        assert "\n" not in said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"smooth": 5}, "smooth: SmoothGrad is of Captum's methods, not of gradcam"),
        ({"smooth": 5, "method": "layercam", "beside": "released"}, "not of layercam"),
        ({"layer": "layer2", "method": "captum:Saliency"}, "layer: captum:Saliency explains the image's pixels"),
        ({"layer": "x", "method": "captum:Saliency", "beside": "captum:Occlusion"}, "leave it null"),
        ({"method": "captum:Saliency", "smooth": -1}, "greater than or equal to 0"),
        ({"method": "captum:Saliency", "smooth": 5, "noise": 0}, "greater than 0"),
        ({"method": "captum:Saliency", "smooth": 5, "noise": float("nan")}, "finite"),
    ],
)
def test_settings_that_decide_nothing_are_refused(settings, said):
    with pytest.raises(ValidationError, match=said):
        SaliencySettings(**settings)


def test_what_one_of_two_methods_takes_is_taken():
    both = SaliencySettings(method="gradcam", beside="captum:Saliency", layer="layer2", smooth=5)
    assert both.second == SaliencySettings(method="captum:Saliency", smooth=5).model_copy(update={"layer": "layer2"})


def test_smoothgrad_is_written_where_it_is_used_so_that_older_runs_keep_their_digest():
    assert SaliencySettings().model_dump() == {
        "method": "gradcam",
        "layer": None,
        "reduction": "mean",
        "beside": None,
    }
    smooth = SaliencySettings(method="captum:Saliency", smooth=8, noise=0.1)
    assert smooth.model_dump(mode="json")["noise"] == 0.1
    assert SaliencySettings.model_validate(smooth.model_dump(mode="json")) == smooth
    one, other = (
        load_study("mnist", overrides={"saliency": {"method": "captum:Saliency", "smooth": n}}) for n in (8, 9)
    )
    assert evidence_digest(one) != evidence_digest(other)
