"""`python -m longagent` is the command `longagent`."""

from longagent.cli.main import main

main()
