"""The command line `fnst-train`. Everything heavy is imported late, so that `--help` is instant."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from fnst_live.options import add_options, from_arguments, given_options, missing_flags
from trainer.config import (
    AdaptConfig,
    EvaluateConfig,
    ExportConfig,
    FetchConfig,
    OptimizeConfig,
    SuperResolutionConfig,
    SuperResolutionEvaluateConfig,
    TrainConfig,
)
from trainer.errors import ConfigError, TrainerError
from trainer.run_folder import resumed_config
from trainer.stopping import Stopped

BAD_INPUT = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 2 bad input (with one line that says what to do), 130 Ctrl-C."""
    level = logging.INFO if is_first_process() else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr)
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        parsed = build_parser().parse_args(arguments)
        if parsed.run is not _train and int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise ConfigError("torchrun is for fnst-train train: all other commands are one process each")
        parsed.run(parsed, arguments)
    except Stopped as stopped:
        if is_first_process():
            print(f"fnst-train: {stopped}", file=sys.stderr)
        return INTERRUPTED
    except KeyboardInterrupt:
        print("fnst-train: stopped; the same command goes on from the last checkpoint, if it was training",
              file=sys.stderr)
        return INTERRUPTED
    except TrainerError as error:
        print(f"fnst-train: {error}", file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"fnst-train: {error.filename or 'a file'} cannot be used: {error.strerror or error}", file=sys.stderr)
        return BAD_INPUT
    return 0


def is_first_process() -> bool:
    """What concerns all processes that torchrun started is said by one."""
    return os.environ.get("RANK", "0") == "0"


class Parser(argparse.ArgumentParser):
    """argparse prints its usage before an error; ours are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see {self.prog} --help")


def build_parser() -> Parser:
    parser = Parser(prog="fnst-train", description="Train style models for fnst-live.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train a model from paintings and a folder of photos")
    train.add_argument("--resume", type=Path, metavar="RUN_FOLDER",
                       help="go on with a run, bit for bit, by its own config.json; other flags change it")
    add_options(train, TrainConfig, only_given=True)
    train.set_defaults(run=_train)
    adapt = commands.add_parser("adapt", help="teach a model one more style, in minutes")
    add_options(adapt, AdaptConfig)
    adapt.set_defaults(run=_adapt)
    optimize = commands.add_parser("optimize", help="paint one picture without a network, as Gatys 2015 did")
    add_options(optimize, OptimizeConfig)
    optimize.set_defaults(run=_optimize)
    yardstick = commands.add_parser("evaluate", help="hold a model against the optimizer, over held-out photos")
    add_options(yardstick, EvaluateConfig)
    yardstick.set_defaults(run=_evaluate)
    enlarging = commands.add_parser("sr-train", help="train a network that enlarges pictures")
    add_options(enlarging, SuperResolutionConfig)
    enlarging.set_defaults(run=_sr_train)
    enlarged = commands.add_parser("sr-eval", help="hold such networks against bicubic enlarging")
    add_options(enlarged, SuperResolutionEvaluateConfig)
    enlarged.set_defaults(run=_sr_eval)
    export = commands.add_parser("export", help="make a file for other programs of a model")
    add_options(export, ExportConfig)
    export.set_defaults(run=_export)
    fetch = commands.add_parser("fetch-vgg", help="download torchvision's VGG weights, which the losses can be made of")
    add_options(fetch, FetchConfig)
    fetch.set_defaults(run=_fetch_vgg)
    evaluate = commands.add_parser("eval", help="stylize one picture with a model")
    evaluate.add_argument("--content-image", type=Path, required=True, metavar="FILE", help="the photo")
    evaluate.add_argument("--model", type=Path, required=True, metavar="FILE", help="a .safetensors or .pth model")
    evaluate.add_argument("--output-image", type=Path, required=True, metavar="FILE", help="where the result goes")
    evaluate.add_argument("--content-scale", type=float, default=None, help="divide the photo's size by this first")
    evaluate.add_argument("--style", default=None, help="which style of a model that holds several")
    evaluate.add_argument("--cuda", type=int, choices=(0, 1), default=0, help="1 runs on the GPU")
    evaluate.set_defaults(run=_eval)
    return parser


def _train(parsed: argparse.Namespace, arguments: Sequence[str]) -> None:
    config = _train_config(parsed)  # tells of a wrong flag before torch is loaded
    from trainer.training import train

    model_file = train(config, arguments)
    if is_first_process():
        print(model_file)


def _train_config(parsed: argparse.Namespace) -> TrainConfig:
    given = given_options(TrainConfig, parsed)
    if parsed.resume is not None:
        return resumed_config(parsed.resume, given)
    missing = missing_flags(TrainConfig, given)
    if missing:
        raise ConfigError(f"the following arguments are required: {', '.join(missing)}; see fnst-train train --help")
    return TrainConfig(**given)


def _adapt(parsed: argparse.Namespace, arguments: Sequence[str]) -> None:
    config = from_arguments(AdaptConfig, parsed)
    from trainer.adapt import adapt

    print(adapt(config, arguments))


def _optimize(parsed: argparse.Namespace, _: Sequence[str]) -> None:
    config = from_arguments(OptimizeConfig, parsed)
    from trainer.optimize import optimize

    print(optimize(config))


def _evaluate(parsed: argparse.Namespace, _: Sequence[str]) -> None:
    config = from_arguments(EvaluateConfig, parsed)
    from trainer.yardstick import evaluate

    print(evaluate(config))


def _sr_train(parsed: argparse.Namespace, arguments: Sequence[str]) -> None:
    config = from_arguments(SuperResolutionConfig, parsed)
    from trainer.super_resolution import train_super_resolution

    print(train_super_resolution(config, arguments))


def _sr_eval(parsed: argparse.Namespace, _: Sequence[str]) -> None:
    config = from_arguments(SuperResolutionEvaluateConfig, parsed)
    from trainer.sr_evaluate import evaluate_super_resolution

    print(evaluate_super_resolution(config))


def _export(parsed: argparse.Namespace, _: Sequence[str]) -> None:
    config = from_arguments(ExportConfig, parsed)
    from trainer.export import export

    print(export(config))


def _fetch_vgg(parsed: argparse.Namespace, _: Sequence[str]) -> None:
    config = from_arguments(FetchConfig, parsed)
    from trainer.fetch import fetch_vgg

    print(fetch_vgg(config.vgg_model_dir, config.network))


def _eval(parsed: argparse.Namespace, _: Sequence[str]) -> None:
    from trainer.evaluate import stylize_file

    stylize_file(
        parsed.content_image, parsed.model, parsed.output_image,
        content_scale=parsed.content_scale, style_name=parsed.style, use_cuda=bool(parsed.cuda),
    )


if __name__ == "__main__":
    sys.exit(main())
