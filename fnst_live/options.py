"""Options as frozen dataclasses: one description serves the command line, its help and the checks.

A field made with `option()` is a flag; `add_options` puts all flags of a dataclass on a parser, `from_arguments`
makes the dataclass of what was parsed. Standard library only, since `--help` must be instant; the trainer, too,
describes its settings this way.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar, get_args, get_type_hints

T = TypeVar("T")


def option(help_text: str, default: Any = dataclasses.MISSING, **more: Any) -> Any:
    """A dataclass field that is also a flag; `more` goes to `add_argument` (choices, metavar, nargs)."""
    return dataclasses.field(default=default, metadata={"help": help_text, **more})


def add_options(parser: argparse.ArgumentParser, options_class: type, *, only_given: bool = False) -> None:
    """One flag per field made with `option()`; bool fields become plain switches.

    only_given: a flag that is not on the command line leaves no trace, and none is required; see `given_options`.
    """
    hints = get_type_hints(options_class)
    for field in _option_fields(options_class):
        more = {key: value for key, value in field.metadata.items() if key != "help"}
        if hints[field.name] is bool:
            more = {"action": "store_true"}
        else:
            required = field.default is dataclasses.MISSING and not only_given
            more = {"type": _value_type(hints[field.name]), "required": required, **more}
        parser.add_argument(
            flag_of(field.name),
            **more,
            default=argparse.SUPPRESS if only_given else _default(field),
            help=field.metadata["help"] + _shown_default(field.default),
        )


def flag_of(name: str) -> str:
    """What a field is called on the command line."""
    return "--" + name.replace("_", "-")


def from_arguments(options_class: type[T], arguments: argparse.Namespace) -> T:
    """The dataclass with what was parsed."""
    return options_class(**given_options(options_class, arguments))


def given_options(options_class: type, arguments: argparse.Namespace) -> dict[str, Any]:
    """Fields and what was parsed for them; lists become tuples, so that the dataclass is as frozen as it says."""
    names = [field.name for field in _option_fields(options_class) if hasattr(arguments, field.name)]
    values = {name: getattr(arguments, name) for name in names}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def missing_flags(options_class: type, given: Iterable[str]) -> list[str]:
    """Flags without a default whose fields are not among the given ones."""
    needed = [field.name for field in _option_fields(options_class) if field.default is dataclasses.MISSING]
    return [flag_of(name) for name in needed if name not in set(given)]


def _option_fields(options_class: type) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(options_class) if "help" in field.metadata]


def _default(field: dataclasses.Field[Any]) -> Any:
    return None if field.default is dataclasses.MISSING else field.default


def _value_type(hint: Any) -> Any:
    """`Path | None` and `tuple[Path, ...]` are read as Path."""
    members = [a for a in get_args(hint) if isinstance(a, type) and a is not type(None)]
    return members[0] if members else hint


def _shown_default(default: Any) -> str:
    if isinstance(default, bool) or default in (dataclasses.MISSING, None, ()):
        return ""
    return f" (default: {' '.join(map(str, default)) if isinstance(default, tuple) else default})"
