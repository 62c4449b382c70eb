"""The `rnnzoo` command."""

import sys

import click

import rnnzoo
from rnnzoo.cli import build, describe, evaluate, export, init, list_rows, predict, serve, train


class _Group(click.Group):
    """Turns a user's mistake into one message and exit code 2."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(130)
        except Exception as error:
            # Any other failure is a defect of ours and keeps its traceback. Imported late: pydantic takes a while.
            from rnnzoo.config.errors import UserError

            if not isinstance(error, UserError):
                raise
            click.echo(f"Error: {error}", err=True)
            ctx.exit(UserError.exit_code)

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
    evaluate.command,
    predict.command,
    export.command,
    serve.command,
):
    cli.add_command(_command)


def main() -> None:
    """Runs the command line."""
    try:
        cli.main(prog_name="rnnzoo")
    except BrokenPipeError:  # `rnnzoo … | head`
        sys.stderr.close()
        sys.exit(141)


if __name__ == "__main__":
    main()
