"""Rosters from files: read without I/O, compared with what is there, written when nothing is wrong."""

from signalling.school.roster.importing import RosterImport
from signalling.school.roster.plan import Plan
from signalling.school.roster.table import Fault, FaultCode

__all__ = ["Fault", "FaultCode", "Plan", "RosterImport"]
