"""The browser that the report's tests open."""

from tests.report.conftest import chromium

__all__ = ["chromium"]
