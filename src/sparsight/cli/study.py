"""``sparsight study``."""

from sparsight.cli.options import (
    Arms,
    AtMost,
    CheckpointEvery,
    Classes,
    Concepts,
    Data,
    Device,
    ImageSize,
    KeepEmbeddings,
    NoReport,
    Out,
    Quick,
    Rate,
    Retrains,
    Rounds,
    Seeds,
    Set,
    SkipBad,
    Source,
    UntilDecided,
    Workers,
    settings_of,
)


def study(
    source: Source,
    out: Out = None,
    data: Data = None,
    concepts: Concepts = None,
    image_size: ImageSize = None,
    classes: Classes = None,
    skip_bad: SkipBad = False,
    quick: Quick = False,
    seeds: Seeds = None,
    arms: Arms = None,
    rounds: Rounds = None,
    rate: Rate = None,
    retrains: Retrains = None,
    device: Device = None,
    workers: Workers = None,
    checkpoint_every: CheckpointEvery = 60.0,
    until_decided: UntilDecided = False,
    at_most: AtMost = None,
    no_report: NoReport = False,
    keep_embeddings: KeepEmbeddings = False,
    set_: Set = None,
) -> None:
    """Prune, explain and report: the paper's study in one command.

    Killed or stopped, the same command goes on with what stands. More seeds, arms, rounds or retrains extend a run, and
    --until-decided adds seeds by itself.
    """
    from sparsight.cli.content import content_named
    from sparsight.cli.progress import Progress
    from sparsight.cli.summary import print_summary
    from sparsight.study import default_folder, run_study

    settings = settings_of(
        source,
        data=data,
        concepts=concepts,
        image_size=image_size,
        classes=classes,
        skip_bad=skip_bad,
        quick=quick,
        seeds=seeds,
        arms=arms,
        rounds=rounds,
        rate=rate,
        retrains=retrains,
        device=device,
        keep_embeddings=keep_embeddings,
        assignments=set_,
    )
    folder = out or default_folder(source, quick)
    with content_named(folder):
        with Progress() as progress:
            result = run_study(
                settings,
                folder,
                workers=workers,
                checkpoint_seconds=checkpoint_every,
                report=not no_report,
                until_decided=until_decided,
                at_most=at_most,
                listener=progress,
            )
        print_summary(result, None if until_decided else settings, progress.heard)
