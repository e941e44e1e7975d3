"""Why an example that was tried could not be made."""


class Unfit(Exception):
    """Serving would not come to this example: it reads the question otherwise, or would not vouch for the answer.

    The reason is one of few, so that they can be counted.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
