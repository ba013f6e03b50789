"""The command line `fnst-train`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import get_args, get_type_hints


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 2 bad input (with one line that says what to do), 130 Ctrl-C."""
    arguments = build_parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        arguments.run(arguments)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"fnst-train: {error}", file=sys.stderr)
        return 2
    return 0


def build_parser() -> argparse.ArgumentParser:
    from trainer.config import TrainConfig

    parser = argparse.ArgumentParser(prog="fnst-train", description="Train style models for fnst-live.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train a model from paintings and a folder of photos")
    add_options(train, TrainConfig)
    train.set_defaults(run=_train)
    evaluate = commands.add_parser("eval", help="stylize one picture with a model")
    evaluate.add_argument("--content-image", type=Path, required=True, help="the photo")
    evaluate.add_argument("--model", type=Path, required=True, help="a .safetensors or .pth model")
    evaluate.add_argument("--output-image", type=Path, required=True, help="where the result goes")
    evaluate.add_argument("--content-scale", type=float, default=None, help="divide the photo's size by this first")
    evaluate.add_argument("--style", default=None, help="which style of a model that holds several")
    evaluate.add_argument("--cuda", type=int, choices=(0, 1), default=0, help="1 runs on the GPU")
    evaluate.set_defaults(run=_eval)
    return parser


def add_options(parser: argparse.ArgumentParser, config_class: type) -> None:
    """One flag per field of the dataclass: the dataclass is the only place where options are described."""
    hints = get_type_hints(config_class)
    for spec in fields(config_class):
        kind = next((a for a in get_args(hints[spec.name]) if isinstance(a, type) and a is not type(None)), None)
        required = spec.default is MISSING
        more = {key: value for key, value in spec.metadata.items() if key != "help"}
        shown = "" if required or spec.default in (None, ()) else f" (default: {spec.default})"
        parser.add_argument(
            "--" + spec.name.replace("_", "-"),
            type=kind or hints[spec.name],
            required=required,
            default=None if required else spec.default,
            help=spec.metadata["help"] + shown,
            **more,
        )


def _train(arguments: argparse.Namespace) -> None:
    from trainer.config import TrainConfig
    from trainer.training import train

    values = {f.name: getattr(arguments, f.name) for f in fields(TrainConfig)}
    config = TrainConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
    print(train(config))


def _eval(arguments: argparse.Namespace) -> None:
    from trainer.evaluate import stylize_file

    stylize_file(
        arguments.content_image, arguments.model, arguments.output_image,
        content_scale=arguments.content_scale, style_name=arguments.style, use_cuda=bool(arguments.cuda),
    )


if __name__ == "__main__":
    sys.exit(main())
