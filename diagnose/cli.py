"""The command line: which commands there are, and what every ending means to the shell."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Any, Self, cast

import click

import diagnose
from diagnose.errors import InputError

FINE, GATE_FAILED, USER_MISTAKE, INTERNAL_ERROR, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes; 130 is the shell's own for an interrupt."""

COMMANDS = {
    "audit": "Diagnose training runs from their logs and their data.",
    "gate": "Fail where a run is not as it should be: for CI.",
    "watch": "Watch a run while it trains.",
    "profile": "Keep of data what an audit needs, without their rows.",
    "explain": "Explain a code, list the codes of a cause, or list them all.",
    "render": "Rebuild a report from a diagnosis that was saved as JSON.",
    "try": "Run the remedies of a report, and measure what each of them does.",
    "demo": "Train small models with planted faults and diagnose them.",
}
"""Name to summary. They stand here so that ``diagnose --help`` imports no command."""

MODULES = {"try": "try_remedies"}
"""Modules of the commands that are not called like them: ``try`` is a word of the language."""

HELP = """Why does validation fall? A differential diagnosis of training runs.

\b
  diagnose audit training.csv                  read a log, show the diagnosis
  diagnose audit training.csv -o report.html   and leave a report to open
  diagnose audit --train a.csv --val b.csv     compare training and validation data
  diagnose audit runs/ -o reports/             every run in a folder
  diagnose gate runs/                          exit code 1 if a run has a fault
  diagnose watch runs/1                        see a run while it trains
  diagnose try train:train --from report.json  measure what each remedy does
  diagnose explain OVF101                      what a code means
  diagnose demo                                see it work on known faults

\b
Exit codes: 0 done (an audit never fails because of what it finds), 1 the
gate's findings, 2 your input cannot be used, 3 an internal error.
"""


class LazyCommands(click.Group):
    """A group that imports a command's module when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in reading order."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = MODULES.get(cmd_name, cmd_name)
        return cast("click.Command", importlib.import_module(f"diagnose.commands.{module}").command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from their summaries alone."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def show_traceback(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option ``--traceback``; `ExitCode` looks for it among the arguments."""
    option = click.option(
        "--traceback",
        is_flag=True,
        expose_value=False,
        help="On an internal error print the traceback too. [env: DIAGNOSE_TRACEBACK=1]",
    )
    return option(command)


def own_version() -> str:
    """Return the version of the installed distribution."""
    try:
        return version("diagnose-ml")
    except PackageNotFoundError:
        return "0+unknown (a clone that was not installed)"


@click.group(cls=LazyCommands, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(own_version(), prog_name="diagnose")
@show_traceback
def cli() -> None:
    """Only the subcommands do something."""


class ExitCode:
    """Turns whatever ends a command into a message on stderr and an exit code; nothing leaves it as a traceback.

    Parameters
    ----------
    traceback
        Whether an internal error shows its traceback.
    """

    def __init__(self, *, traceback: bool = False) -> None:
        self.value = FINE
        self._traceback = traceback

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            return True
        if isinstance(error, SystemExit | GeneratorExit):
            return False
        self.value = self._explained(error)
        return True

    def _explained(self, error: BaseException) -> int:
        if isinstance(error, KeyboardInterrupt | click.Abort):
            click.echo("diagnose: interrupted", err=True)
            return INTERRUPTED
        if isinstance(error, click.UsageError):
            error.show()
            return USER_MISTAKE
        if isinstance(error, InputError | click.ClickException):
            said = error.message if isinstance(error, click.ClickException) else str(error)
            click.echo(f"diagnose: {_no_command(said)}", err=True)
            return USER_MISTAKE
        if isinstance(error, OSError):
            # a full disk, a closed pipe, a folder without permission: the user's environment, whatever wrote there
            if error.filename is None:
                _abandon_stdout()
            click.echo(f"diagnose: {_refused(error)}", err=True)
            return USER_MISTAKE
        if self._traceback:
            click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
        click.echo(f"diagnose: internal error: {type(error).__name__}: {error}", err=True)
        hint = "" if self._traceback else ", with what the same command prints with --traceback"
        click.echo(f"This is a bug in diagnose {own_version()}, not in your input. Please report it{hint}.", err=True)
        return INTERNAL_ERROR


def _no_command(text: str) -> str:
    """Put a dash before lines that a CI server would take for its commands: a name from a log may begin one."""
    return "\n".join(f"- {line}" if line.lstrip().startswith("::") else line for line in text.splitlines())


def _refused(error: OSError) -> str:
    what = "read or write " + os.fsdecode(error.filename) if error.filename is not None else "write the output"
    return f"cannot {what}: {error.strerror or error}"


def _abandon_stdout() -> None:
    """Let what stdout still holds go nowhere: else the interpreter fails on it again when it ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def refuse_foreign_package() -> None:
    """Say so plainly when ``import diagnose`` finds another package of that name.

    Raises
    ------
    InputError
        The package index has an unrelated ``diagnose`` which installs over ours.
    """
    if "audit" in getattr(diagnose, "__all__", ()):
        return
    raise InputError(
        f"`import diagnose` finds another package of the same name in {os.fspath(diagnose.__file__ or '?')}.\n"
        "The package index has an unrelated project `diagnose`, and the two cannot live in one environment.\n"
        "Type: pip uninstall diagnose diagnose-ml && pip install diagnose-ml"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        Without the program's name; those of the process when None.
    """
    if arguments is None and hasattr(signal, "SIGPIPE"):
        # `diagnose audit … | head` ends quietly, as other tools do
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    given = list(sys.argv[1:] if arguments is None else arguments)
    wanted = "--traceback" in given or os.environ.get("DIAGNOSE_TRACEBACK", "0") not in {"", "0"}
    with ExitCode(traceback=wanted) as code:
        refuse_foreign_package()
        code.value = cli.main(given, prog_name="diagnose", standalone_mode=False) or FINE
        sys.stdout.flush()
    return code.value
