"""The terminal: one line per change of state, a bar while it works. By rich, on stderr.

Colour and the moving bar appear only on a terminal and never under NO_COLOR.
"""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Terminal:
    """Tells on a terminal, or in a pipe, what the chain does."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bar: Progress | None = None

    def begin(self, stage: str) -> None:
        """Show that a stage is at work."""
        self._stop()
        if not self.console.is_terminal:
            return
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[stage]:<9}"),
            BarColumn(bar_width=24),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )
        self._bar.add_task("", total=None, stage=stage)
        self._bar.start()

    def advance(self, done: int, total: int, what: str) -> None:
        """Move the bar."""
        if self._bar is not None:
            task = self._bar.task_ids[0]
            self._bar.update(task, completed=done, total=total, description=what)

    def end(self, stage: str, headline: str, seconds: float, *, repeated: bool) -> None:
        """One line: the stage, its time and its most important finding."""
        self._stop()
        spent = "   kept" if repeated else f"{seconds:5.1f} s"
        self.console.print(f"[bold]{stage:<9}[/bold] {spent}  ", end="")
        self.console.print(headline, markup=False)

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
