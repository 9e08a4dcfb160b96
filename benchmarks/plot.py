"""Curves on two logarithmic axes, as an SVG that reads on light and dark pages. Knows no measurement."""

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 760, 420, 70, 50, 20
_RIGHT = 20
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e")
_STYLE = "text{font:12px sans-serif;fill:#777}path{fill:none;stroke-width:2}line{stroke:#8884}"


class Curve(NamedTuple):
    """A name and points, all above 0."""

    name: str
    points: Sequence[tuple[float, float]]


def plotted(curves: Sequence[Curve], *, x: str, y: str) -> str:
    """The curves as an SVG, with a line for each power of ten."""
    xs, ys = ([point[axis] for curve in curves for point in curve.points] for axis in (0, 1))
    right, upper = _scale(xs, _LEFT, _WIDTH - _RIGHT), _scale(ys, _HEIGHT - _BOTTOM, _TOP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"><style>{_STYLE}</style>']
    for power in _powers(xs):
        at = right(power)
        parts.append(f'<line x1="{at:.0f}" x2="{at:.0f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
        parts.append(f'<text x="{at:.0f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{power:,.10g}</text>')
    for power in _powers(ys):
        at = upper(power)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.0f}" y2="{at:.0f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{at + 4:.0f}" text-anchor="end">{power:,.10g}</text>')
    for place, (curve, colour) in enumerate(zip(curves, _COLOURS, strict=False)):
        path = " L".join(f"{right(a):.1f} {upper(b):.1f}" for a, b in curve.points)
        parts.append(f'<path d="M{path}" stroke="{colour}"/>')
        parts.append(f'<text x="{_LEFT + 12}" y="{_TOP + 18 + 17 * place}" style="fill:{colour}">{escape(curve.name)}</text>')
    parts.append(f'<text x="{_WIDTH / 2:.0f}" y="{_HEIGHT - 12}" text-anchor="middle">{escape(x)}</text>')
    parts.append(f'<text transform="translate(14 {_HEIGHT / 2:.0f}) rotate(-90)" text-anchor="middle">{escape(y)}</text></svg>')
    return "\n".join(parts) + "\n"


def _powers(values: Sequence[float]) -> list[float]:
    return [10.0**power for power in range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)]


def _scale(values: Sequence[float], start: float, end: float) -> Callable[[float], float]:
    powers = _powers(values)
    low, high = math.log10(powers[0]), math.log10(powers[-1])
    return lambda value: start + (math.log10(value) - low) / (high - low) * (end - start)
