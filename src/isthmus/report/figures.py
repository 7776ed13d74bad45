"""Figures: numbers as a reader likes them."""

from math import floor, isfinite, log10


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many digits that count.

    Examples
    --------
    >>> number(1234567.0), number(0.00012345), number(-3.0), number(float("nan"))
    ('1,234,567', '0.000123', '−3', 'unknown')
    """
    if not isfinite(value):
        return "unknown" if value != value else f"{value}".replace("-", "−")
    if value == 0:
        return "0"
    places = max(0, digits - 1 - floor(log10(abs(value))))
    text = f"{value:.{digits - 1}e}" if places > 8 or abs(value) >= 1e12 else f"{value:,.{places}f}"
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def percent(share: float) -> str:
    """Return a share in percent.

    Examples
    --------
    >>> percent(0.5), percent(0.0123), percent(1e-5)
    ('50 %', '1.2 %', '0 %')
    """
    return f"{100 * share:.{0 if share >= 0.095 or share < 0.0005 else 1}f} %"


def duration(seconds: float) -> str:
    """Return a time.

    Examples
    --------
    >>> duration(4.25), duration(75), duration(7300)
    ('4.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def plural(n: int, noun: str) -> str:
    """Return a count of things.

    Examples
    --------
    >>> plural(1, "row"), plural(1797, "row")
    ('1 row', '1,797 rows')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
