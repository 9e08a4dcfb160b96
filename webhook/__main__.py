"""`python -m webhook` is `bindguard`."""

from webhook.cli import main

if __name__ == "__main__":
    main()
