import importlib


def test_a_fault_of_ours_is_not_read_as_a_check_that_failed(call, monkeypatch):
    def breaks(*_, **__):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(importlib.import_module("sparsight.cli.main"), "app", breaks)
    code, _, errors = call("study")
    assert code == 3
    assert "ZeroDivisionError: ours" in errors
    assert errors.endswith("sparsight: a fault of ours; please report it with the lines above\n")
