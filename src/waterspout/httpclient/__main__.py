"""``python -m waterspout.httpclient URL``."""

from waterspout.httpclient.command import main

if __name__ == "__main__":
    main()
