"""The command line `fnst-train`. Everything heavy is imported late, so that `--help` is instant."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from fnst_live.options import add_options, from_arguments, given_options, missing_flags
from trainer.config import (
    AdaptConfig,
    EvaluateConfig,
    ExportConfig,
    FetchConfig,
    MergeConfig,
    OptimizeConfig,
    SuperResolutionConfig,
    SuperResolutionEvaluateConfig,
    TrainConfig,
)
from trainer.errors import ConfigError, TrainerError
from trainer.run_folder import require_checkpoint, require_no_other_run, resumed_config
from trainer.stopping import Stopped

BAD_INPUT = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 2 bad input (with one line that says what to do), 130 Ctrl-C."""
    level = logging.INFO if is_first_process() else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr)
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        _run(arguments)
    except (Stopped, KeyboardInterrupt) as stopped:
        if is_first_process():
            print(f"fnst-train: {_how_to_go_on(stopped, arguments)}", file=sys.stderr)
        return INTERRUPTED
    except (TrainerError, OSError, RuntimeError, MemoryError) as error:
        sentence = _sentence_for(error)
        if sentence is None:
            raise
        print(f"{speaker()}: {sentence}", file=sys.stderr)
        return BAD_INPUT
    return 0


def _run(arguments: list[str]) -> None:
    parsed = build_parser().parse_args(arguments)
    if parsed.run is not _train and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError("torchrun is for fnst-train train: all other commands are one process each")
    parsed.run(parsed, arguments)


def _how_to_go_on(stopped: BaseException, arguments: list[str]) -> str:
    if isinstance(stopped, Stopped):
        return str(stopped)
    is_training = arguments[:1] == ["train"]
    return "stopped; the same command goes on from the last checkpoint, if there is one" if is_training else "stopped"


def _sentence_for(error: Exception) -> str | None:
    """None for what is a fault of the program."""
    if isinstance(error, TrainerError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'} cannot be used: {error.strerror or error}"
    from trainer.descent import is_out_of_memory

    is_shortage = isinstance(error, (RuntimeError, MemoryError)) and is_out_of_memory(error)
    return "there is not enough memory for that: give smaller pictures, or fewer at once" if is_shortage else None


def speaker() -> str:
    """Who tells of an error: one of several processes may have it alone, on a machine of its own."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    return "fnst-train" if world == 1 else f"fnst-train, process {int(os.environ.get('RANK', '0')) + 1} of {world}"


def is_first_process() -> bool:
    """What concerns all processes that torchrun started is said by one."""
    return os.environ.get("RANK", "0") == "0"


class Parser(argparse.ArgumentParser):
    """argparse prints its usage before an error; ours are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see {self.prog} --help")


@dataclass(frozen=True)
class Command:
    """A command whose whole command line is one config. run: what is called with it, as "module:function"; what that
    returns is printed. is_kept: it is told the command line, too, which goes into the model's header."""

    name: str
    config: type[Any]
    run: str
    help: str
    is_kept: bool = False

    def __call__(self, parsed: argparse.Namespace, arguments: Sequence[str]) -> None:
        config = from_arguments(self.config, parsed)
        module, function = self.run.split(":")
        run = getattr(import_module(f"trainer.{module}"), function)
        print(run(config, arguments) if self.is_kept else run(config))


COMMANDS = (
    Command("adapt", AdaptConfig, "adapt:adapt", "teach a model one more style, in minutes", is_kept=True),
    Command("optimize", OptimizeConfig, "optimize:optimize", "paint one picture without a network, as Gatys 2015 did"),
    Command("evaluate", EvaluateConfig, "yardstick:evaluate", "hold a model against the optimizer, on other photos"),
    Command("sr-train", SuperResolutionConfig, "super_resolution:train_super_resolution",
            "train a network that enlarges pictures", is_kept=True),
    Command("sr-eval", SuperResolutionEvaluateConfig, "sr_evaluate:evaluate_super_resolution",
            "hold such networks against bicubic enlarging"),
    Command("export", ExportConfig, "export:export", "make a file for other programs of a model"),
    Command("merge", MergeConfig, "merge:merge", "put the styles of several models of one network into one file",
            is_kept=True),
    Command("fetch-vgg", FetchConfig, "fetch:fetch",
            "download torchvision's VGG weights, which the losses can be made of"),
)


def build_parser() -> Parser:
    parser = Parser(prog="fnst-train", description="Train style models for fnst-live.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train a model from paintings and a folder of photos")
    train.add_argument("--resume", type=Path, metavar="RUN_FOLDER",
                       help="go on with a run, bit for bit, by its own config.json; other flags change it")
    add_options(train, TrainConfig, only_given=True)
    train.set_defaults(run=_train)
    for command in COMMANDS:
        subparser = commands.add_parser(command.name, help=command.help)
        add_options(subparser, command.config)
        subparser.set_defaults(run=command)
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
        config = resumed_config(parsed.resume, given)
        require_checkpoint(parsed.resume)
        return config
    missing = missing_flags(TrainConfig, given)
    if missing:
        raise ConfigError(f"the following arguments are required: {', '.join(missing)}; see fnst-train train --help")
    config = TrainConfig(**given)
    require_no_other_run(config)
    return config


def _eval(parsed: argparse.Namespace, _: Sequence[str]) -> None:
    from trainer.evaluate import stylize_file

    stylize_file(
        parsed.content_image, parsed.model, parsed.output_image,
        content_scale=parsed.content_scale, style_name=parsed.style, use_cuda=bool(parsed.cuda),
    )


if __name__ == "__main__":
    sys.exit(main())
