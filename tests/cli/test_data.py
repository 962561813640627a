"""``sparsight data check``: what would stop a study, and what is shown of it."""

import shlex

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def birds(tmp_path):
    """Two classes of five images; a table of three concepts elsewhere."""
    draw = np.random.default_rng(0)
    rows = ["image,red,striped,tall"]
    for name in ("ara", "crow"):
        (tmp_path / "birds" / name).mkdir(parents=True)
        for i in range(5):
            Image.fromarray(draw.integers(0, 255, (20, 20, 3), dtype=np.uint8)).save(
                tmp_path / "birds" / name / f"{i}.png"
            )
            rows.append(f"{name}/{i}.png,{int(name == 'ara')},{i % 2},{int(i < 2)}")
    (tmp_path / "my table.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "birds"


def test_concepts_and_data_are_named_as_for_a_study(call, birds):
    code, out, err = call("data", "check", "folder:birds", "--concepts", "my table.csv")
    assert (code, err) == (0, "")
    assert "striped" in out
    code, out, err = call("data", "check", "folder:elsewhere", "--data", "birds", "--concepts", "my table.csv")
    assert (code, err) == (0, "")


def test_a_folder_without_concepts_is_well_and_that_it_has_none_is_said(call, birds):
    code, out, err = call("data", "check", "folder:birds")
    assert (code, err) == (0, "")
    assert "concepts: none" in out.splitlines()
    assert "note: no concepts: " in out
    assert "--concepts FILE" in out
    assert "problem" not in out
    assert call("data", "preview", "folder:birds")[1] == "10 images, 2 classes, no concepts: birds.png\n"


def test_too_few_concepts_are_told_here_and_not_first_by_the_study(call, birds):
    (birds / "concepts.csv").write_text("class,red,constant,blue\nara,1,1,0\ncrow,0,1,1\n")
    code, out, err = call("data", "check", "folder:birds")
    assert code == 2
    assert "2 concepts differ between training images, too few for concepts.top_k 3" in err
    assert "problem: data set birds: 2 concepts differ" in out
    assert call("data", "check", "folder:birds", "--set", "concepts.top_k=2")[0] == 0


def test_concepts_that_are_all_constant_are_a_mistake_and_not_none(call, birds):
    (birds / "concepts.csv").write_text("class,red,blue,tall\nara,1,1,0\ncrow,1,1,0\n")
    code, _, err = call("data", "check", "folder:birds")
    assert code == 2
    assert "no concept differs between training images" in err


def test_the_command_that_an_error_suggests_finds_the_same(call, birds, tmp_path):
    (tmp_path / "masks").mkdir()
    wanted = ("--concepts", "my table.csv")
    code, _, err = call("study", "folder:birds", *wanted, "--set", "data.masks=masks", "--set", "data.image_size=16")
    assert code == 2
    command = shlex.split(err.partition("more: ")[2].removesuffix(" lists them)\n"))
    assert command[:3] == ["sparsight", "data", "check"]
    again, out, told = call(*command[1:])
    assert again == 2
    assert "10 things must be mended" in told
    assert out.count("problem: ") == 10
    assert "no mask" in out


def test_names_of_ten_thousand_characters_are_cut_on_the_screen(call, birds):
    """Of a concept that is constant, of two that are one, and of both in notes."""
    constant, one, other = ("k" * 10_000, "m" * 10_000, "n" * 10_000)
    (birds / "concepts.csv").write_text(f"class,red,{constant},{one},{other}\nara,1,1,0,0\ncrow,0,1,1,1\n")
    code, out, err = call("data", "check", "folder:birds", "--set", "concepts.top_k=2")
    assert (code, err) == (0, "")
    assert "kkk ... kkk" in out
    assert "nnn  (equal column: one concept with mmm" in out
    assert max(len(line) for line in out.splitlines() if not line.startswith("note: ")) < 500
    assert max(map(len, out.splitlines())) < 700
    assert call("data", "check", "folder:birds")[0] == 2, "two concepts that differ, where three are shown"


def test_the_cache_is_named_and_emptied(sparsight, tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSIGHT_CACHE", str(tmp_path / "cache"))
    assert "0 sets of images, 0 MiB" in sparsight("data", "cache", cwd=tmp_path).stdout
    for name in ("one", "two"):
        (tmp_path / "birds" / name).mkdir(parents=True)
        for i in range(3):
            Image.new("RGB", (20, 20), (90 * i, 9, 9 * len(name))).save(tmp_path / "birds" / name / f"{i}.png")
    sparsight("data", "check", "folder:birds", cwd=tmp_path)
    assert "1 sets of images" in sparsight("data", "cache", cwd=tmp_path).stdout
    assert "removed" in sparsight("data", "cache", "--clear", cwd=tmp_path).stdout
    assert list((tmp_path / "cache" / "images").iterdir()) == []
    monkeypatch.setenv("SPARSIGHT_CACHE", "off")
    assert "no cache" in sparsight("data", "cache", cwd=tmp_path).stdout


def test_what_will_be_void_or_left_out_is_reported_before_a_study(call, birds):
    (birds / "crow" / "x.heic").touch()
    (birds / "concepts.csv").write_text("class,red,blue,tall\nara,1,0,0\ncrow,0,1,1\n")
    code, out, err = call("data", "check", "folder:birds", "--set", "concepts.top_k=2")
    assert (code, err) == (0, "")
    assert "one concept with several names: blue = tall" in out
    assert "note: 2 test images are fewer than the 30 (verdict.least_images) that a verdict needs" in out
    assert "note: not taken: 1 .heic file, as crow/x.heic (convert to PNG or JPEG)" in out
    assert "an audit compares models on the 2 test images of 10" in out
    assert "mirroring: a mirrored image keeps its class" in out
    assert "none is mirrored" in call("data", "check", "folder:birds", "--set", "flip=false")[1]


@pytest.mark.parametrize("prefix", ["", "data."])
def test_settings_may_be_written_with_their_room_everywhere(call, birds, prefix):
    assert call("data", "check", "folder:birds", "--set", f"{prefix}flip=false")[0] == 0
    code, out, _ = call("data", "preview", "folder:birds", "--set", f"{prefix}image_size=16")
    assert (code, out) == (0, "10 images, 2 classes, no concepts: birds.png\n")


def test_a_preview_takes_what_its_errors_name(call, birds):
    for i in range(5, 11):  # enough of them, wherever the bad one has its place
        Image.new("RGB", (20, 20), (20 * i, 0, 0)).save(birds / "ara" / f"{i}.png")
    (birds / "ara" / "0bad.png").write_bytes(b"no image")
    code, _, err = call("data", "preview", "folder:birds")
    assert code == 2
    assert "leave such images out by --skip-bad" in err
    (birds.parent / "seen.csv").write_text("class,red,blue\nara,1,0\ncrow,0,1\n")
    words = ("--concepts", "seen.csv", "--skip-bad")
    code, out, err = call("data", "preview", "folder:birds", *words)
    assert (code, out) == (0, "16 images, 2 classes, 2 concepts: birds.png\n"), err
    assert "name it by --data .../CUB_200_2011" in call("data", "preview", "cub200")[2]
    assert "birds: holds no images.txt" in call("data", "preview", "cub200", "--data", "birds")[2]


def test_the_remedy_for_a_bad_file_is_taken_where_it_is_named(call, birds):
    for i in range(5, 11):  # enough of them, wherever the bad one has its place
        Image.new("RGB", (20, 20), (20 * i, 0, 0)).save(birds / "ara" / f"{i}.png")
    (birds / "ara" / "0bad.png").write_bytes(b"no image")
    code, _, err = call("data", "check", "folder:birds")
    assert code == 2
    assert "leave such images out by --skip-bad" in err
    code, out, err = call("data", "check", "folder:birds", "--skip-bad")
    assert (code, err) == (0, "")
    assert "1 image that cannot be read is left out: ara/0bad.png" in out


def test_a_value_of_another_type_is_named_by_its_key(call, birds):
    _, _, err = call("data", "check", "folder:birds", "--set", "range=bright")
    assert "data.range: must be a number" in err
