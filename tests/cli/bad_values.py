"""Every command and option with values that it cannot use, and some that look bad and are none."""

from typing import NamedTuple

SMALL = """\
data: {name: toybirds, train: 24, validation: 24, test: 24, image_size: 32}
model: {name: resnet8, stem_stride: 2}
training: {epochs: 2, batch_size: 8, learning_rate: 0.05}
pruning: {rate: 0.5, rounds: 2}
evidence: {interventions: 0, sanity: 0, refits: 0}
study: {seeds: [0], arms: [magnitude], retrains: 0}
"""
_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
)
FILES = {
    "text": b"x",
    "empty": b"",
    "noise": bytes(range(256)) * 12,
    "deep": b"[" * 100_000,
    "deeper.json": b'{"a":' * 100_000,
    "bomb.yaml": _BOMB.encode(),
    "utf16.yaml": "data: {name: toybirds}".encode("utf-16"),
    "latin.yaml": b"data: {name: toyb\xefrds}\n",
    "escaped zero.yaml": b'data: {name: "toy\\0birds"}\n',
    "zero.yaml": b"data: {name: toy\0birds}\n",
    "surrogate.yaml": b'data: {name: "toy\\ud800birds"}\n',
    "zero path.yaml": b'data: {name: folder, path: "a\\0b"}\n',
    "zero weights.yaml": b'model: {weights: "a\\0b"}\n',
    "keys.yaml": b"data: {1: 2, null: 3, [a]: 4}\n",
    "tags.yaml": b"data: !!python/object/apply:os.system [ls]\n",
    "endless.yaml": b"data: {name: .inf}\ntraining: {epochs: 1e400}\n",
}
"""What no command can use, whatever it takes a file for."""
NETS = """\
from torch import nn
def first(num_classes=2):
    maps = (nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU())
    return nn.Sequential(*maps, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, num_classes))
second = first
"""

NAMES = ("n" * 300, "n" * 5000, "", "\udcff", "gone", "a\nb", "-", "~nobody-has-this/x", "text/below", "\u202egone")
MADE = ("pipe", "folder", "socket", "nowhere", "loop", "/dev/null", "/dev/full")
"""A pipe, an empty folder, a socket, a link to nothing, a link to itself; devices."""
READ = (*FILES, *MADE, *NAMES)
WRITTEN = ("text", "text/below", "pipe", "socket", "loop", "loop/x", "photos", "/dev/null", "/dev/full", "n" * 300)
WRITTEN = (*WRITTEN, "nowhere", "n/" * 5000, "", "\udcff", ".", "..", "/")
WORDS = ("", "\udcff", "x", "n" * 5000, "a\nb", "<b>x</b>", "..", "\u202ex", "tpu:")
WHOLE = ("", "x", "1.5", "nan", "1e3", "-1", "9" * 5000, "1,5", "\u00bd", "\udcff")
REAL = ("", "x", "nan", "inf", "-inf", "1e999", "-1", "1,5", "9" * 5000, "\udcff")
FLAG = ("=x", "=", "=1", "=false")
ASSIGNED = (
    *("", "x", "=", "x=", "x=1", "n" * 5000, ".epochs=1", "training.=1", "training.epochs", "training.epochs="),
    *("training.epochs=x", "training.epochs={", "training.epochs=[1]", "training.epochs=1.5", "training=1"),
    *("a.b.c=1", "training.learning_rate=1e999", "training.epochs=" + "[" * 3000, "training.\udcff=1"),
)
SIZES = ("0", "9999999")
DATA_SET = ("range=x", "masks=gone", "groups=gone", "flip=2")
NAMELESS = ("data.name", "names no folder", "path")
DATA_NAMED = ("unknown key", "data.range", "data.flip", "gone", "epochs")


class Place(NamedTuple):
    """Where values are put, and which.

    Attributes:
        command: its words.
        option: by the name that its help has, or an argument's.
        kind: values of which some are tried, in turns.
        own: more that it cannot use, which all are.
        good: values that look bad, and are none.
        words: what the command is called with; ``V`` is the value. If empty, what it can use, and the option.
        named: what the error may name in place of the value or the option.
    """

    command: str
    option: str
    kind: tuple[str, ...]
    own: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def _shared(command: str) -> tuple[Place, ...]:
    """The options that a study and its plan share."""
    seeds = ("", "0", "-1", "1.5", "x", "1,1", "1,,2", "1001", "9" * 5000, "\u00b2", "1,99999999999", "1;2")
    arms = ("", ",", "x", "n" * 5000, "magnitude,", "magnitude,magnitude", "rewind:", "toggle:", "\udcff")
    few = ("cub200", "--data", "photos", "--classes", "V")
    return (
        Place(command, "SOURCE", READ, words=("V",)),
        Place(command, "--out", WRITTEN),
        Place(command, "--data", READ, words=("folder:elsewhere", "--data", "V")),
        Place(command, "--concepts", READ, words=("folder:photos", "--concepts", "V")),
        Place(command, "--image-size", WHOLE, SIZES),
        Place(command, "--classes", (), ("", "x", "0", "-1", "1", "201", "1.5"), words=few),
        Place(command, "--skip-bad", FLAG),
        Place(command, "--quick", FLAG),
        Place(command, "--seeds", (), seeds),
        Place(command, "--arms", (), arms),
        Place(command, "--rounds", WHOLE, ("0", "1001")),
        Place(command, "--rate", REAL, ("0", "1", "1e-400")),
        Place(command, "--retrains", WHOLE, ("1001",)),
        Place(command, "--device", WORDS, ("cuda:99", "tpu", "cpu:1", "CPU")),
        Place(command, "--workers", WHOLE),
        Place(command, "--no-report", FLAG),
        Place(command, "--keep-embeddings", FLAG),
        Place(command, "--set", ASSIGNED, named=("unknown key", "epochs", "learning_rate")),
    )


PLACES = (
    *_shared("study"),
    Place("study", "--checkpoint-every", REAL),
    Place("study", "--until-decided", FLAG),
    Place("study", "--at-most", WHOLE, ("0", "2"), words=("small.yaml", "--until-decided", "--at-most", "V")),
    *_shared("plan"),
    Place("report", "RUN", READ, words=("V",)),
    Place("compare", "RUN", READ, ("run",), words=("V",)),
    Place("verify", "RUN", READ, words=("V",)),
    Place("verify", "--deep", FLAG),
    Place("tensorboard", "RUN", READ, words=("V",)),
    Place("tensorboard", "--out", WRITTEN, good=("a\nb", "~")),
    Place("export", "RUN", READ, words=("V", "--arm", "magnitude", "--seed", "0", "--round", "1")),
    Place("export", "--arm", WORDS, ("Magnitude", "retrain")),
    Place("export", "--seed", WHOLE, ("1",)),
    Place("export", "--round", WHOLE, ("2",), good=("1", "+1")),
    Place("export", "--out", WRITTEN),
    Place("export", "--formats", WORDS, (",", "state,", "state,x", "STATE"), good=("mask", " state , mask")),
    Place("audit", "ORIGINAL", READ, words=("V", "nets:second", "--data", "photos")),
    Place("audit", "PRUNED", READ, words=("nets:first", "V", "--data", "photos")),
    Place("audit", "--data", READ, ("folder", "folder:"), words=("nets:first", "nets:second", "--data", "V")),
    Place("audit", "--concepts", READ),
    Place("audit", "--masks", READ),
    Place("audit", "--labels", READ),
    Place("audit", "--floor", READ),
    Place(
        "audit",
        "--margin",
        REAL,
        ("0", "1.1", "default=", "default=0.3", "=", "maps=1e999"),
        named=("No such option: -",),
    ),
    Place("audit", "--layer", WORDS, ("6", "9", "0.")),
    Place("audit", "--method", WORDS, ("captum:", "captum:None", "GradCAM")),
    Place("audit", "--image-size", WHOLE, SIZES),
    Place("audit", "--normalise", WORDS, ("1", "1,2,3", "nan,1", "0.5,0", "0.5,-1", "0.5,0.5,0.5")),
    Place("audit", "--skip-bad", FLAG),
    Place("audit", "--fail-on", WORDS, ("preserved", "Changed", "undecided")),
    Place("audit", "--out", WRITTEN),
    Place("audit", "--device", WORDS, ("cuda:99", "tpu", "cpu:1")),
    Place("audit", "--set", ASSIGNED, named=("training", "unknown key")),
    Place("data check", "NAME", READ, ("folder", "folder:"), ("folder:photos",), ("V",), NAMELESS),
    Place("data check", "--data", READ, words=("folder:elsewhere", "--data", "V")),
    Place("data check", "--concepts", READ),
    Place("data check", "--set", ASSIGNED[:10], DATA_SET, ("flip=no", "data.flip=false"), named=DATA_NAMED),
    Place("data check", "--skip-bad", FLAG, good=("",)),
    Place("data preview", "NAME", READ, ("folder",), words=("V",), named=NAMELESS),
    Place("data preview", "--data", READ, words=("folder:elsewhere", "--data", "V")),
    Place("data preview", "--concepts", READ),
    Place("data preview", "--out", (), WRITTEN, ("a\nb", "~", "new/below")),
    Place("data preview", "--set", ASSIGNED[:10], DATA_SET, ("image_size=16",), named=DATA_NAMED),
    Place("data preview", "--skip-bad", FLAG),
    Place("data where", "NAME", WORDS, ("toybird",), ("derm7pt",), ("V",)),
    Place("data cache", "--clear", FLAG),
    Place("data list", "", (), ("x", "--x"), words=("V",)),
    Place("data", "COMMAND", WORDS, words=("V",)),
    Place("", "COMMAND", WORDS, ("stdy",), words=("V",)),
    Place("", "--version", FLAG),
)
BASES = {
    "study": ("small.yaml", "--workers", "0", "--no-report", "--out", "new"),
    "plan": ("small.yaml", "--workers", "0", "--out", "new"),
    "verify": ("run",),
    "tensorboard": ("run", "--out", "new"),
    "export": ("run", "--arm", "magnitude", "--seed", "0", "--round", "0", "--formats", "state", "--out", "new"),
    "audit": ("nets:first", "nets:second", "--data", "photos", "--out", "new"),
    "data check": ("folder:photos",),
    "data preview": ("folder:photos", "--out", "new"),
}
"""What a command is called with that can use it."""
MOST = 7
"""Values of a kind that are tried of an option, in turns; all of them are, somewhere."""


def cells(place: Place) -> list[tuple[list[str], str, int]]:
    """Command lines of one place: words, the value in them, and what they end with."""
    first = MOST * [one for one in PLACES if one.kind == place.kind].index(place)
    some = [place.kind[(first + i) % len(place.kind)] for i in range(min(MOST, len(place.kind)))]
    bad = [(value, 2) for value in (*some, *place.own)]
    return [(_words(place, value), value, code) for value, code in (*bad, *((value, 0) for value in place.good))]


def _words(place: Place, value: str) -> list[str]:
    base = place.command.split()
    if place.words:
        last = ("--out", "new") if place.command in ("study", "plan", "audit", "export", "data preview") else ()
        return [*base, *(value if word == "V" else word for word in place.words), *last]
    own = [f"{place.option}{value}"] if place.kind is FLAG else [place.option, value]
    return [*base, *BASES.get(place.command, ()), *own]
