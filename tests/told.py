"""What an error says."""


def told(error: BaseException) -> str:
    """The message with what was attached to it; Python 3.10 has no notes, so there it stands in the message."""
    return "\n".join([str(error), *getattr(error, "__notes__", [])])
