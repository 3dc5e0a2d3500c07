"""The command `longagent`, also as `python -m longagent`."""

import os
import sys


def main() -> None:
    """Run the command line; an interrupt while its libraries load is as quiet as one later."""
    try:
        from longagent.cli.main import app

        app()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.stderr.flush()
        os._exit(130)


if __name__ == "__main__":
    main()
