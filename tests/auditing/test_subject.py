"""Models taken in: their outputs and the data's classes."""

import pytest
import torch
from torch import nn
from torch.nn.utils import prune
from torch.nn.utils.parametrizations import weight_norm

from sparsight.auditing import subject_of
from sparsight.errors import InputError
from sparsight.models import Given, forward_parts, network_of
from sparsight.saliency import closed_form_holds

IMAGES = torch.rand(2, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def same_outputs(subject, model, columns):
    """The columns of the model's logits, to rounding: a product of some rows of a weight need not have the bits of one
    of all rows."""
    with torch.no_grad():
        torch.testing.assert_close(subject.model(IMAGES), model(IMAGES)[:, columns])


def network(outputs=4):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, outputs)
    ).eval()


def test_outputs_without_names_are_taken_as_they_stand():
    model = network()
    subject = subject_of(Given("net", model), ("a", "b", "c", "d"), IMAGES)
    assert network_of(subject.model) is model
    assert subject.notes == ()


def test_outputs_are_put_in_the_order_of_their_names():
    model = network()
    given = Given("net", model, ("Blue_jay", "crow", "Owl", "kite"))
    subject = subject_of(given, ("owl", "blue jay", "kite", "crow"), IMAGES)
    same_outputs(subject, model, [2, 0, 3, 1])
    assert subject.notes == ("net: its classes were put in the order of the data's by their names",)


def test_of_many_named_outputs_those_of_the_data_are_taken():
    model = network(6)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    given = Given("net", model, tuple("abcdef"))
    subject = subject_of(given, ("e", "b"), IMAGES)
    same_outputs(subject, model, [4, 1])
    assert subject.notes == ("net: of its 6 classes it was asked for the 2 of the data",)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (None, "net: 6 outputs for 2 classes of the data; its outputs have no names"),
        (tuple("abcdef"), "net: 6 outputs for 2 classes of the data; it does not name x"),
        (tuple("abc"), "net: names 3 classes and has 6 outputs"),
    ],
)
def test_other_classes_are_refused(names, said):
    with pytest.raises(InputError, match=said):
        subject_of(Given("net", network(6), names), ("a", "x"), IMAGES)


def test_names_that_are_the_same_come_first():
    model = network(4)
    given = Given("net", model, ("Cardigan", "corgi", "cardigan", "beagle"))
    subject = subject_of(given, ("cardigan", "Cardigan", "beagle"), IMAGES)
    same_outputs(subject, model, [2, 0, 3])
    with pytest.raises(InputError, match=r"its outputs 0 and 2 are both called .* the data's class 'CARDIGAN' is not"):
        subject_of(given, ("CARDIGAN", "beagle"), IMAGES)
    with pytest.raises(InputError, match="'a b' and 'A_b' are one and the same of its classes"):
        subject_of(Given("net", model, ("a b", "c", "d", "e")), ("a b", "A_b", "c"), IMAGES)


def test_the_same_names_in_the_same_order_may_be_there_twice():
    model, names = network(4), ("crane", "dog", "crane", "owl")
    subject = subject_of(Given("net", model, names), names, IMAGES)
    assert network_of(subject.model) is model
    assert subject.notes == ()


def test_names_are_not_half_believed():
    data, model = ("cat", "dog", "owl", "bluejay"), network(4)
    with pytest.raises(InputError, match="net: 'cat' is its output 1 and class 0 of the data, and it does not name b"):
        subject_of(Given("net", model, ("dog", "cat", "owl", "jay")), data, IMAGES)
    subject = subject_of(Given("net", model, ("cat", "dog", "owl", "jay")), data, IMAGES)
    assert network_of(subject.model) is model
    assert subject.notes == (
        "net: does not name bluejay; its outputs were taken to be in the order of the data's classes",
    )


@pytest.mark.parametrize("change", ["prune", "weight_norm", "plain"])
def test_outputs_are_taken_of_any_head(change):
    model = network(6)
    if change == "prune":
        prune.l1_unstructured(model[4], "weight", 0.5)
        model(IMAGES)  # from here on the weight stands in a graph, and cannot be copied
    elif change == "weight_norm":
        weight_norm(model[4])
    subject = subject_of(Given("net", model, tuple("abcdef")), ("e", "b"), IMAGES)
    same_outputs(subject, model, [4, 1])
    with torch.no_grad():
        parts = forward_parts(subject.model, subject.split, IMAGES)
    assert parts.embedding.shape == (2, 8)
    assert parts.features.shape == (2, 8, 10, 10)
    assert closed_form_holds(subject.model, subject.split, IMAGES) == (change == "plain")


def test_a_network_that_draws_in_evaluation_mode_is_refused():
    class Drawing(nn.Module):
        def __init__(self):
            super().__init__()
            self.before, self.head = network()[:4], nn.Linear(8, 4)

        def forward(self, images):
            return self.head(nn.functional.dropout(self.before(images), 0.5, training=True))

    with pytest.raises(InputError, match="net: gives other logits for the same images in evaluation mode"):
        subject_of(Given("net", Drawing()), tuple("abcd"), IMAGES)


def test_a_network_whose_images_mix_within_a_batch_is_refused():
    model = network()
    model[1] = nn.BatchNorm2d(8, track_running_stats=False)
    with pytest.raises(InputError, match="net: its answer for an image depends on the other images of its batch"):
        subject_of(Given("net", model), tuple("abcd"), IMAGES)
    model[1] = nn.BatchNorm2d(8, track_running_stats=True)
    assert subject_of(Given("net", model), tuple("abcd"), IMAGES).notes == ()


@pytest.mark.filterwarnings("ignore")
def test_that_dynamic_quantisation_mixes_them_slightly_is_noted():
    small = torch.ao.quantization.quantize_dynamic(network(), {nn.Linear}, dtype=torch.qint8)
    images = torch.cat([IMAGES, 4 * IMAGES])
    (note,) = subject_of(Given("small", small), tuple("abcd"), images).notes
    assert note.startswith("small: its dynamic quantisation takes a scale from the whole batch")
