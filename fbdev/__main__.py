"""`python -m fbdev`, for where the command `fbdev` is not on the path."""

import sys

from fbdev.cli import main

sys.exit(main())
