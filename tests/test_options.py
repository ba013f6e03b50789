"""One dataclass serves the command line, its help and the checks."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import pytest

from fnst_live.options import add_options, from_arguments, given_options, missing_flags, option


@dataclass(frozen=True)
class Example:
    folder: Path = option("where")
    files: tuple[Path, ...] = option("what", (), nargs="+")
    share: float = option("how much", 0.5)
    limit: int | None = option("at most", None)
    loud: bool = option("say more", default=False)
    sizes: tuple[int, ...] = option("how large", (256, 512), nargs="+")
    hidden: int = 7


def parse(*argv: str) -> Example:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_options(parser, Example)
    return from_arguments(Example, parser.parse_args(argv))


def test_defaults() -> None:
    assert parse("--folder", "a") == Example(Path("a"))


def test_values_have_the_fields_types() -> None:
    parsed = parse("--folder", "a", "--files", "b", "c", "--share", "1", "--limit", "3", "--loud")
    assert parsed == Example(Path("a"), (Path("b"), Path("c")), 1.0, 3, loud=True)


def test_fields_without_help_are_no_flags() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser, Example)
    assert "--hidden" not in parser.format_help()
    assert "(default: 256 512)" in " ".join(parser.format_help().split())
    assert "(default: 0.5)" in parser.format_help()


def test_required_fields_are_required_flags() -> None:
    with pytest.raises((SystemExit, argparse.ArgumentError)):
        parse()


def test_only_given_flags_leave_a_trace() -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_options(parser, Example, only_given=True)
    assert given_options(Example, parser.parse_args([])) == {}
    given = given_options(Example, parser.parse_args(["--files", "a", "--share", "0.5", "--loud"]))
    assert given == {"files": (Path("a"),), "share": 0.5, "loud": True}
    assert missing_flags(Example, given) == ["--folder"]
    assert missing_flags(Example, {"folder"}) == []
    assert "(default: 0.5)" in parser.format_help()
