"""Sentences that were found, on a terminal or in a pipe."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from longagent.finding import Found
from longagent.render.terminal import one_line, readable


def print_found(found: Sequence[Found], console: Console) -> None:
    """Print sentences with their places, best first. Lines are not wrapped when the output is not a terminal."""
    if not found:
        console.print(Text("Nothing was found.", style="bold yellow"))
    for number, each in enumerate(found, start=1):
        if number > 1:
            console.print()
        head = (
            f"[{number}] ",
            (one_line(each.where), "bold"),
            f"  {one_line(each.document)}  ",
            (f"{each.score:.1f}", "dim"),
        )
        lines = [Text.assemble(*head), *_text(each)]
        for line in lines:
            console.print(Padding(line, (0, 0, 0, 2)) if console.is_terminal else Text("  ") + line, soft_wrap=True)


def _text(found: Found) -> list[Text]:
    if found.before or found.after:
        around = [readable(found.before), readable(found.text), readable(found.after)]
        styles = ["dim", "", "dim"]
        return [Text(line, style=style) for line, style in zip(around, styles, strict=True) if line]
    return [Text(readable(found.text))]
