"""Films: the page of a Film."""

from typing import Any

import numpy as np

from isthmus.tasks.filming import Film
from isthmus.tasks.pages.colourings import colourings
from isthmus.tasks.pages.projector import frame_of
from isthmus.tasks.pages.template import html, packed


def film_page(film: Film, seconds: float, source: str) -> str:
    """Return the page as HTML: a film to play and to scroll through."""
    places, spread = film.places(), film.spread()
    middle, reach = frame_of(places, film)
    shown = np.clip((places - middle) / (2 * reach) + 0.5, 0, 1)
    prior = film.model.objective_.fits_prior and film.codes.shape[2] == 2
    data: dict[str, Any] = {
        "places": packed(np.rint(shown * 65535), "<u2"),
        "frames": len(film),
        "epochs": [round(each, 4) for each in film.epochs.tolist()],
        "norms": spread["norm"].round(4).tolist(),
        "deviations": spread["deviation"].round(4).tolist(),
        "seconds": seconds,
        "colourings": colourings(film.labels, len(film.rows)),
        "circles": [*(0.5 - middle / (2 * reach)).tolist(), 1 / (2 * reach)] if prior else None,
    }
    return html("film", source=source, facts=_facts(film), lead=_lead(film, prior), data=data)


def _facts(film: Film) -> list[tuple[str, str]]:
    first, last = film.spread().iloc[0], film.spread().iloc[-1]
    return [
        ("model", type(film.model).__name__),
        ("minimises", repr(film.model.objective_)),
        ("rows shown", f"{len(film.rows):,}"),
        ("epochs", f"{film.epochs[-1]:g}"),
        ("mean |z|, before and after", f"{first['norm']:.3g} → {last['norm']:.3g}"),
    ]


def _lead(film: Film, prior: bool) -> str:
    size = film.codes.shape[2]
    where = (
        "at its code"
        if size <= 2
        else f"at its code of {size:,} numbers, seen along the two in which the last frame's vary "
        "most"
    )
    rings = " The circles are one, two and three standard deviations of the prior." if prior else ""
    return (
        f"Each point is a row, {where}, from before training to its end; scale and middle stay the "
        f"same.{rings}"
    )
