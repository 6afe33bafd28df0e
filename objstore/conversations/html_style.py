"""The style of exported pages: readable on a phone and on paper, light or dark as the reader's system is."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2127; --dim: #636b76; --page: #f6f7f9; --card: #fff; --line: #e1e5ea;
  --user: #0b6e4f; --assistant: #2457c5; --tool: #8a5a00; --add: #e3f5e8; --del: #fdeaea; --code: #f0f2f5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e6ea; --dim: #98a1ad; --page: #14171b; --card: #1c2026;
  --line: #2e343c; --user: #5fd3a6; --assistant: #86aeff; --tool: #e5b567; --add: #16301f; --del: #3a1c1f;
  --code: #12151a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.5; overflow-wrap: anywhere;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; font-size: 16px; }
header, main, footer { max-width: 52rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
.meta, footer { color: var(--dim); font-size: .875rem; }
.tag { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem; margin-right: .25rem; }
article { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--dim);
  border-radius: .5rem; margin: 1rem 0; padding: .75rem 1rem; }
article.user { border-left-color: var(--user); } article.user h2 { color: var(--user); }
article.assistant { border-left-color: var(--assistant); } article.assistant h2 { color: var(--assistant); }
article.tool { border-left-color: var(--tool); } article.tool h2 { color: var(--tool); }
h2 { font-size: .95rem; margin: 0 0 .4rem; display: flex; gap: .6rem; align-items: baseline; flex-wrap: wrap; }
h2 a { color: var(--dim); text-decoration: none; font-weight: 400; }
h2 time { color: var(--dim); font-weight: 400; font-size: .8rem; margin-left: auto; }
.text { white-space: pre-wrap; } .text + * , pre + *, details + * { margin-top: .5rem; }
code { background: var(--code); border-radius: .25rem; padding: .1em .3em;
  font: .875em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
article .meta { margin: .5rem 0 0; }
.thought { color: var(--dim); font-style: italic; }
pre { background: var(--code); border-radius: .375rem; margin: .25rem 0 0; padding: .6rem .75rem; overflow-x: auto;
  white-space: pre-wrap; font: .8125rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; tab-size: 4; }
.label { font: 600 .8125rem ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
summary { cursor: pointer; color: var(--dim); font-size: .875rem; } summary .label { color: var(--ink); }
.diff span { display: block; } .diff .add { background: var(--add); } .diff .del { background: var(--del); }
.diff .at { color: var(--dim); }
footer { padding: 1rem 1rem 3rem; }
@media (max-width: 30rem) { article { margin: .6rem -.5rem; padding: .6rem .7rem; } h2 time { margin-left: 0; } }
@media print { body { background: none; } article { break-inside: avoid; } }
"""
