"""Stage 1: content frame to stylized frame, by whichever engine is fastest here.

OpenVINO reports its use to Google Analytics when it is imported, unasked, and leaves an identity in ~/intel. A program
that looks through a camera must not: where its telemetry package cannot be imported, OpenVINO does without.
"""

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: its import fails
