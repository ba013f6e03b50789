"""The command line `fnst-train`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from fnst_live.options import add_options, from_arguments


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


def _train(arguments: argparse.Namespace) -> None:
    from trainer.config import TrainConfig
    from trainer.training import train

    print(train(from_arguments(TrainConfig, arguments)))


def _eval(arguments: argparse.Namespace) -> None:
    from trainer.evaluate import stylize_file

    stylize_file(
        arguments.content_image, arguments.model, arguments.output_image,
        content_scale=arguments.content_scale, style_name=arguments.style, use_cuda=bool(arguments.cuda),
    )


if __name__ == "__main__":
    sys.exit(main())
