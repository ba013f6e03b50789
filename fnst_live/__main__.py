"""`python -m fnst_live` is `fnst-live`."""

import sys

from fnst_live.cli import main

sys.exit(main())
