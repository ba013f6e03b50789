"""`fnst-live bench`: how fast this program is on this machine, stage by stage and end to end, and what limits it.

    settings -> run -> machine          who is measured, how busy, and what its matrix products reach
                    -> material         the built-in scene at one size: frames, and a clip of them
                    -> engines          the network alone, on every engine that can be had
                    -> stages           everything else, each alone
                    -> end_to_end       clip to clip, and camera to painted picture
             report <- ; table shows it, saved keeps it and reads it back, comparison holds two side by side

It stands beside the flow: it runs what `assembly`, `pipeline` and `live` have made, and adds only clocks.
"""
