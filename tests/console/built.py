"""What the stories want of the widget's folder: its build, and axe-core out of its packages."""

from tests.lightning.built import WEB, need_packages, need_zip

__all__ = ["AXE", "need_packages", "need_zip"]

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
