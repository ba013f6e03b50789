"""The form above the export queue: how what is added next shall be painted and written."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from fnst_live.errors import SettingError
from fnst_live.gui.controls import Dropdown, EnlargeDropdown, Slider, StrokesDropdown, Switch, quiet_label
from fnst_live.settings import CODECS, QUALITIES, LookSettings, VideoSettings

AUTOMATIC = "Automatic"
USUAL_CODEC = "h264"
SHORTEST = 8  # letters that a dropdown has room for at least
WORK_HEIGHTS = (240, 360, 480, 540, 720, 1080)


class ExportSettings(QWidget):
    """What the form says can be asked for as the settings that the command line takes. edited: something else now."""

    edited = pyqtSignal()

    def __init__(self, styles: Sequence[str], parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("exportSettings")
        self._look = LookSettings()  # and what has no control here
        self._numbers: dict[Slider, QLabel] = {}
        self.style_choice, self.second_style, self.codec = Dropdown("Style"), Dropdown("Mix in"), Dropdown("Codec")
        self.work_height, self.upscale = Dropdown("Work height"), EnlargeDropdown()
        self.strokes = StrokesDropdown(AUTOMATIC)
        self.strength, self.stability, self.mix = Slider("Strength"), Slider("Stability"), Slider("Share")
        self.keep_color = Switch(_switching("Keep color", self))
        self.quality, self.start, self.end = QSpinBox(), QLineEdit(), QLineEdit()
        self.folder, self.choose_folder = QLineEdit(), QPushButton("Choose…")
        self._fill()
        self._explain()
        self._lay_out()
        for dropdown in self.findChildren(Dropdown):  # none grows with what it lists
            dropdown.setSizeAdjustPolicy(dropdown.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            dropdown.setMinimumContentsLength(SHORTEST)
        self.set_styles(styles)
        self.set_look(self._look)

    def set_styles(self, styles: Sequence[str]) -> None:
        """Those that can be chosen; what is chosen stays."""
        chosen, second = self.style_choice.currentText(), self.second_style.currentData()
        self.style_choice.clear()
        self.style_choice.addItems(list(styles))
        self._choose_style(chosen or self._look.style)
        self.second_style.clear()
        self.second_style.addItem("Nothing", None)
        for name in styles:
            self.second_style.addItem(name, name)
        self._choose_second_style(second)

    def set_look(self, look: LookSettings) -> None:
        """Show a look that was chosen elsewhere."""
        self._look = look
        self._choose_style(look.style)
        self._choose_second_style(look.second_style)
        self.mix.show_share(look.mix)
        self.strength.show_share(look.strength)
        self.stability.show_share(look.stability)
        self._show_numbers()
        self.keep_color.setChecked(look.keep_color)
        if self.work_height.findData(look.work_height) < 0:
            self.work_height.addItem(f"{look.work_height} lines", look.work_height)
        self.work_height.setCurrentIndex(self.work_height.findData(look.work_height))
        self.upscale.show_upscale(look.upscale)
        self.strokes.show_stroke_size(look.stroke_size)

    def look(self) -> LookSettings:
        return dataclasses.replace(
            self._look, style=self.style_choice.currentText(), second_style=self.second_style.currentData(),
            mix=self.mix.share, strength=self.strength.share,
            stability=self.stability.share, keep_color=self.keep_color.isChecked(),
            work_height=self.work_height.currentData(), upscale=self.upscale.currentData(),
            stroke_size=self.strokes.currentData(),
        )

    def video(self) -> VideoSettings:
        """Raises SettingError, in the form's own words."""
        is_chosen = self.quality.isEnabled() and self.quality.value() > self.quality.minimum()
        try:
            return VideoSettings(
                start=self.start.text().strip() or None, end=self.end.text().strip() or None,
                codec=self.codec.currentData(), quality=self.quality.value() if is_chosen else None,
            )
        except SettingError as error:
            raise SettingError(str(error).replace("--start", "the start").replace("--end", "the end")) from error

    def output_folder(self) -> Path | None:
        """None: beside each source."""
        text = self.folder.text().strip()
        return Path(text).expanduser() if text else None

    def summary(self) -> str:
        """In a few words, for when the form is folded away."""
        folder = self.output_folder()
        where = "beside each source" if folder is None else f"to {folder}"
        codec = self.codec.currentData()
        styles = " + ".join(filter(None, (self.style_choice.currentText(), self.second_style.currentData())))
        return "  ·  ".join(filter(None, (styles, codec, where)))

    def _choose_style(self, name: str) -> None:
        if self.style_choice.findText(name) < 0 and name:
            self.style_choice.addItem(name)  # a model file
        self.style_choice.setCurrentText(name)

    def _choose_second_style(self, name: str | None) -> None:
        if self.second_style.findData(name) < 0:
            self.second_style.addItem(str(name), name)
        self.second_style.setCurrentIndex(self.second_style.findData(name))

    def _fill(self) -> None:
        self.codec.addItem(AUTOMATIC, None)
        for codec in CODECS:
            self.codec.addItem(codec, codec)
        self.work_height.addItem(AUTOMATIC, None)
        for lines in WORK_HEIGHTS:
            self.work_height.addItem(f"{lines} lines", lines)
        self.quality.setSpecialValueText(AUTOMATIC)
        self.quality.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.start.setPlaceholderText("0:00")
        self.end.setPlaceholderText("end")
        self.folder.setPlaceholderText("beside each source")
        self.folder.setClearButtonEnabled(True)
        self.codec.currentIndexChanged.connect(self._on_codec_changed)
        for changed in (self.style_choice.currentTextChanged, self.second_style.currentIndexChanged,
                        self.codec.currentIndexChanged, self.folder.textChanged):
            changed.connect(self.edited)
        self.second_style.currentIndexChanged.connect(lambda index: self.mix.setEnabled(index > 0))
        self.choose_folder.clicked.connect(self._on_choose_folder)
        self._on_codec_changed()

    def _on_codec_changed(self) -> None:
        """Each codec counts quality in its own way; one without loss not at all."""
        qualities = QUALITIES[self.codec.currentData() or USUAL_CODEC]
        self.quality.setEnabled(qualities is not None)
        if qualities is not None:
            best, worst = qualities
            self.quality.setRange(best - 1, worst)  # one below the best is "Automatic"
        self.quality.setValue(self.quality.minimum())

    def _on_choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Output folder", self.folder.text())
        if folder:
            self.folder.setText(folder)

    def _explain(self) -> None:
        """Object name, accessible name and tooltip of every control."""
        for widget, name, tooltip in (
            (self.style_choice, "Style", "The painting whose manner is taken"),
            (self.second_style, "Mix in", "A second style"),
            (self.mix, "Share", "How much of the second style"),
            (self.strength, "Strength", "How much of the painting: 0 is the original"),
            (self.stability, "Stability", "How firmly flicker is held down in videos: 0 is off"),
            (self.keep_color, "Keep color", "Keep the original's colors: paint in its brightness only"),
            (self.codec, "Codec", "The video codec. Automatic: what the file's kind usually holds"),
            (self.quality, "Quality", "The codec's own number: lower is better, and larger. Automatic suits most"),
            (self.work_height, "Work height", "Lines that the network sees: fewer is faster and broader in stroke. "
             "Automatic: the source's own, up to 1920 x 1080 in a video and 7680 x 4320 in a picture"),
            (self.upscale, "Enlarge", "Enlarge what the network painted, with crisp edges: with half the work height, "
             "the same size in broader strokes"),
            (self.start, "Trim start", "Begin here: seconds, or MM:SS"),
            (self.end, "Trim end", "Stop here: seconds, or MM:SS"),
            (self.strokes, "Strokes",
             "How broad strokes are. Automatic: as broad in a large picture as in a small one"),
            (self.folder, "Output folder", "Where results go. Empty: beside each source. Nothing is ever replaced"),
            (self.choose_folder, "Choose the output folder", "Choose the output folder"),
        ):
            widget.setObjectName("export" + name.title().replace(" ", ""))
            widget.setAccessibleName(name)
            widget.setToolTip(tooltip)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 4)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        cells = (
            _labeled("Style", self.style_choice), _labeled("Strokes", self.strokes),
            _labeled("Mix in", self.second_style), self._share("Share of the second", self.mix),
            self._share("Strength", self.strength), self._share("Stability", self.stability),
            _labeled("Work height", self.work_height), _labeled("Enlarge", self.upscale),
            _labeled("Codec", self.codec), _labeled("Quality", self.quality),
            self._trim(), _labeled("Color", self.keep_color),
        )
        for number, cell in enumerate(cells):
            grid.addLayout(cell, number // 2, number % 2)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
            grid.setColumnMinimumWidth(column, 120)
        grid.addLayout(_labeled("Output folder", self.folder, self.choose_folder), len(cells), 0, 1, 2)

    def _share(self, text: str, slider: Slider) -> QVBoxLayout:
        number = self._numbers[slider] = quiet_label("")
        slider.valueChanged.connect(self._show_numbers)
        heading = QHBoxLayout()
        heading.addWidget(quiet_label(text), 1)
        heading.addWidget(number)
        cell = QVBoxLayout()
        cell.setSpacing(4)
        cell.addLayout(heading)
        cell.addWidget(slider, 1)
        return cell

    def _show_numbers(self) -> None:
        for slider, number in self._numbers.items():
            number.setText(f"{slider.share:.0%}")

    def _trim(self) -> QVBoxLayout:
        return _labeled("Trim", self.start, quiet_label("to"), self.end)


def _labeled(text: str, *controls: QWidget) -> QVBoxLayout:
    """A quiet label above a control, or above several in a line, of which the first is the widest."""
    label = quiet_label(text)
    label.setBuddy(controls[0])
    line = QHBoxLayout()
    line.setSpacing(6)
    for control in controls:
        line.addWidget(control, 0 if isinstance(control, QPushButton | QLabel) else 1)
    cell = QVBoxLayout()
    cell.setSpacing(4)
    cell.addWidget(label)
    cell.addLayout(line)
    return cell


def _switching(text: str, parent: QObject) -> QAction:
    action = QAction(text, parent)
    action.setCheckable(True)
    return action
