"""Tools beside the faces: link repair, installation, diagnosis."""
