"""The pages of the faces that the server hands out."""

from fastapi import APIRouter

from xl_addin import officejs
from xl_addin.server import dashboard, static


def pages() -> list[APIRouter]:
    """Routes of the Office.js face, the dashboard and the charting library."""
    return [officejs.router(), dashboard.router(), static.router()]
