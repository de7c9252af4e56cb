"""The checks of the lessons, a file each. Importing the package registers them all."""

from . import l0, l1, l2, l3, l4, l5, l6, l7
from .checking import CHECKS, Check, NotYet, checks_of

__all__ = ["CHECKS", "Check", "NotYet", "checks_of", "l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7"]
