"""What a column may be (its role), how programs call it, and which columns together say where somebody was.

A role is a name of ``ROLES``; ``-`` is a column that is not used. ``--columns`` is a list of roles, a header is turned into
one. ``x`` and ``y`` alone have no unit: with a width and a height they are a box's left and top, else they are refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from streams.recordings.cells import plain_name

UNUSED = "-"
MOMENTS = ("frame", "t_s", "t_ms")
PLACES = (
    ("left", "top", "width", "height"),
    ("left", "top", "right", "bottom"),
    ("cx", "cy", "width", "height"),
    ("x_px", "y_px"),
    ("x_m", "y_m"),
    ("x_cm", "y_cm"),
    ("x_mm", "y_mm"),
)
"""Any one of these groups says where somebody was; a group in pixels and one on the floor may stand together."""
FLOOR = {"x_m": 1.0, "x_cm": 0.01, "x_mm": 0.001}
"""Metres of one unit, by the first column of a group on the floor."""
OTHERS = ("id", "score", "class", "consider")
ROLES = (*MOMENTS, *OTHERS, *dict.fromkeys(role for group in PLACES for role in group))

ALIASES = {
    "frame": "frame frameid frameno framenum framenumber frameindex frameidx framenr fn fr framecount imageid imageindex",
    "t_s": "ts times timesec timeseconds timestamps timestampsec seconds secs sec",
    "t_ms": "tms timems timestampms atms milliseconds ms timemilliseconds",
    "id": "id track trackid tid objectid objid oid personid persid pid pedid pedestrianid agentid identity targetid "
          "ident trackingid trackerid instanceid",
    "left": "left l bbleft bboxleft boxleft x1 xmin minx xtl tlx bbx1 bboxx1 bbxmin bboxxmin bboxx bbx xleft",
    "top": "top bbtop bboxtop boxtop y1 ymin miny ytl tly bby1 bboxy1 bbymin bboxymin bboxy bby ytop",
    "width": "width w bbwidth bboxwidth boxwidth bboxw bbw",
    "height": "height h bbheight bboxheight boxheight bboxh bbh",
    "right": "right r x2 xmax maxx xbr brx bbx2 bboxx2 bbxmax bboxxmax bbright bboxright xright",
    "bottom": "bottom y2 ymax maxy ybr bry bby2 bboxy2 bbymax bboxymax bbbottom bboxbottom ybottom",
    "cx": "cx xc xcenter xcentre centerx centrex bboxcx",
    "cy": "cy yc ycenter ycentre centery centrey bboxcy",
    "x_px": "xpx xpixel xpixels pxx", "y_px": "ypx ypixel ypixels pxy",
    "x_m": "xm xmetres xmeters xworld worldx xfloor", "y_m": "ym ymetres ymeters yworld worldy yfloor",
    "x_cm": "xcm", "y_cm": "ycm", "x_mm": "xmm", "y_mm": "ymm",
    "score": "score conf confidence prob probability detscore detectionscore certainty",
    "class": "class cls classid classname label category categoryid categoryname objectclass objectcategory objecttype type",
    "consider": "consider considered notignored active",
}  # fmt: skip
ROLE_OF = {alias: role for role, names in ALIASES.items() for alias in names.split()}


def parse(text: str) -> tuple[str, ...]:
    """``--columns``: roles with commas between. Raises ValueError saying what is missing or unknown."""
    roles = tuple(role.strip().lower() or UNUSED for role in text.split(","))
    for role in roles:
        if role not in (*ROLES, UNUSED):
            raise ValueError(f"expected columns out of {', '.join(ROLES)} and - for one that is not used; got {role!r}")
    if missing := lacking(roles):
        raise ValueError(f"{missing}; got {text!r}")
    return roles


def lacking(roles: Sequence[str]) -> str:
    """What a list of roles lacks or has twice; nothing if it can be read."""
    twice = sorted({role for role in roles if role != UNUSED and roles.count(role) > 1})
    if twice:
        return f"expected each column once, {', '.join(twice)} is named more often"
    if not any(moment in roles for moment in MOMENTS):
        return "expected a column frame (or t_s, t_ms)"
    if "id" not in roles:
        return "expected a column id (detections without ids? run a tracker first)"
    if not any(set(group) <= set(roles) for group in PLACES):
        return "expected columns that say where: " + " or ".join(",".join(group) for group in PLACES)
    return ""


def of_header(names: Sequence[str]) -> tuple[str, ...]:
    """The roles of a header's names; ``-`` for a name that nobody knows and for a second column of the same role."""
    roles = [ROLE_OF.get(plain_name(name), UNUSED) for name in names]
    plain = [name.strip().lower() for name in names]
    if "width" in roles and "height" in roles and not {"left", "cx"} & set(roles):
        roles = [{"x": "left", "y": "top"}.get(name, role) for name, role in zip(plain, roles, strict=True)]
    return tuple(role if role not in roles[:at] else UNUSED for at, role in enumerate(roles))


def known(names: Sequence[str]) -> int:
    """How many of the names are known, plain x and y among them: whether a line is a header at all."""
    plain = {"x", "y", "z", "vx", "vy", "visibility"}
    return sum(plain_name(name) in ROLE_OF or name.strip().lower() in plain for name in names)


def suggestion(names: Sequence[str]) -> str:
    """``--columns`` for a header whose x and y have no unit, in metres: for whoever reads the error to correct."""
    roles = of_header(names)
    plain = {"x": "x_m", "y": "y_m"}
    return ",".join(
        plain.get(name.strip().lower(), role) if role == UNUSED else role
        for name, role in zip(names, roles, strict=True)
    )
