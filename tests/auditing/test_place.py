"""An audit's folder: all of it appears, or nothing."""

import pytest
import torch

from sparsight.auditing import Look, check_place, write_folder
from sparsight.errors import InputError
from sparsight.evidence import Seen
from sparsight.io import read_json, read_tensors

ASKED = {"models": ["a", "b"], "data": "photos"}


def looks():
    seen = Seen(torch.zeros(3, dtype=torch.int64), torch.rand(3, 2), torch.rand(3, 4))
    return {"../a": Look("../a", seen, None, None, {}), "b": Look("b", seen, None, None, {})}


def report(folder):
    folder.mkdir()
    page = folder / "index.html"
    page.write_text("<p>report</p>")
    return page


def test_it_holds_evidence_report_and_a_record(tmp_path):
    page = write_folder(tmp_path / "deep" / "audit", ASKED, looks(), report)
    assert page.read_text() == "<p>report</p>"
    record = read_json(tmp_path / "deep" / "audit" / "audit.json", "audit")
    assert record["asked"] == ASKED
    assert record["evidence"] == {
        "../a": "evidence/model-00.safetensors",
        "b": "evidence/model-01.safetensors",
    }
    arrays = read_tensors(tmp_path / "deep" / "audit" / "evidence" / "model-01.safetensors", "evidence")
    assert set(arrays) == {"logits/test", "embedding/test"}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["audit"]


def test_the_same_audit_is_replaced_and_another_is_refused(tmp_path):
    for _ in range(2):
        write_folder(tmp_path / "audit", ASKED, looks(), report)
    with pytest.raises(InputError, match="holds another audit, which differs in its data; choose another --out"):
        check_place(tmp_path / "audit", {**ASKED, "data": "others"})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match=r"holds other files \(thesis\.txt\)"):
        write_folder(tmp_path / "mine", ASKED, looks(), report)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is no folder"):
        check_place(tmp_path / "file", ASKED)


@pytest.mark.parametrize("path", ["notes.txt", "report/mine.pdf", "evidence/model-02.safetensors", "mine/empty"])
def test_what_a_user_put_there_is_not_lost(tmp_path, path):
    write_folder(tmp_path / "audit", ASKED, looks(), report)
    own = tmp_path / "audit" / path
    if own.suffix:
        own.write_text("mine")
    else:
        own.mkdir(parents=True)
    with pytest.raises(InputError, match=rf"holds another file \({path}\); take it away or choose another --out"):
        write_folder(tmp_path / "audit", ASKED, looks(), report)
    assert own.exists()


@pytest.mark.parametrize("record", ["{", "[]", '{"asked": 1}', '{"asked": {}, "files": 3}'])
def test_a_record_that_is_none_keeps_the_folder(tmp_path, record):
    write_folder(tmp_path / "audit", ASKED, looks(), report)
    (tmp_path / "audit" / "audit.json").write_text(record)
    with pytest.raises(InputError, match="holds other files"):
        check_place(tmp_path / "audit", ASKED)


def test_what_fails_leaves_what_stood(tmp_path):
    write_folder(tmp_path / "audit", ASKED, looks(), report)

    def broken(folder):
        raise OSError(28, "No space left on device", str(folder))

    with pytest.raises(InputError, match="No space left on device"):
        write_folder(tmp_path / "audit", ASKED, looks(), broken)
    assert (tmp_path / "audit" / "report" / "index.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["audit"]
