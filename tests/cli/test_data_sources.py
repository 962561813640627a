"""``sparsight data where``, and ``data check`` of HAM10000 and of the sources of concepts."""

from sparsight.data import DESCRIPTIONS, TERMS
from tests.data.derm7pt.conftest import draw_derm7pt
from tests.data.ham10000.conftest import draw_ham


def test_every_data_set_says_where_it_is_had(call):
    assert TERMS.keys() > DESCRIPTIONS.keys()
    code, out, err = call("data", "where")
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if line[0] != " "] == list(TERMS)
    code, out, _ = call("data", "where", "ham10000")
    assert code == 0
    assert out.splitlines()[0] == "ham10000"
    assert "CC BY-NC 4.0" in out
    assert "doi.org/10.7910/DVN/DBW86T" in out
    assert call("data", "where", "ham1000")[::2] == (
        2,
        "sparsight: 'ham1000': no data set; did you mean ham10000? known: toybirds, mnist, folder, cub200, ham10000, "
        "derm7pt, examples\n",
    )


def test_derm7pt_is_counted_by_concept_and_side(call, tmp_path):
    root = draw_derm7pt(tmp_path / "release_v0")
    code, out, err = call("data", "check", "derm7pt", "--data", "release_v0", "--set", "concept_examples=9")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["positive", "negative", "concept,", "as", "it", "is", "there"]
    assert ["48", "48", "BWV"] in [line.split() for line in lines]
    assert [line.split()[-1] for line in lines[10:18]] == [line.split()[-1] for line in lines[1:9]]
    assert lines[10].split()[:3] == ["9", "+", "9"]
    assert any(line.startswith("note: fewer than 9 + 50 examples") for line in lines)
    (root / "images" / "NEL" / "Nel001.jpg").write_bytes(b"\xff\xd8\xffcut off")
    code, out, err = call("data", "check", "derm7pt", "--data", "release_v0")
    assert code == 2
    assert "Nel001.jpg" in err
    assert err.count("\n") == 1
    assert "problem: " in out


def test_a_source_needs_a_folder_and_known_settings(call):
    code, out, err = call("data", "check", "derm7pt")
    assert (code, out) == (2, "")
    assert "derm7pt: name its folder by --data PATH" in err
    code, _, err = call("data", "check", "examples", "--data", ".", "--set", "concept_exmples=9")
    assert code == 2
    assert "unknown key; did you mean concept_examples?" in err


def test_ham10000_is_checked_with_derm7pt_as_its_source(call, tmp_path):
    draw_ham(tmp_path / "ham")
    draw_derm7pt(tmp_path / "derm")
    room = ["--set", "image_size=24", "--set", "concepts=derm7pt", "--set", "concept_path=derm"]
    code, out, err = call("data", "check", "ham10000", "--data", "ham", *room, "--set", "concept_held_out=12")
    assert (code, err) == (0, "")
    assert "Malignant" in out
    assert "TypicalPigmentNetwork" in out
    assert "masks: of the object" in out
    code, out, err = call("data", "check", "ham10000", "--data", "ham", "--set", "image_size=24")
    assert (code, err) == (0, "")
    assert "colour_blue_grey" in out
