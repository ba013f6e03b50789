"""The one way into OpenVINO: a core that is made once and stays.

When OpenVINO's CPU plugin is first used it gives that thread a stack for signals, and unmaps it when it goes. If
another thread lets go of the last core, the first one's next signal, a Ctrl-C, is delivered on memory that is no longer
there: a segmentation fault. So no core is ever let go of.
"""

from __future__ import annotations

import threading
from functools import cache

import openvino as ov

_making = threading.Lock()


def openvino_core() -> ov.Core:
    with _making:  # two threads that come at once would make two, and drop one
        return _core()


@cache
def _core() -> ov.Core:
    return ov.Core()
