"""Which part of a network is its head, and which the last stage before it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Names of modules or parameters; all else is the rest of the encoder."""

    head: tuple[str, ...]
    """What depends on the outcome."""
    last: tuple[str, ...]
    """The end of the encoder."""

    def of_head(self, name: str) -> bool:
        """Whether a parameter or buffer belongs to the head.

        >>> layout = Layout(head=("last",), last=("body.2",))
        >>> layout.of_head("last.bias"), layout.of_head("last_bias"), layout.of_last("body.2.bias")
        (True, False, True)
        """
        return _among(name, self.head)

    def of_last(self, name: str) -> bool:
        """Whether it belongs to the last stage of the encoder."""
        return _among(name, self.last)


def _among(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)
