"""The command line: `clodesk COMMAND`, one command per use case of the desk."""
