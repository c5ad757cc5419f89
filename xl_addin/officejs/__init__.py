"""The Office.js face: Excel on Windows, Mac and the web (spec 08 §9).

Manifests, function metadata and icons are made from the catalogue and the commands; `bundle` and `taskpane` are what
the browser runs. Nothing of Microsoft's library is here: pages load it from its own address.
"""

from xl_addin.officejs.routes import router

__all__ = ["router"]
