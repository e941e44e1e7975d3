"""`python -m vouch.app` is `vouch`, for launchers that start a module in several processes."""

from vouch.app.cli import main

if __name__ == "__main__":
    main()
