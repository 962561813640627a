"""Nothing piles up over the rounds."""

import json
import subprocess
import sys

import pytest

CODE = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from tests.soak.rounds import watch
after, end = watch(16, Path(sys.argv[1]))
print(json.dumps({"after": [asdict(one) for one in after], "end": asdict(end)}))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")
def test_memory_and_handles_are_flat_and_nothing_is_left_behind(tmp_path):
    ended = subprocess.run([sys.executable, "-c", CODE, str(tmp_path)], capture_output=True, text=True, check=True)
    found = json.loads(ended.stdout.splitlines()[-1])
    after = found["after"]
    assert len(after) == 16
    settled = after[6:]
    assert max(one["resident"] for one in settled) - settled[0]["resident"] < 15 * 2**20
    assert len({one["handles"] for one in settled}) == 1
    assert len({one["threads"] for one in settled}) == 1
    assert found["end"]["children"] == 0
