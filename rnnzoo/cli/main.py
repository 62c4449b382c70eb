"""The `rnnzoo` command."""

import sys

import click

import rnnzoo
from rnnzoo.cli import (
    build,
    describe,
    evaluate,
    export,
    init,
    interruption,
    launch,
    list_rows,
    predict,
    serve,
    train,
)


class _Group(click.Group):
    """Turns a user's mistake into one message and exit code 2, and an interruption into one line."""

    def invoke(self, ctx):
        interruption.advise("")
        try:
            return super().invoke(ctx)
        except SystemExit as error:
            # Of what ends its processes in order after a signal, and knows SIGTERM from Ctrl-C no longer.
            ctx.exit(interruption.exit_code() or error.code if error.code == 130 else error.code)
        except (KeyboardInterrupt, Exception) as error:
            code = interruption.exit_code(error)
            if code is not None:
                click.echo(f"\n{interruption.describe()}", err=True)
                ctx.exit(code)
            # Any other failure is a defect of ours and keeps its traceback. Imported late: pydantic takes a while.
            from rnnzoo.config.atomic_files import explain_disk_error
            from rnnzoo.config.errors import UserError

            explained = error
            if not isinstance(error, UserError):
                explained = explain_disk_error(error, problem="cannot be read or written")
            if explained is None:
                raise
            click.echo(f"Error: {explained}", err=True)
            ctx.exit(explained.exit_code)

    def resolve_command(self, ctx, args):
        name = args[0]
        if self.get_command(ctx, name) is None:
            from rnnzoo.config.errors import UserError

            message = UserError("no such command", got=name, allowed=self.list_commands(ctx))
            click.echo(f"Error: {message}", err=True)
            ctx.exit(UserError.exit_code)
        return super().resolve_command(ctx, args)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(rnnzoo.__version__, prog_name="rnnzoo")
def cli():
    """Recurrent text models: trained by one command, scored honestly, served on raw strings.

    CONFIG is the name of a zoo row (`rnnzoo list`), a config file or a run folder.
    """


for _command in (
    list_rows.command,
    describe.command,
    init.command,
    build.command,
    train.command,
    launch.command,
    evaluate.command,
    predict.command,
    export.command,
    serve.command,
):
    cli.add_command(_command)


def main() -> None:
    """Runs the command line."""
    interruption.handle_signals()
    try:
        cli.main(prog_name="rnnzoo")
    except BrokenPipeError:  # `rnnzoo … | head`
        sys.stderr.close()
        sys.exit(141)
    except SystemExit as ended:
        interruption.leave(ended.code)
        raise


if __name__ == "__main__":
    main()
