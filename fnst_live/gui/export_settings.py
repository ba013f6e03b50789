"""The form above the export queue: how what is added next shall be painted and written."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from fnst_live.errors import SettingError
from fnst_live.settings import CODECS, QUALITIES, WORK_HEIGHT_LIMIT, LookSettings, VideoSettings

AUTOMATIC = "Automatic"
USUAL_CODEC = "h264"
WORK_HEIGHTS = (240, 360, 480, 540, 720, 1080)
PERCENT = 100


class ExportSettings(QWidget):
    """What the form says can be asked for as the settings that the command line takes."""

    def __init__(self, styles: Sequence[str], parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("exportSettings")
        self._look = LookSettings()  # and what has no control here
        self.style_choice, self.codec, self.work_height = QComboBox(), QComboBox(), QComboBox()
        self.strength, self.stability = UnitSlider(), UnitSlider()
        self.keep_color = QCheckBox("&Keep color")
        self.quality, self.start, self.end = QSpinBox(), QLineEdit(), QLineEdit()
        self.folder, self.choose_folder = QLineEdit(), QPushButton("C&hoose…")
        self._fill()
        self._explain()
        self._lay_out()
        self.set_styles(styles)
        self.set_look(self._look)

    def set_styles(self, styles: Sequence[str]) -> None:
        """Those that can be chosen; the chosen one stays."""
        chosen = self.style_choice.currentText()
        self.style_choice.clear()
        self.style_choice.addItems(list(styles))
        self._choose_style(chosen or self._look.style)

    def set_look(self, look: LookSettings) -> None:
        """Show a look that was chosen elsewhere."""
        self._look = look
        self._choose_style(look.style)
        self.strength.set_share(look.strength)
        self.stability.set_share(look.stability)
        self.keep_color.setChecked(look.keep_color)
        if self.work_height.findData(look.work_height) < 0:
            self.work_height.addItem(f"{look.work_height} lines", look.work_height)
        self.work_height.setCurrentIndex(self.work_height.findData(look.work_height))

    def look(self) -> LookSettings:
        return dataclasses.replace(
            self._look, style=self.style_choice.currentText(), strength=self.strength.share(),
            stability=self.stability.share(), keep_color=self.keep_color.isChecked(),
            work_height=self.work_height.currentData(),
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

    def _choose_style(self, name: str) -> None:
        if self.style_choice.findText(name) < 0 and name:
            self.style_choice.addItem(name)  # a model file
        self.style_choice.setCurrentText(name)

    def _fill(self) -> None:
        self.codec.addItem(AUTOMATIC, None)
        for codec in CODECS:
            self.codec.addItem(codec, codec)
        self.work_height.addItem(AUTOMATIC, None)
        for lines in WORK_HEIGHTS:
            self.work_height.addItem(f"{lines} lines", lines)
        self.quality.setSpecialValueText(AUTOMATIC)
        self.quality.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.start.setPlaceholderText("beginning")
        self.end.setPlaceholderText("end")
        self.folder.setPlaceholderText("beside each source")
        self.folder.setClearButtonEnabled(True)
        self.codec.currentIndexChanged.connect(self._on_codec_changed)
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
            (self.strength, "Strength", "How much of the painting: 0 is the original"),
            (self.stability, "Stability", "How firmly flicker is held down in videos: 0 is off"),
            (self.keep_color, "Keep color", "Keep the original's colors: paint in its brightness only"),
            (self.codec, "Codec", "The video codec. Automatic: what the file's kind usually holds"),
            (self.quality, "Quality", "The codec's own number: lower is better, and larger. Automatic suits most"),
            (self.work_height, "Work height", "Lines that the network sees: fewer is faster and broader in stroke. "
             f"Automatic: the source's own, at most {WORK_HEIGHT_LIMIT}"),
            (self.start, "Trim start", "Begin here: seconds, or MM:SS"),
            (self.end, "Trim end", "Stop here: seconds, or MM:SS"),
            (self.folder, "Output folder", "Where results go. Empty: beside each source. Nothing is ever replaced"),
            (self.choose_folder, "Choose the output folder", "Choose the output folder"),
        ):
            widget.setObjectName("export" + name.title().replace(" ", ""))
            widget.setAccessibleName(name)
            widget.setToolTip(tooltip)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(12)
        rows = (
            (_labeled("&Style", self.style_choice), _labeled("S&trength", self.strength),
             _labeled("Sta&bility", self.stability), _labeled("", self.keep_color)),
            (_labeled("Co&dec", self.codec), _labeled("&Quality", self.quality),
             _labeled("&Work height", self.work_height), self._trim()),
        )
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                grid.addLayout(cell, number, column)
                grid.setColumnStretch(column, 1)
        grid.addLayout(self._folder_line(), len(rows), 0, 1, 4)

    def _trim(self) -> QVBoxLayout:
        between = QHBoxLayout()
        between.addWidget(self.start)
        between.addWidget(QLabel("to"))
        between.addWidget(self.end)
        return _labeled("T&rim", self.start, between)

    def _folder_line(self) -> QVBoxLayout:
        line = QHBoxLayout()
        line.addWidget(self.folder, 1)
        line.addWidget(self.choose_folder)
        return _labeled("&Output folder", self.folder, line)


class UnitSlider(QWidget):
    """0..1 with its number beside it."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.slider, self._number = QSlider(Qt.Orientation.Horizontal), QLabel()
        self.slider.setRange(0, PERCENT)
        self.slider.setPageStep(10)
        self.slider.valueChanged.connect(lambda value: self._number.setText(f"{value / PERCENT:.2f}"))
        self._number.setFixedWidth(self._number.fontMetrics().horizontalAdvance("0.00") + 2)
        self._number.setText("0.00")
        self.setFocusProxy(self.slider)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self._number)

    def share(self) -> float:
        return self.slider.value() / PERCENT

    def set_share(self, share: float) -> None:
        self.slider.setValue(round(share * PERCENT))

    def setAccessibleName(self, name: str | None) -> None:  # noqa: N802
        """Of what has the keyboard, too."""
        super().setAccessibleName(name)
        self.slider.setAccessibleName(name)


def _labeled(text: str, widget: QWidget, content: QHBoxLayout | None = None) -> QVBoxLayout:
    """A small label above a control, or above the line of controls that it begins."""
    label = QLabel(text)
    label.setProperty("role", "quiet")
    label.setBuddy(widget)
    cell = QVBoxLayout()
    cell.setSpacing(4)
    cell.addWidget(label)
    if content is None:
        cell.addWidget(widget, 1)  # all labels of a row stand on one line
    else:
        cell.addLayout(content)
    return cell
