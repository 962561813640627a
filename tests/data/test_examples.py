"""Example images: who is learned from, who is tested on, and that no one is both."""

import shutil

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from sparsight.data import ExampleSettings, FolderSettings, load_dataset
from sparsight.data.example_folder import read_example_folder
from sparsight.data.examples import LEAST, ConceptFiles, ConceptSource, choose_examples
from sparsight.data.load import check_command
from sparsight.errors import InputError

SIX = ExampleSettings(concept_examples=6, concept_held_out=6)


def draw(folder, count, key):
    folder.mkdir(parents=True)
    for k in range(count):
        pixels = np.random.default_rng([key, k]).integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{k:03d}.png")


@pytest.fixture
def shown(tmp_path):
    """Two concepts, 14 images of a kind."""
    for c, concept in enumerate(("striped", "dotted")):
        for s, kind in enumerate(("positive", "negative")):
            draw(tmp_path / "shown" / concept / kind, 14, 2 * c + s)
    return tmp_path / "shown"


def counts(chosen):
    """Examples by concept: learned positive and negative, tested positive and negative."""
    sides = [chosen.concepts[chosen.held_out == out] for out in (False, True)]
    return [[int((side[:, c] == value).sum()) for side in sides for value in (1, 0)] for c in range(sides[0].shape[1])]


def test_every_concept_gets_its_numbers(shown):
    chosen = choose_examples(read_example_folder(shown), SIX, 0)
    assert counts(chosen) == [[6, 6, 6, 6]] * 2
    assert (chosen.notes, chosen.problems) == ((), ())
    for path, row in zip(chosen.paths, chosen.concepts.tolist(), strict=True):
        concept = ("dotted", "striped").index(path.parent.parent.name)
        assert row[concept] == int(path.parent.name == "positive")
        assert row[1 - concept] == -1


def test_exactly_as_many_images_as_asked_for_are_enough(shown):
    assert (
        counts(choose_examples(read_example_folder(shown), ExampleSettings(concept_examples=8, concept_held_out=6), 0))
        == [[8, 8, 6, 6]] * 2
    )


@pytest.mark.parametrize(
    ("asked", "got"), [((5, 50), (5, 9)), ((50, 5), (9, 5)), ((50, 50), (7, 7)), ((9, 50), (7, 7)), ((5, 5), (5, 5))]
)
def test_of_a_shortage_each_side_bears_its_half(shown, asked, got):
    wanted = ExampleSettings(concept_examples=asked[0], concept_held_out=asked[1])
    found = counts(choose_examples(read_example_folder(shown), wanted, 0))
    assert found == [[got[0], got[0], got[1], got[1]]] * 2


def test_draws_follow_from_the_images_the_concept_and_the_seed_alone(shown, tmp_path):
    source = read_example_folder(shown)
    here, again = choose_examples(source, SIX, 0), choose_examples(source, SIX, 0)
    assert here.paths == again.paths
    assert torch.equal(here.held_out, again.held_out)
    assert choose_examples(source, SIX, 1).paths != here.paths
    moved = tmp_path / "moved"
    shutil.copytree(shown, moved)
    (moved / "striped" / "positive").rename(moved / "striped" / "Positives")
    draw(moved / "another" / "positive", 14, 8)
    draw(moved / "another" / "negatives", 14, 9)
    there = choose_examples(read_example_folder(moved), SIX, 0)
    kept = [path.read_bytes() for path in there.paths if path.parent.parent.name != "another"]
    assert sorted(kept) == sorted(path.read_bytes() for path in here.paths)


def test_a_copy_among_the_examples_of_a_concept_is_told(shown):
    files = sorted((shown / "striped" / "positive").iterdir())
    shutil.copy(files[0], files[0].with_name("copy.png"))
    chosen = choose_examples(read_example_folder(shown), ExampleSettings(concept_examples=7, concept_held_out=7), 0)
    assert "1 file is a copy of another of the same concept; each image is one example" in chosen.notes


def test_a_file_in_several_concepts_is_one_image(shown):
    for file in (shown / "striped" / "negative").iterdir():
        shutil.copy(file, shown / "dotted" / "negative" / f"s{file.name}")
    for file in list((shown / "dotted" / "negative").glob("0*")):
        file.unlink()
    chosen = choose_examples(read_example_folder(shown), ExampleSettings(concept_examples=7, concept_held_out=7), 0)
    assert len(chosen.paths) == 3 * 14
    assert chosen.notes == (), "that an image serves several concepts is no fault of the folders"
    both = (chosen.concepts == 0).all(1)
    assert int(both.sum()) == 14
    assert counts(chosen) == [[7, 7, 7, 7]] * 2


def test_an_image_that_shows_and_lacks_a_concept_is_named(shown):
    shutil.copy(shown / "striped" / "positive" / "003.png", shown / "striped" / "negative" / "x.png")
    with pytest.raises(InputError, match="a positive and a negative example of striped; decide for one"):
        choose_examples(read_example_folder(shown), SIX, 0)


def test_fewer_than_asked_for_is_said_and_too_few_is_a_problem(shown):
    for k in range(3, 14):
        (shown / "dotted" / "negative" / f"{k:03d}.png").unlink()
    chosen = choose_examples(read_example_folder(shown), ExampleSettings(), 0)
    assert chosen.notes == (
        "fewer than 50 + 50 examples (learned from + tested on): dotted 7 + 7 positive, striped 7 + 7 positive, "
        "striped 7 + 7 negative",
    )
    assert chosen.problems == (
        f"concept dotted: 3 negative examples give 2 to learn from and 1 to test on; it needs {LEAST} of each: add "
        "images or take the concept away",
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_image_is_learned_from_and_tested_on(tmp_path_factory, data):
    pool = sorted(_pool(tmp_path_factory))
    concepts = []
    for c in range(data.draw(st.integers(1, 4))):
        kinds = data.draw(st.lists(st.sampled_from((1, 0, -1)), min_size=len(pool), max_size=len(pool)))
        files = [tuple(path for path, kind in zip(pool, kinds, strict=True) if kind == value) for value in (1, 0)]
        concepts.append(ConceptFiles(f"c{c}", f"c{c}", *files))
    wanted = ExampleSettings(
        concept_examples=data.draw(st.integers(5, 12)), concept_held_out=data.draw(st.integers(5, 12))
    )
    chosen = choose_examples(ConceptSource(tuple(concepts)), wanted, 0)
    assert len(set(chosen.paths)) == len(chosen.paths)
    assert not len(chosen.paths) or (chosen.concepts != -1).any(1).all()
    for c, found in enumerate(counts(chosen)):
        assert max(found[:2]) <= wanted.concept_examples
        assert max(found[2:]) <= wanted.concept_held_out
        for path, value in zip(chosen.paths, chosen.concepts[:, c].tolist(), strict=True):
            assert value == -1 or path in (concepts[c].positive if value else concepts[c].negative)


def _pool(factory):
    root = factory.getbasetemp() / "pool"
    if not root.exists():
        root.mkdir()
        for k in range(40):
            (root / f"{k}.png").write_text(str(k))
    return root.iterdir()


def test_a_nested_folder_is_found_and_what_is_no_concept_is_named(shown, tmp_path):
    (shown / "readme").mkdir()
    (shown / "notes.txt").write_text("mine")
    source = read_example_folder(tmp_path)
    assert [concept.name for concept in source.concepts] == ["dotted", "striped"]
    assert source.notes == (
        f"examples read from {shown.name}",
        "1 folders without positive and negative are no concepts: readme",
    )


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda root: shutil.rmtree(root / "dotted" / "negative"), "dotted: no folder negative; a concept has"),
        (lambda root: (root / "dotted" / "negatives").mkdir(), "dotted: both negative and negatives; a concept has"),
        (lambda root: [shutil.rmtree(root / name) for name in ("dotted", "striped")], "holds no <concept>/positive"),
        (lambda root: shutil.rmtree(root), "does not exist; name a folder of <concept>/positive"),
    ],
)
def test_another_layout_is_refused_in_one_line(shown, spoil, said):
    spoil(shown)
    with pytest.raises(InputError, match=said) as caught:
        read_example_folder(shown)
    assert "\n" not in str(caught.value)


def test_an_archive_is_named(tmp_path):
    (tmp_path / "shown.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"shown\.zip: an archive; unpack it"):
        read_example_folder(tmp_path / "shown.zip")


def test_they_serve_images_of_ones_own(shown, tmp_path):
    for k, name in enumerate(("a", "b")):
        draw(tmp_path / "birds" / name, 6, 20 + k)
    wanted = FolderSettings(
        path=tmp_path / "birds", concepts=shown, image_size=8, concept_examples=6, concept_held_out=6
    )
    data = load_dataset(wanted)
    assert data.concept_names == data.concept_groups == ("dotted", "striped")
    assert data.concepts.tolist() == [[-1, -1]] * 12
    assert data.example_images.shape == (48, 3, 8, 8)
    assert f"--concepts {shown}" in check_command(wanted)
    (shown / "dotted" / "positive" / "000.png").write_bytes(b"no image")
    wider = wanted.model_copy(update={"concept_examples": 7, "concept_held_out": 7})
    with pytest.raises(InputError, match=r"dotted/positive/000\.png: not an image"):
        load_dataset(wider)


def test_what_is_no_example_is_counted_by_kind_and_examples_below_are_taken(shown):
    draw(shown / "striped" / "positive" / "more", 2, 9)
    (shown / "dotted" / "negative" / "x.heic").touch()
    (shown / "dotted" / "negative" / "y.HEIC").touch()
    source = read_example_folder(shown)
    assert {one.name: len(one.positive) for one in source.concepts} == {"dotted": 14, "striped": 16}
    assert source.notes == (
        "examples: not taken: 2 .heic files, as dotted/negative/x.heic (convert to PNG or JPEG)",
        "examples: 2 examples lie in folders below positive and negative, and count as the others: "
        "striped/positive/more",
    )


def test_a_folder_of_other_names_says_what_was_seen(tmp_path):
    draw(tmp_path / "striped" / "pos", 1, 1)
    draw(tmp_path / "striped" / "neg", 1, 2)
    with pytest.raises(InputError, match=r"holds no <concept>/positive.*there are striped/neg, striped/pos"):
        read_example_folder(tmp_path)
