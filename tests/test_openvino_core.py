from __future__ import annotations

import subprocess
import sys
from textwrap import dedent


def test_a_signal_finds_its_stack_after_another_thread_let_go_of_the_last_graph() -> None:
    program = dedent("""
        import gc, signal, threading
        import numpy as np, openvino as ov
        from openvino import opset13 as ops
        from fnst_live.openvino_core import openvino_core

        x = ops.parameter([1], ov.Type.f32)
        graphs = [openvino_core().compile_model(ov.Model([ops.relu(x)], [x]), "CPU")]
        graphs[0]([np.ones(1, np.float32)])
        signal.signal(signal.SIGTERM, lambda *_: print("handled"))
        let_go = threading.Thread(target=lambda: (graphs.clear(), gc.collect()))
        let_go.start()
        let_go.join()
        signal.raise_signal(signal.SIGTERM)
    """)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "handled\n"), ended.stderr
