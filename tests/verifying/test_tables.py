"""Result files that say the same up to rounding, and those that do not."""

import json

import pytest
import safetensors.torch
import torch

from sparsight.verifying.tables import same_content

TABLE = b"arm,seed,value,unit\nmagnitude,0,0.25,crow\nmagnitude,1,1e-05,1.5 m\n"
DOCUMENT = {"arms": {"magnitude": [0.5, None, 3]}, "headline": "preserved", "seal": "sha256:0"}


def arrays(values, note="drift"):
    metadata = {"sparsight": json.dumps({"seal": f"sha256:{values[0]}", "kind": note})}
    return safetensors.torch.save({"a": torch.tensor(values), "n": torch.tensor([3])}, metadata)


def document(**changes):
    return json.dumps(DOCUMENT | changes).encode()


@pytest.mark.parametrize(
    ("suffix", "made", "stored", "same"),
    [
        (".csv", TABLE, TABLE.replace(b"0.25", b"0.25000000000003"), True),
        (".csv", TABLE, TABLE.replace(b"1e-05", b"1.00000000000007e-05"), True),
        (".csv", TABLE, TABLE.replace(b"0.25", b"0.25001"), False),
        (".csv", TABLE, TABLE.replace(b"magnitude,1", b"magnitude,2"), False),
        (".csv", TABLE, TABLE.replace(b"crow", b"kite"), False),
        (".csv", TABLE, TABLE.replace(b"1.5 m", b"1.6 m"), False),
        (".csv", TABLE, TABLE.replace(b"0.25", b""), False),
        (".csv", TABLE, TABLE.replace(b"0.25", b"nan.0"), False),
        (".csv", TABLE, TABLE[: TABLE.index(b"magnitude,1")], False),
        (".csv", TABLE, b"\xff\xfe\x00", False),
        (".json", document(), document(seal="sha256:1"), True),
        (".json", document(), document(arms={"magnitude": [0.5 + 1e-13, None, 3]}), True),
        (".json", document(), document(arms={"magnitude": [0.5, None, 4]}), False),
        (".json", document(), document(arms={"magnitude": [0.5, 0.0, 3]}), False),
        (".json", document(), document(headline="changed"), False),
        (".json", document(), document(more=1), False),
        (".json", document(), b"[" * 100_000, False),
        (".safetensors", arrays([0.5, 1.0]), arrays([0.5 + 1e-6, 1.0]), True),
        (".safetensors", arrays([0.5, float("nan")]), arrays([0.5 + 1e-6, float("nan")]), True),
        (".safetensors", arrays([0.5, 1.0]), arrays([0.501, 1.0]), False),
        (".safetensors", arrays([0.5, 1.0]), arrays([0.5, 1.0, 2.0]), False),
        (".safetensors", arrays([0.5, 1.0]), arrays([0.5, 1.0], "strips"), False),
        (".safetensors", arrays([0.5, 1.0]), arrays([0.5, 1.0])[:-4], False),
        (".png", b"a", b"a", True),
        (".png", b"a", b"b", False),
    ],
)
def test_same_content(suffix, made, stored, same):
    assert same_content(made, stored, suffix) == same
    assert same_content(stored, made, suffix) == same
