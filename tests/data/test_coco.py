"""Object masks of class folders from a COCO file."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from pycocotools import mask as reference

from sparsight.data import FolderSettings, examine, load_dataset
from sparsight.data.coco import MOST_BYTES
from sparsight.errors import InputError

SIZES = ((40, 30), (30, 40), (32, 32))
"""Width and height, by turns."""


@pytest.fixture
def birds(tmp_path):
    """Two classes of six pictures, and a box of each, by its number."""
    for k, name in enumerate(("ara", "crow")):
        (tmp_path / "birds" / name).mkdir(parents=True)
        for i in range(6):
            width, height = SIZES[i % 3]
            pixels = np.random.default_rng([k, i]).integers(0, 255, (height, width, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "birds" / name / f"{name}{i}.png")
    return tmp_path / "birds"


def boxes(n):
    """Two boxes that overlap, as left, top, width and height."""
    return [5 + n % 3, 4, 12, 10 + n % 5], [10, 8 + n % 3, 13, 9]


def inside(n, size):
    mask = np.zeros(size[::-1], dtype=np.uint8)
    for left, top, width, height in boxes(n):
        mask[top : top + height, left : left + width] = 1
    return mask


def annotations(n, size, kind):
    if kind == "boxes":
        return [{"bbox": [*box], "segmentation": []} for box in boxes(n)]
    if kind == "polygons":
        corners = [[x, y, x + w, y, x + w, y + h, x, y + h] for x, y, w, h in boxes(n)]
        return [{"segmentation": [corners[0]], "bbox": [*boxes(n)[0]]}, {"segmentation": [corners[1]], "iscrowd": 0}]
    mask = inside(n, size)
    if kind == "runs":
        ends = np.flatnonzero(np.diff(np.concatenate([[0], mask.T.ravel()]).astype(int))).tolist()
        return [{"segmentation": {"size": [*mask.shape], "counts": np.diff([0, *ends, mask.size]).tolist()}}]
    encoded = reference.encode(np.asfortranarray(mask))
    return [{"segmentation": {"size": [*mask.shape], "counts": encoded["counts"].decode()}, "iscrowd": 1}]


def document(root, kind="boxes"):
    made = {"info": {}, "images": [], "annotations": []}
    for n, path in enumerate(sorted(root.rglob("*.png"))):
        size = SIZES[n % 6 % 3]
        name = str(path.relative_to(root)) if n % 2 else path.name
        made["images"].append({"id": 100 + n, "file_name": name, "width": size[0], "height": size[1]})
        made["annotations"] += [{"id": n, "image_id": 100 + n, **one} for one in annotations(n, size, kind)]
    return made


def settings(root, file):
    return FolderSettings(path=root, image_size=16, masks=file)


@pytest.mark.parametrize("kind", ["boxes", "polygons", "runs", "compressed"])
def test_the_masks_are_those_of_files_with_the_same_pixels(birds, tmp_path, kind):
    for n, path in enumerate(sorted(birds.rglob("*.png"))):
        file = tmp_path / "masks" / path.relative_to(birds)
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(inside(n, SIZES[n % 6 % 3])).save(file)
    (tmp_path / "objects.json").write_text(json.dumps(document(birds, kind)))
    found = load_dataset(settings(birds, tmp_path / "objects.json"))
    assert torch.equal(found.object_masks, load_dataset(settings(birds, tmp_path / "masks")).object_masks)
    assert found.object_masks.flatten(1).any(1).all()
    assert ("12 object masks are boxes, at least in part" in found.notes) == (kind == "boxes")


def test_a_picture_is_outlined_as_it_stands_upright(birds, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    path = birds / "ara" / "ara0.png"
    with Image.open(path) as image:
        image.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    (tmp_path / "objects.json").write_text(json.dumps(document(birds)))
    found = load_dataset(settings(birds, tmp_path / "objects.json"))
    expected = Image.fromarray(inside(0, SIZES[0]) * 255).resize((16, 16), Image.Resampling.BILINEAR, (5, 0, 35, 30))
    assert np.array_equal(found.object_masks[0].numpy(), np.asarray(expected) >= 128)


def test_what_was_outlined_before_the_picture_was_turned_is_turned_with_it(birds, tmp_path):
    upright = document(birds)
    (tmp_path / "upright.json").write_text(json.dumps(upright))
    expected = load_dataset(settings(birds, tmp_path / "upright.json")).object_masks
    exif = Image.Exif()
    exif[0x0112] = 3 + 3  # a quarter turn to the right
    path = birds / "ara" / "ara0.png"
    with Image.open(path) as image:
        image.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    upright["images"][0].update(width=30, height=40)  # as the file stores it
    for one in upright["annotations"][:2]:
        left, top, width, height = one["bbox"]
        one["bbox"] = [top, 40 - left - width, height, width]
    (tmp_path / "stored.json").write_text(json.dumps(upright))
    found = load_dataset(settings(birds, tmp_path / "stored.json"))
    assert torch.equal(found.object_masks, expected)
    assert "1 mask was drawn before its picture was turned upright by EXIF; turned as well" in found.notes


def test_what_cannot_be_read_is_left_out_with_its_annotations(birds, tmp_path):
    made = document(birds)
    made["annotations"] = made["annotations"][2:]
    (birds / "ara" / "ara0.png").write_bytes(b"bad")
    (tmp_path / "objects.json").write_text(json.dumps(made))
    wanted = settings(birds, tmp_path / "objects.json")
    (problem,) = [line for line in examine(wanted)[1] if "has no image for" not in line]
    assert problem.endswith("or leave such images out by --skip-bad")
    data = load_dataset(wanted.model_copy(update={"skip_bad": True}))
    assert "1 image that cannot be read is left out: ara/ara0.png" in data.notes
    assert data.object_masks[torch.cat(list(data.splits.values()))].flatten(1).any(1).all()


def spoilt(change):
    def write(file, made):
        change(made)
        file.write_text(json.dumps(made))

    return write


def large(file, made):
    with file.open("wb") as out:
        out.truncate(1 << 30)
    assert file.stat().st_size > MOST_BYTES


REFUSED = {
    "no file": (lambda file, made: None, "cannot be read"),
    "an empty file": (lambda file, made: file.write_bytes(b""), "not valid JSON"),
    "a picture": (lambda file, made: file.write_bytes(b"\x89PNG\r\n\x1a\n"), "not a text file"),
    "half of it": (lambda file, made: file.write_text(json.dumps(made)[:-9]), "not valid JSON"),
    "a gigabyte": (large, "1.0 GiB, more than the 256 MiB"),
    "deep": (lambda file, made: file.write_text("[" * 200_000), "too deeply nested"),
    "NaN": (lambda file, made: file.write_text(json.dumps(made).replace("[5,", "[NaN,", 1)), "NaN is no number"),
    "an endless number": (
        lambda file, made: file.write_text(json.dumps(made).replace("[5,", "[1e999,", 1)),
        r"annotations\[0\]: a coordinate is no number",
    ),
    "a number of 9,000 digits": (lambda file, made: file.write_text("9" * 9000), "not valid JSON"),
    "a list": (lambda file, made: file.write_text("[]"), "holds no list 'images'"),
    "no images": (spoilt(lambda made: made.pop("images")), "holds no list 'images'"),
    "no annotations": (spoilt(lambda made: made.update(annotations={})), "holds no list 'annotations'"),
    "an image that is none": (spoilt(lambda made: made["images"].append(7)), r"images\[12\]: needs an id and a file"),
    "an image without a size": (spoilt(lambda made: made["images"][3].pop("width")), r"images\[3\]: width and height"),
    "an id twice": (
        spoilt(lambda made: made["images"][1].update(id=100)),
        r"images\[1\]: another image has the id 100",
    ),
    "an unknown image": (
        spoilt(lambda made: made["images"][0].update(file_name="gull.png")),
        "no image 'gull.png' in .*birds; correct or remove it",
    ),
    "an image twice": (
        spoilt(lambda made: made["images"].append({**made["images"][0], "id": 9})),
        "image 'ara0.png' stands there twice",
    ),
    "an annotation of nothing": (
        spoilt(lambda made: made["annotations"][4].update(image_id=5)),
        r"annotations\[4\]: image_id 5 is of no image",
    ),
    "an annotation that is none": (
        spoilt(lambda made: made["annotations"].insert(0, [])),
        "image_id None is of no image",
    ),
    "an id that is a list": (
        spoilt(lambda made: made["annotations"][0].update(image_id=[100])),
        r"image_id \[100\] is of no image",
    ),
    "an image without an annotation": (
        spoilt(lambda made: made.update(annotations=made["annotations"][2:])),
        "no annotation of ara/ara0.png; give each image one",
    ),
    "an image that is not listed": (
        spoilt(lambda made: made.update(images=made["images"][:-1], annotations=made["annotations"][:-2])),
        "no annotation of crow/crow5.png; give each image one",
    ),
    "another size": (
        spoilt(lambda made: made["images"][0].update(width=80, height=60)),
        "image 'ara0.png' is 80 x 60 there, the picture 40 x 30 when upright",
    ),
    "a negative box": (
        spoilt(lambda made: made["annotations"][0].update(bbox=[3, 3, -2, 2])),
        r"annotations\[0\]: bbox is -2 wide and 2 high",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_that_cannot_be_used_is_one_line_that_names_it(birds, tmp_path, kind):
    write, says = REFUSED[kind]
    file = tmp_path / "objects.json"
    write(file, document(birds))
    with pytest.raises(InputError, match=says) as error:
        load_dataset(settings(birds, file))
    assert str(error.value).startswith(f"{file}: ")
    assert "\n" not in str(error.value)
    assert "more: " not in str(error.value)


def test_a_name_that_several_images_have_needs_its_folder(birds, tmp_path):
    (birds / "crow" / "crow0.png").rename(birds / "crow" / "ara0.png")
    made = document(birds)
    (tmp_path / "objects.json").write_text(json.dumps(made))
    with pytest.raises(InputError, match=r"several images are called 'ara0\.png'; give the path below"):
        load_dataset(settings(birds, tmp_path / "objects.json"))
    for place, one in enumerate(sorted(birds.rglob("*.png"))):
        made["images"][place]["file_name"] = f"./{one.relative_to(birds)}"
    (tmp_path / "objects.json").write_text(json.dumps(made))
    load_dataset(settings(birds, tmp_path / "objects.json"))


def test_all_images_that_are_wrong_are_listed(birds, tmp_path):
    made = document(birds)
    made["annotations"] = made["annotations"][4:]
    made["images"][2]["width"] += 1
    (tmp_path / "objects.json").write_text(json.dumps(made))
    assert len(examine(settings(birds, tmp_path / "objects.json"))[1]) == 3
