"""model_calls.py: what the calls of *_calls.py have in common."""

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
LARGE = "iVBORw0K" * 5000  # more than is recorded of an image
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def drained(stream):
    for _ in stream:
        pass


def left(stream, after):
    """Reads so many events of it."""
    for _, _ in zip(range(after), stream):
        pass
    stream.close()
    return "left"
