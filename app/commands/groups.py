"""A group of commands that knows which ones later versions bring and what a mistyped one was meant to be."""

from collections.abc import Collection
from typing import Any

import click

from vouch.app.setting_values import nearest
from vouch.retrieval.errors import UsageError


class CommandGroup(click.Group):
    """Lists commands in the order people meet them."""

    def __init__(self, *arguments: Any, not_yet: Collection[str] = (), **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.not_yet = not_yet

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click passes it
        """Return the names in the order they were added."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names, or raise UsageError."""
        name, full = args[0], f"{ctx.command_path} {args[0]}"
        if name in self.not_yet:
            raise UsageError(f"`{full}` is not in this version yet; `{ctx.command_path} --help` lists what is")
        if name not in self.commands and not name.startswith("-"):
            guess = nearest(name, list(self.commands))
            hint = f"did you mean `{ctx.command_path} {guess}`?" if guess else f"`{ctx.command_path} --help` lists all"
            raise UsageError(f"there is no command `{full}`: {hint}")
        return super().resolve_command(ctx, args)
