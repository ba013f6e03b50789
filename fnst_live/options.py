"""Options as frozen dataclasses: one description serves the command line, its help and the checks.

A field made with `option()` is a flag; `add_options` puts all flags of a dataclass on a parser, `from_arguments`
makes the dataclass of what was parsed. Standard library only, since `--help` must be instant; the trainer, too,
describes its settings this way.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any, TypeVar, get_args, get_type_hints

T = TypeVar("T")


def option(help_text: str, default: Any = dataclasses.MISSING, **more: Any) -> Any:
    """A dataclass field that is also a flag; `more` goes to `add_argument` (choices, metavar, nargs)."""
    return dataclasses.field(default=default, metadata={"help": help_text, **more})


def add_options(parser: argparse.ArgumentParser, options_class: type) -> None:
    """One flag per field made with `option()`; bool fields become plain switches."""
    hints = get_type_hints(options_class)
    for field in _option_fields(options_class):
        more = {key: value for key, value in field.metadata.items() if key != "help"}
        flag = "--" + field.name.replace("_", "-")
        if hints[field.name] is bool:
            parser.add_argument(flag, action="store_true", help=field.metadata["help"])
            continue
        required = field.default is dataclasses.MISSING
        parser.add_argument(
            flag,
            **{"type": _value_type(hints[field.name]), "required": required, **more},
            default=None if required else field.default,
            help=field.metadata["help"] + _shown_default(field.default),
        )


def from_arguments(options_class: type[T], arguments: argparse.Namespace) -> T:
    """The dataclass with what was parsed; lists become tuples, so that it is as frozen as it says."""
    values = {field.name: getattr(arguments, field.name) for field in _option_fields(options_class)}
    return options_class(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def _option_fields(options_class: type) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(options_class) if "help" in field.metadata]


def _value_type(hint: Any) -> Any:
    """`Path | None` and `tuple[Path, ...]` are read as Path."""
    members = [a for a in get_args(hint) if isinstance(a, type) and a is not type(None)]
    return members[0] if members else hint


def _shown_default(default: Any) -> str:
    return "" if default in (dataclasses.MISSING, None, ()) else f" (default: {default})"
