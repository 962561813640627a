"""What the terminal says while an audit runs."""

from sparsight.cli.audited import Watching


def test_how_far_a_model_is_is_told_where_no_bar_is_seen(capsys):
    with Watching(every=0.0) as watching:
        watching.looking("net", 2, 3)
        watching.seen(10, 40)
        watching.seen(40, 40)
    out, err = capsys.readouterr()
    assert err.splitlines() == ["looking at model 2 of 3, net: 10 of 40 images, about 1 s left"]
    assert "looking at" not in out


def test_a_model_that_is_looked_at_quickly_prints_nothing(capsys):
    with Watching() as watching:
        watching.looking("net", 1, 2)
        for done in range(1, 40):
            watching.seen(done, 40)
    assert "looking" not in "".join(capsys.readouterr())
