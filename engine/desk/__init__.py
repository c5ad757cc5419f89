"""The use cases of the desk: the one door for the command line, cells, ribbon and server."""
