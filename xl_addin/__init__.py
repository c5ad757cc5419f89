"""The faces of clodesk."""
