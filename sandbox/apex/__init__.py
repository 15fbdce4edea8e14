"""Runs Apex in the sandbox org: triggers inside saves, jobs after the commit, tests with coverage."""

from sandbox.apex import calls, creation, dml, names, places, soql, statements, switches
from sandbox.apex.metadata import load
from sandbox.apex.runtime import Runtime

__all__ = ["Runtime", "calls", "creation", "dml", "load", "names", "places", "soql", "statements", "switches"]
