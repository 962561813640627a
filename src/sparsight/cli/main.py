"""``sparsight``: the commands, and how errors reach the user."""

import errno
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sparsight import __version__, stopping
from sparsight.cli import audit, compare, data, export, plan, report, study, tensorboard, verify
from sparsight.cli.stream import streams
from sparsight.errors import InputError
from sparsight.unseen import visible


class _Stop(BaseException):
    """Of a command that was interrupted; typer would end on a KeyboardInterrupt without a word."""


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise _Stop from stop


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Prune an image classifier and see, round by round, whether it still looks at the right things.",
)
app.command("study")(study.study)
app.command("plan")(plan.plan)
app.command("report")(report.report)
app.command("compare")(compare.compare)
app.command("audit")(audit.audit)
app.command("verify")(verify.verify)
app.command("export")(export.export)
app.command("tensorboard")(tensorboard.tensorboard)
app.add_typer(data.app, name="data")


# Typer builds on click, or carries a copy of it, by its version; both hang this exception above BadParameter.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


WAITING = "sparsight: stopping; trainings are saved where they are (Ctrl-C again stops at once)"

LONGEST = 960
"""Characters of an error's line; of a longer one, as with a very long name in it, the middle is left out."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sparsight {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line.

    Exit 0: done; 1: a check failed; 2: what was given cannot be used; 3: a fault of ours, which must not be read as a
    check that failed; 128 and a signal's number: stopped, as 130 by Ctrl-C and 143 by SIGTERM.
    """
    with streams() as (out, err), stopping.heard(waiting=WAITING):
        code = _ended()
    if out.full is not None and not err.lost:
        print(f"sparsight: standard output: cannot be written ({out.full.strerror})", file=sys.stderr)
        code = code or 2
    sys.exit(code)


def _ended() -> int:
    """Run the command, print what is wrong, and give the exit code."""
    arguments = sys.argv[1:]
    try:
        _check_text(arguments)
        code = app(audit.spread(arguments) if arguments[:1] == ["audit"] else arguments, standalone_mode=False)
    except InputError as error:
        code = _complain(str(error))
    except _UsageError as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "sparsight"
        code = _complain(f"{getattr(error, 'format_message', error.__str__)().rstrip('.')}; see {command} --help")
    except _Stop as stop:
        code = _stopped(stop.__cause__, arguments)
    except (KeyboardInterrupt, typer.Abort) as stop:
        code = _stopped(stop, arguments)
    except SystemExit as error:  # none of ours: commands raise typer.Exit, which is none
        code = _complain(
            f"code that is not ours ended the program (exit code {error.code or 0}), and what was asked for is not "
            "done; take the call of exit out of the network's file"
        )
    except OSError as error:
        code = _refused_by_system(error)
    except Exception:
        code = _fault()
    return code if isinstance(code, int) else 0


_PATHS = ("--out", "--data", "--concepts", "--masks", "--labels")


def _check_text(arguments: Sequence[str]) -> None:
    """Check that arguments are text, as they are written into files and pages, and that no path is empty,
    which would be the folder that one is in; that one must still be there.
    """
    try:
        os.getcwd()  # noqa: PTH109 (nothing else is asked of it)
    except OSError as error:
        raise InputError(f"the folder that the command is called in: {error.strerror}; change to another one") from None
    for option, one in zip(("", *arguments), arguments, strict=False):
        name, given, value = one.partition("=")
        if (option in _PATHS and not one) or (name in _PATHS and given and not value):
            raise InputError(f"{name or option}: is given nothing; give it a value or leave it out")
        try:
            one.encode()
        except UnicodeEncodeError:
            raise InputError(f"{one}: not text in UTF-8; rename what it names") from None


_MENDED = (
    *("EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EFBIG", "ENAMETOOLONG", "ELOOP", "EIO", "ENXIO", "ENODEV"),
    *("ESTALE", "EMFILE", "ENFILE", "ENOMEM", "EBUSY", "ETXTBSY", "EISDIR", "ENOTDIR", "EINVAL"),
)
"""What the system refuses that a user can mend: rights, room, names, media."""


_NAMELESS = (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Of these, what the system says without the name of a file."""


def _refused_by_system(error: OSError) -> int:
    """Say what the system has refused, where it is no fault of ours."""
    named = error.filename if isinstance(error.filename, str | bytes) else None
    if named is None and error.errno not in _NAMELESS:
        return _fault()
    if error.errno not in {getattr(errno, name, None) for name in _MENDED}:
        return _fault()
    place = os.fsdecode(named) if named else "disk or memory"
    return _complain(f"{place}: cannot be used ({error.strerror}); mend that, or name another place")


def _fault() -> int:
    traceback.print_exc()
    print("sparsight: a fault of ours; please report it with the lines above", file=sys.stderr)
    return 3


def _stopped(stop: BaseException | None, arguments: Sequence[str]) -> int:
    """Say what is kept of a command that was stopped, and how it goes on."""
    command = shlex.join(["sparsight", *arguments])
    if isinstance(stop, stopping.Stopped) and stop.kept:
        said = f"stopped: {stop.kept}; go on by {command}"
    elif arguments[:1] == ["study"]:
        said = f"stopped: what is made is kept; go on by {command}"
    else:
        said = f"stopped: nothing is left half-written; begin again by {command}"
    _complain(said)
    return 128 + (stop.number if isinstance(stop, stopping.Stopped) else signal.SIGINT)


def _complain(message: str) -> int:
    line = visible(" ".join(message.split()))
    shown = line if len(line) <= LONGEST else f"{line[: LONGEST - 160]} ... {line[-150:]}"
    print(f"sparsight: {shown}", file=sys.stderr)
    return 2
