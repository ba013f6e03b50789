"""The command line `fnst-live`. Everything heavy is imported late, so that `--help` is instant."""

from __future__ import annotations

import argparse
import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from fnst_live import __version__, preflight
from fnst_live.bench.settings import BenchSettings
from fnst_live.errors import SettingError, UserError
from fnst_live.live_settings import SourceSpec
from fnst_live.options import add_options, from_arguments
from fnst_live.settings import PIPE, FileSettings, LookSettings, RenderRequest, VideoSettings

BAD_INPUT = 2
INTERRUPTED = 130
TERMINATED = 143

DESCRIPTION = (
    "Repaints video in the manner of a painting: steady, sharp, in full color, with its sound. "
    "Without a command, a window shows a camera, a video, a picture or the built-in scene, painted live."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 2 bad input (with one line that says what to do), 130 Ctrl-C."""
    signal.signal(signal.SIGTERM, _end_in_order)
    try:
        arguments = build_parser().parse_args(argv)
        arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("fnst-live: stopped; what was written so far has .part in its name", file=sys.stderr)
        return INTERRUPTED
    except UserError as error:
        print(f"fnst-live: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        _write_no_more()  # whoever read us has seen enough
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _write_no_more()
        print(f"fnst-live: standard output could not be written: {error.strerror}; free some space", file=sys.stderr)
        return BAD_INPUT
    return 0


def _write_no_more() -> None:
    """To the standard output: what is left in its buffer would fail once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end_in_order(*_: object) -> NoReturn:
    """Asked to end, by a logout or a service manager: what was written so far is made playable, as at Ctrl-C."""
    sys.exit(TERMINATED)


class Parser(argparse.ArgumentParser):
    """argparse prints its usage before an error; ours are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise SettingError(f"{message}; see {self.prog} --help")


def build_parser() -> Parser:
    parser = Parser(prog="fnst-live", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"fnst-live {__version__}")
    _add_window(parser)
    commands = parser.add_subparsers(metavar="COMMAND", title="without the window")
    _add_video(commands)
    _add_image(commands)
    _add_demo(commands)
    styles = _add_command(commands, "styles", "list the styles that can be chosen", _styles)
    styles.add_argument("--json", action="store_true", help="as a JSON list; of a sheet, an object")
    styles.add_argument("--sheet", "-o", type=Path, metavar="OUT", help="instead: one picture that shows them all")
    styles.add_argument("input", type=Path, nargs="?", metavar="IN",
                        help="the picture that --sheet paints (default: the built-in scene)")
    styles.add_argument("--overwrite", action="store_true", help="replace an existing sheet")
    _add_metrics(commands)
    _add_bench(commands)
    doctor = _add_command(commands, "doctor", "what this machine has, and what of it works", _doctor)
    doctor.add_argument("--json", action="store_true", help="as a JSON object")
    return parser


def _add_window(parser: argparse.ArgumentParser) -> None:
    """No command: the window opens."""
    parser.set_defaults(run=_window)
    parser.add_argument("--source", type=SourceSpec.parse, metavar="FILE|camera:N|screen|URL|scene",
                        help="what the window shows (default: as the last time, at first a camera)")
    parser.add_argument("--style", metavar="NAME|FILE", help="after what it paints (default: as the last time)")
    parser.add_argument("--fullscreen", action="store_true", help="nothing but the picture")
    parser.add_argument("--virtual-camera", action="store_true",
                        help="calls and streams see the painted picture as a camera (Linux, by v4l2loopback)")


def _add_command(commands: Any, name: str, help_text: str,
                 run: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(run=run)
    return parser


def _add_video(commands: Any) -> None:
    parser = _add_command(commands, "video", "paint a video file into another", _video)
    parser.add_argument("input", type=Path, metavar="IN", help="the video, or a folder of videos")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT",
                        help="the painted video: mp4, mkv, mov, webm or gif; of a folder, a folder "
                             "(default: IN.STYLE beside the input)")
    for options in (LookSettings, VideoSettings, FileSettings):
        add_options(parser, options)  # --json: an object, for a folder a list of them


def _add_image(commands: Any) -> None:
    parser = _add_command(commands, "image", "paint pictures", _image)
    parser.add_argument("input", metavar="IN", help="a picture, a folder of pictures, or - for standard input")
    parser.add_argument("-o", "--output", metavar="OUT", help="a picture, a folder, or - for standard output")
    for options in (LookSettings, FileSettings):
        add_options(parser, options)  # --json: an object, for a folder a list of them


def _add_demo(commands: Any) -> None:
    parser = _add_command(commands, "demo", "paint the built-in moving scene, and say where it is", _demo)
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", default=Path("fnst-live-demo.mp4"),
                        help="the video (default: %(default)s, replaced if it exists)")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="N", help="its length (default: %(default)s)")
    add_options(parser, LookSettings)
    parser.add_argument("--json", action="store_true", help="print one JSON object about the run")


def _add_metrics(commands: Any) -> None:
    parser = _add_command(commands, "metrics", "measure how steady, colorful and crisp a painted video is", _metrics)
    parser.add_argument("content", type=Path, metavar="CONTENT", help="the video as it was")
    parser.add_argument("stylized", type=Path, metavar="STYLIZED", help="what was made of it, by whatever program")
    parser.add_argument("--against", type=Path, metavar="STYLIZED",
                        help="another one to compare with, for example by --stability 0")
    parser.add_argument("--json", action="store_true", help="as a JSON object")


def _add_bench(commands: Any) -> None:
    parser = _add_command(
        commands, "bench", "measure how fast this machine paints, stage by stage and end to end", _bench
    )
    add_options(parser, BenchSettings)


def _window(arguments: argparse.Namespace) -> None:
    from fnst_live.gui.app import StartRequest, run_window

    run_window(StartRequest(arguments.source, arguments.style, arguments.fullscreen, arguments.virtual_camera))


def _video(arguments: argparse.Namespace) -> None:
    request = RenderRequest(
        arguments.input, arguments.output,
        from_arguments(LookSettings, arguments), from_arguments(VideoSettings, arguments), arguments.overwrite,
    )
    preflight.check_video(request)
    from fnst_live.headless import render_folder, render_video

    if not request.source.is_dir():
        _print_report(render_video(request), as_json=arguments.json)
        return
    reports = []
    try:
        for report in render_folder(request):
            reports.append(report)
            if not arguments.json:
                _print_report(report, as_json=False)
    finally:  # what an error ends was done as far as that
        if arguments.json and reports:
            print(json.dumps([report.as_json() for report in reports], ensure_ascii=False))


def _demo(arguments: argparse.Namespace) -> None:
    look = from_arguments(LookSettings, arguments)
    preflight.check_look(look)
    from fnst_live.headless import render_demo

    _print_report(render_demo(arguments.output, arguments.seconds, look), as_json=arguments.json)


def _image(arguments: argparse.Namespace) -> None:
    look = from_arguments(LookSettings, arguments)
    preflight.check_pictures(arguments.input, look)
    from fnst_live.headless import render_pictures

    results = render_pictures(arguments.input, arguments.output, look, overwrite=arguments.overwrite)
    to_terminal = sys.stderr if any(result.output == PIPE for result in results) else sys.stdout
    if arguments.json:
        reports = [result.as_json() for result in results]
        is_folder = Path(arguments.input).is_dir()
        print(json.dumps(reports if is_folder else reports[0], ensure_ascii=False), file=to_terminal)
        return
    for result in results:
        for warning in result.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        if result.output not in (None, PIPE):
            print(result.output)


def _styles(arguments: argparse.Namespace) -> None:
    if arguments.sheet is not None:
        _sheet(arguments)
        return
    if arguments.input is not None:
        raise SettingError(f"{arguments.input} is not needed for a list: give --sheet OUT to paint it in every style")
    from fnst_live.style_library import list_styles

    entries = list_styles()
    if arguments.json:
        print(json.dumps([entry.as_json() for entry in entries], ensure_ascii=False, indent=1))
        return
    for entry in entries:
        work = ", ".join(filter(None, (entry.work, entry.year)))
        print(f"{entry.name:<26} {entry.painter:<22} {work}  ({entry.file.name})")


def _sheet(arguments: argparse.Namespace) -> None:
    preflight.check_inputs(arguments.input)
    from fnst_live.contact_sheet import save_contact_sheet

    warnings = save_contact_sheet(arguments.sheet, arguments.input, overwrite=arguments.overwrite)
    if arguments.json:
        print(json.dumps({"output": str(arguments.sheet), "warnings": warnings}, ensure_ascii=False))
        return
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(arguments.sheet)


def _metrics(arguments: argparse.Namespace) -> None:
    preflight.check_inputs(arguments.content, arguments.stylized, arguments.against)
    from fnst_live.clip_comparison import compare_clips

    comparison = compare_clips(arguments.content, arguments.stylized, arguments.against)
    if arguments.json:
        print(json.dumps(comparison.as_json(), ensure_ascii=False))
        return
    for warning in comparison.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(comparison.as_text())


def _bench(arguments: argparse.Namespace) -> None:
    settings = from_arguments(BenchSettings, arguments)
    from fnst_live.bench.command import run_command

    try:
        outcome = run_command(settings)
    except KeyboardInterrupt:
        print("fnst-live: stopped; nothing was saved", file=sys.stderr)
        sys.exit(INTERRUPTED)
    if arguments.json:
        print(json.dumps(outcome.record, ensure_ascii=False))
        return
    for warning in outcome.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(outcome.text)


def _doctor(arguments: argparse.Namespace) -> None:
    from fnst_live.doctor import collect_report

    report = collect_report(_tell_terminal)
    print(json.dumps(report.as_json(), ensure_ascii=False, indent=1) if arguments.json else report.as_text())


def _tell_terminal(what: str) -> None:
    """A sign of life, for people only."""
    if sys.stderr.isatty():
        print(f"{what} ...", file=sys.stderr)


def _print_report(report: Any, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
        return
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if report.output is not None:
        speed = f"{report.fps:.1f} frames per second"
        print(f"{report.output}  ({report.frames} frames, {report.size}, {speed}, {report.engine})", flush=True)
