"""``sparsight compare``."""

from tests.data.cub.conftest import draw_cub

CUB = """\
data: {name: cub200, path: CUB_200_2011, image_size: 32}
model: {name: resnet8, stem_stride: 2}
training: {epochs: 1, batch_size: 16, learning_rate: 0.05}
pruning: {rate: 0.77, rounds: 2}
evidence: {sanity: 0, refits: 0}
study: {seeds: [0], arms: [magnitude], retrains: 1}
"""


def test_a_run_that_the_paper_does_not_report_on_is_refused(small, sparsight):
    made = sparsight("study", "small.yaml", "--out", "run", "--rounds", "2", "--workers", "0", cwd=small.parent)
    assert made.returncode == 0, made.stderr
    found = sparsight("compare", "run", cwd=small.parent)
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert "the paper reports on cub200 and ham10000" in found.stderr
    assert sparsight("compare", "absent", cwd=small.parent).returncode == 2


def test_claims_and_tables_stand_beside_the_papers(tmp_path, sparsight):
    root = draw_cub(tmp_path / "CUB_200_2011")
    for drawn, name in (("001.Drawn_Bird_A", "001.Rusty_Blackbird"), ("002.Drawn_Bird_B", "002.[red]bird")):
        (root / "images" / drawn).rename(root / "images" / name)
        for table in ("images.txt", "classes.txt"):
            (root / table).write_text((root / table).read_text().replace(drawn, name))
    rows = (f"{80 * (k != 0)} {80 * (k != 1)} 100 {80 * (k != 2)}\n" for k in range(12))
    (root / "attributes" / "class_attribute_labels_continuous.txt").write_text("".join(rows))
    (tmp_path / "cub.yaml").write_text(CUB)
    made = sparsight("study", "cub.yaml", "--out", "run", "--workers", "0", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    found = sparsight("compare", "run", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert "magnitude: The paper's claims, as printed and as measured here." in found.stdout
    assert "undecided" in found.stdout
    said = " ".join(found.stdout.split())
    assert "Share of a class's top concepts that its own dense network lists too" in said
    assert "cell by cell: run/report/tables/published-tables.csv" in found.stdout
    cells = (tmp_path / "run" / "report" / "tables" / "published-tables.csv").read_text()
    assert "Rusty Blackbird" in cells
    assert "Drawn Bird C" not in cells
