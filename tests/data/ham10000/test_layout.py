"""Where the official files lie, and what is said of those that do not."""

import shutil

import pytest

from sparsight.data.ham10000.layout import find_metadata, read_layout
from sparsight.errors import InputError
from tests.data.ham10000.conftest import draw_ham, rows_of


def metadata(root, edit):
    path = root / "HAM10000_metadata"
    path.write_text(edit(path.read_text()))


@pytest.mark.parametrize(("name", "sign"), [("HAM10000_metadata.csv", ","), ("HAM10000_metadata.tab", "\t")])
def test_the_metadata_have_the_names_and_signs_of_their_sources(tmp_path, name, sign):
    layout = read_layout(draw_ham(tmp_path / "ham", name, sign))
    assert [(one.lesion_id, one.image_id, one.dx) for one in layout.lesions] == [row[:3] for row in rows_of()]
    assert layout.notes == ()
    first = layout.lesions[0]
    assert first.path.parent.name == "HAM10000_images_part_1"
    assert first.mask.name == f"{first.image_id}_segmentation.png"


def test_a_nested_folder_is_found_and_named(ham):
    assert find_metadata(ham.parent) == ham / "HAM10000_metadata"
    (ham.parent / "others").mkdir()
    shutil.copy(next(ham.glob("*/*.jpg")), ham.parent / "others" / "bird.jpg")  # is none of its business
    layout = read_layout(ham.parent)
    assert len(layout.lesions) == len(rows_of())
    assert layout.notes == (f"metadata read from {ham.name}/HAM10000_metadata",)
    draw_ham(ham.parent / "another")
    with pytest.raises(InputError, match="metadata in HAM10000 and in another; name one"):
        read_layout(ham.parent)


def test_archives_unpacked_twice_and_metadata_beside_the_images_are_found(ham):
    inner = ham / "HAM10000_images_part_1" / "HAM10000_images_part_1"
    inner.mkdir()
    for file in list(inner.parent.glob("*.jpg")):
        file.rename(inner / file.name)
    (ham / "meta").mkdir()
    (ham / "HAM10000_metadata").rename(ham / "meta" / "HAM10000_metadata")
    assert len(read_layout(ham).lesions) == len(rows_of())


def test_what_has_no_partner_is_counted_once_with_the_first_five(ham):
    images = [row[1] for row in rows_of()]
    for image in images[:12]:
        next(ham.glob(f"*/{image}.jpg")).unlink()
    for image in images[20:23]:
        next(ham.glob(f"*/{image}_segmentation.png")).unlink()
    for k in range(6):
        shutil.copy(next(ham.glob("*/ISIC_0000030.jpg")), ham / f"ISIC_9{k}.jpg")
    (ham / "notes.txt").write_text("no image")
    (ham / "._ISIC_0000001.jpg").write_text("left behind by a system")
    layout = read_layout(ham)
    assert len(layout.lesions) == len(images) - 12
    assert [one.mask for one in layout.lesions].count(None) == 3
    assert layout.notes == (
        f"44 of 56 images of HAM10000_metadata are there; without image: {', '.join(images[:5])}, ...",
        "6 image files in no row of HAM10000_metadata were left out: ISIC_90, ISIC_91, ISIC_92, ISIC_93, ISIC_94, ...",
        f"3 of 44 images have no segmentation: {', '.join(images[20:23])}",
    )


def test_a_second_copy_of_an_image_is_passed_over_and_another_image_of_its_name_is_refused(ham):
    file = next(ham.glob("*/ISIC_0000001.jpg"))
    (ham / "ham10000_images_part_1").mkdir()
    copy = ham / "ham10000_images_part_1" / file.name
    shutil.copy(file, copy)
    assert read_layout(ham).notes == ("1 images lie in two folders; one of each is read",)
    copy.write_bytes(b"other")
    with pytest.raises(InputError, match=r"ISIC_0000001\.jpg: another file than .*ISIC_0000001\.jpg, of the same name"):
        read_layout(ham)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("image_id,dx,", "image,dx,", "line 1: no column image_id; restore"),
        ("ISIC_0000002", "ISIC_0000001", "line 3: ISIC_0000001 stands twice"),
        ("ISIC_0000002", "../ISIC_0000002", r"line 3: image_id '\.\./ISIC_0000002' is no file's name"),
        ("ISIC_0000002", "..\\\\ISIC_0000002", "line 3: image_id .* is no file's name"),
        (
            "ISIC_0000002,akiec",
            "ISIC_0000002,scc",
            "line 3: dx is 'scc', not one of akiec, bcc, bkl, df, mel, nv, vasc",
        ),
        ("HAM_akiec_0,ISIC_0000002", ",ISIC_0000002", "line 3: ISIC_0000002 has no lesion_id"),
        ("ISIC_0000002,akiec,histo", "ISIC_0000002,akiec", "line 3: has 7 cells, the header 8"),
    ],
)
def test_metadata_that_say_what_cannot_be_are_refused_in_one_line(ham, old, new, said):
    metadata(ham, lambda text: text.replace(old, new, 1))
    with pytest.raises(InputError, match=said) as caught:
        read_layout(ham)
    assert str(caught.value).startswith(str(ham / "HAM10000_metadata"))
    assert "\n" not in str(caught.value)


def test_metadata_that_are_no_table_are_refused(ham):
    metadata(ham, lambda text: "")
    with pytest.raises(InputError, match="HAM10000_metadata: empty"):
        read_layout(ham)
    (ham / "HAM10000_metadata").write_bytes(b"\xff\xfe\x00lesion")
    with pytest.raises(InputError, match="not a text file in UTF-8"):
        read_layout(ham)


def test_archives_files_and_empty_folders_are_told_apart(ham, tmp_path):
    with pytest.raises(InputError, match=r"data\.path: ham10000 reads the official files"):
        read_layout(None)
    packed = tmp_path / "HAM10000.zip"
    packed.write_bytes(b"PK")
    with pytest.raises(InputError, match=r"HAM10000\.zip: an archive; unpack it and name the folder"):
        read_layout(packed)
    with pytest.raises(InputError, match="nowhere: does not exist; name the folder"):
        read_layout(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no HAM10000_metadata"):
        read_layout(tmp_path / "empty")
    shutil.rmtree(ham / "HAM10000_images_part_1")
    shutil.rmtree(ham / "HAM10000_images_part_2")
    with pytest.raises(
        InputError, match=r"none of the images of HAM10000_metadata: .*ISIC_0000005, \.\.\. are missing"
    ):
        read_layout(ham)
    (ham / "HAM10000_images_part_1.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"none of the images .* unpack HAM10000_images_part_1\.zip"):
        read_layout(ham)
