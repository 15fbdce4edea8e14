"""Runs Apex in the sandbox org: triggers inside saves, jobs after the commit, tests with coverage."""

from sandbox.apex import dml, members, soql, statements
from sandbox.apex.metadata import load
from sandbox.apex.runtime import Runtime

__all__ = ["Runtime", "dml", "load", "members", "soql", "statements"]
