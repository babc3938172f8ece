"""`python -m ccmeval` is the same as `ccmeval`."""

from ccmeval.cli.main import main

if __name__ == "__main__":
    main()
