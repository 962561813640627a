"""``sparsight data check cub200``."""

import sys

import pytest

from sparsight.cli import main


@pytest.fixture
def call(monkeypatch, tmp_path, capsys):
    """Run the command in ``tmp_path``: exit code, output, errors."""

    def run(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(
            sys, "argv", ["sparsight", "data", "check", "cub200", *map(str, arguments), "--set", "image_size=16"]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return run


def test_counts_are_printed_and_what_is_absent_is_said_once(call, cub):
    for i in (0, 4):
        (cub / "images" / "001.Drawn_Bird_A" / f"Bird_0_{i}.jpg").unlink()
    code, out, err = call("--data", cub, "--set", "concepts.top_k=2")
    assert (code, err) == (0, "")
    lines = [line.split(maxsplit=3) for line in out.splitlines()]
    assert ["2", "1", "1", "Drawn Bird A"] in lines
    assert ["3", "1", "2", "Drawn Bird L"] in lines
    assert ["70", "0", "0", "size_medium_9_16_in  (constant in training: dropped)"] in lines
    assert out.count("70 of 72 images of images.txt are there; 2 ids have no image: 1, 5") == 1


def test_everything_that_is_wrong_is_listed(call, cub):
    folder = cub / "images" / "001.Drawn_Bird_A"
    (folder / "Bird_0_0.jpg").write_bytes(b"no image")
    (folder / "Bird_0_1.jpg").write_bytes((folder / "Bird_0_1.jpg").read_bytes()[:200])
    code, out, err = call("--data", cub, "--set", "concepts.top_k=2")
    assert code == 2
    assert [line.split(":")[0] for line in out.splitlines() if line.startswith("problem")] == ["problem"] * 2
    assert err.startswith("sparsight: cub200: 2 things must be mended, the first: ")
    assert err.count("\n") == 1


def test_the_archive_is_named(call, tmp_path):
    (tmp_path / "CUB_200_2011.tgz").write_bytes(b"x")
    code, out, err = call("--data", "CUB_200_2011.tgz")
    assert (code, out) == (2, "")
    assert err.endswith("CUB_200_2011.tgz: an archive; unpack it and name the folder CUB_200_2011\n")
    assert "unpack CUB_200_2011.tgz" in call("--data", tmp_path)[2]
    assert "--data" in call()[2]
