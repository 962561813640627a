"""Names of the outputs of models that have none of their own: files, and what they do."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from sparsight import audit_models
from sparsight.auditing import Labels, labelled, read_labels
from sparsight.errors import InputError
from sparsight.models import Given

NAMES = ("red", "green", "blue")
GOOD = {
    "lines.txt": "red\ngreen\n blue \n\n",
    "bom.txt": "\ufeffred\r\ngreen\r\nblue",
    "list.json": '["red", "green", "blue"]',
    "list.txt": '["red", "green", "blue"]',
    "index.json": '{"2": "blue", "0": "red", "1": "green"}',
    "class_to_idx.json": '{"blue": 2, "green": 1, "red": 0}',
}
BAD = {
    "empty": ("", "holds no name"),
    "gap": ("red\n\nblue\n", "line 2: is empty"),
    "twice": ("red\ngreen\nred\n", "line 1 and line 3: both are 'red'"),
    "cut.json": ('["red", ', "not whole JSON"),
    "no_text": ('["red", 3]', "output 1: 3 is no name"),
    "nested": ('{"0": ["n01", "red"]}', "output 0: list \\['n01', 'red'\\] is no name"),
    "from_one": ('{"1": "red", "2": "green"}', "2 names and none of output 0"),
    "no_index": ('{"first": "red"}', "'first' is no index"),
    "same_index": ('{"0": "red", "00": "green"}', "index 0 is there twice"),
    "same_key": ('{"0": "red", "0": "green"}', "'0' is there twice"),
    "number.json": ("3", "3 holds no names"),
    "bytes": (b"\xff\xfe\x00r", "not text in UTF-8"),
    "binary": (b"red\0", "not text"),
}


@pytest.mark.parametrize("name", GOOD)
def test_names_are_read_in_the_order_of_the_outputs(name, tmp_path):
    (tmp_path / name).write_bytes(GOOD[name].encode())
    assert read_labels(tmp_path / name) == Labels(str(tmp_path / name), NAMES, str(tmp_path / name))


@pytest.mark.parametrize("passed", [NAMES, list(NAMES), dict(enumerate(NAMES)), {"red": 0, "green": 1, "blue": 2}])
def test_python_may_pass_the_names_themselves(passed):
    assert read_labels(passed) == Labels("labels", NAMES)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_line(name, tmp_path):
    content, said = BAD[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=said) as error:
        read_labels(tmp_path / name)
    assert "\n" not in str(error.value)
    assert name in str(error.value)


@pytest.mark.parametrize("what", ["missing.txt", "folder"])
def test_what_is_no_file_is_one_line(what, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=what):
        read_labels(tmp_path / what)


def test_names_go_to_models_that_have_none():
    own, without = Given("own", nn.Flatten(), class_names=("x", "y")), Given("without", nn.Flatten())
    found, notes = labelled([own, without], Labels("f", NAMES), ("RED", "other"))
    assert [one.class_names for one in found] == [("x", "y"), NAMES]
    assert notes == ["own: has names of its own for its classes, which were taken, not those of --labels"]
    with pytest.raises(InputError, match="every model has names of its own"):
        labelled([own], Labels("f", NAMES), NAMES)
    with pytest.raises(InputError, match=r"none of its names \('red', 'green', 'blue'\).*\('cat', 'dog'\)"):
        labelled([without], Labels("f", NAMES), ("cat", "dog"))


class Colours(nn.Module):
    """Answers by the strongest of the three channels; other outputs are never the largest."""

    def __init__(self, order: tuple[int | None, ...]) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, 3, 1, bias=False)
        self.head = nn.Linear(3, len(order))
        with torch.no_grad():
            self.features.weight.copy_(torch.eye(3)[:, :, None, None])
            self.head.weight.zero_()
            self.head.bias.zero_()
            for output, channel in enumerate(order):
                if channel is None:
                    self.head.bias[output] = -100.0
                else:
                    self.head.weight[output, channel] = 10.0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The logits."""
        return self.head(self.features(images).relu().mean((2, 3)))


pytestmark = pytest.mark.filterwarnings("ignore:.*how images are normalised is not known")


@pytest.fixture
def photos(tmp_path) -> Path:
    """Pictures of three colours, whose classes stand in the order blue, green, red."""
    draws = np.random.default_rng(0)
    for channel, name in enumerate(NAMES):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(12):
            pixels = draws.integers(0, 100, (32, 32, 3))
            pixels[..., channel] += 120
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "photos" / name / f"{i}.png")
    return tmp_path / "photos"


def test_outputs_are_found_by_their_names_in_any_order_and_among_more(photos, tmp_path):
    names, order = ["green", "nothing", "red", "Blue"], (1, None, 0, 2)
    (tmp_path / "names.txt").write_text("\n".join(names))
    found = audit_models(Colours(order), Colours(order), photos, labels=tmp_path / "names.txt")
    rows = found.data.accuracy
    assert set(rows[rows["metric"] == "accuracy"]["value"]) == {1.0}
    assert found.asked["labels"] == names
    assert f"labels={str(tmp_path / 'names.txt')!r}" in found.data.command
    again = audit_models(Colours(order), Colours(order), photos, labels=dict(enumerate(names)))
    assert again.asked == found.asked
    with pytest.raises(InputError, match="2 names for the 4 outputs of original"):
        audit_models(Colours(order), Colours(order), photos, labels=["red", "green"])
    with pytest.raises(InputError, match="4 outputs for 3 classes of the data"):
        audit_models(Colours(order), Colours(order), photos)


def test_the_remedy_of_another_order_ends_well(photos, tmp_path):
    with pytest.raises(InputError, match="which is red, green, blue; write the names of its outputs") as error:
        audit_models(Colours((0, 1, 2)), Colours((0, 1, 2)), photos)
    shown = str(error.value).partition("which is ")[2].partition(";")[0]
    (tmp_path / "names.json").write_text(json.dumps(shown.split(", ")))
    found = audit_models(Colours((0, 1, 2)), Colours((0, 1, 2)), photos, labels=tmp_path / "names.json")
    assert found.word == "preserved"
    (tmp_path / "names.txt").write_text("green\nred\nblue\n")
    with pytest.raises(InputError, match=r"names.txt does not fit its outputs: correct"):
        audit_models(Colours((0, 1, 2)), Colours((0, 1, 2)), photos, labels=tmp_path / "names.txt")


def test_the_remedy_of_a_model_that_alone_has_another_order_ends_well(photos):
    right, turned = Colours((2, 1, 0)), Colours((0, 2, 1))
    with pytest.raises(InputError, match=r"whose network gives its outputs \[1, 2, 0\] in the order") as error:
        audit_models(right, turned, photos)
    columns = json.loads(str(error.value).partition("its outputs ")[2].partition("]")[0] + "]")

    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = turned

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.network(images)[:, columns]

    audit_models(right, Turned(), photos)
