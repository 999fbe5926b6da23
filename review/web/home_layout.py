"""The frame of the home's own pages: plain HTML, without any script."""

import html

from starlette.responses import HTMLResponse, Response

from review.web.page_font import FONT_FACE, FONT_FAMILY

PAGE = """<!doctype html><html lang="en"><head>
<meta charset="utf-8"><title>{heading} · Funnel</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{font_face}
:root{{color-scheme:light dark;--page:light-dark(#f6f7f9,#16191d);--card:light-dark(#fff,#22262c);
--text:light-dark(#1c2430,#e8eaed);--muted:light-dark(#57606e,#b3bcc8);
--line:light-dark(#d8dce2,#444c59);--bar:light-dark(#23507c,#6ea3d8);--on-bar:light-dark(#fff,#10161d);
--bad:light-dark(#a11,#ff9d94)}}
body{{font:16px/1.5 {font_family};background:var(--page);color:var(--text);margin:0}}
header,main{{max-width:46rem;margin:0 auto;padding:1rem 1.2rem}}
header{{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline;color:var(--muted)}}
header span{{flex:1}}h1{{font-size:1.6rem;margin:.2rem 0 1rem}}
h2{{font-size:1.15rem;margin:2rem 0 .6rem}}
a{{color:var(--bar)}}ul{{list-style:none;padding:0;margin:0}}
li,fieldset,.empty{{background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:.8rem 1rem;margin:0 0 .7rem}}
li{{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center}}li div{{flex:1 1 16rem}}
li a.title,li b{{font-weight:600;overflow-wrap:anywhere}}
p.note,.choice small{{color:var(--muted);font-size:.92rem;margin:.1rem 0}}
label{{display:block;margin:1rem 0 .25rem}}legend{{font-weight:600;padding:0 .3rem}}
.choice{{display:flex;gap:.6rem;align-items:baseline;margin:.5rem 0}}.choice small{{display:block}}
input:not([type=radio]){{width:100%;box-sizing:border-box;font:inherit;padding:.5rem .6rem;
color:inherit;background:var(--card);border:1px solid var(--muted);border-radius:7px}}
fieldset{{margin-top:1.2rem}}
button,.button{{display:inline-block;text-decoration:none;font:inherit;font-weight:600;
padding:.5rem 1rem;border:1px solid var(--bar);border-radius:7px;background:var(--bar);
color:var(--on-bar);cursor:pointer}}
.quiet{{background:none;color:var(--bar);font-weight:400;padding:.3rem .7rem}}
.said{{color:var(--bad)}}form.inline{{margin:0}}
</style></head><body><header><span>Funnel</span>{who}<a href="/signout">Sign out</a></header>
<main><h1>{heading}</h1>{body}</main></body></html>"""


def build_home_page(heading: str, name: str, body: str, *, status: int = 200) -> Response:
    """A page of the home for who is signed in; the heading and the name are text, the body HTML."""
    who = (
        f'<b>{html.escape(name)}</b><a href="/reviews">Reviews</a>'
        '<a href="/reviews/account">Account</a>'
    )
    page_html = PAGE.format(
        heading=html.escape(heading),
        who=who,
        body=body,
        font_face=FONT_FACE,
        font_family=FONT_FAMILY,
    )
    return HTMLResponse(page_html, status, headers={"Cache-Control": "no-store"})
