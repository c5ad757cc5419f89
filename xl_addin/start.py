"""Where the command `clodesk` begins: loads its libraries without looking for garbage among what will stay."""

import gc


def main() -> None:
    """Run the command line.

    Loading makes some hundred thousand objects that live as long as the process; the collector would walk through them
    again and again, for about a fifth of the time to the first answer.
    """
    gc.disable()
    from xl_addin.command_line import app as cli

    gc.freeze()
    gc.enable()
    cli.main()
