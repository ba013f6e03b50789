"""Keys and mouse of a test. PyQt's stubs take QTest's static functions for methods, so they go untyped."""

from __future__ import annotations

from typing import Any

from PyQt6 import QtTest

QTest: Any = QtTest.QTest
