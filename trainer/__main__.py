"""`python -m trainer` is `fnst-train`."""

import sys

from trainer.cli import main

sys.exit(main())
