/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report's style sheet: narrow screens, wide ones, light, dark, paper.
 * Wide tables scroll in their own box; nothing makes the page itself scroll sideways.
 */
#include "html.h"

static const char style[] =
	"<style>\n"
	":root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--soft:#57606a;--line:#d8dee4;--card:#f6f8fa;--link:#0b57c0;"
	"--good:#136c37;--goodbg:#dff4e6;--bad:#a31224;--badbg:#fde4e7;--mid:#7a4d00;--midbg:#fdf0d0;--none:#57606a;--nonebg:#eceff2}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#12161b;--fg:#e4e8ed;--soft:#9aa5b1;--line:#313a44;--card:#1a2027;--link:#7db4ff;"
	"--good:#7fdc9f;--goodbg:#12351f;--bad:#ff9aa5;--badbg:#45151c;--mid:#f0c674;--midbg:#3d2e0a;--none:#a9b3be;--nonebg:#252c35}}\n"
	"*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}\n"
	"body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
	"main,header,footer{max-width:80rem;margin:0 auto;padding:0 1.25rem}\n"
	"header{padding-top:2rem}h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem}h2{font-size:1.4rem;margin:3rem 0 .6rem;padding-top:.8rem;border-top:1px solid var(--line)}\n"
	"h3{font-size:1.15rem;margin:2.2rem 0 .3rem}h4{margin:1.2rem 0 .3rem;font-size:1rem}p{margin:.5rem 0;max-width:46rem}a{color:var(--link)}\n"
	".soft,figcaption,.note{color:var(--soft)}small,figcaption,.note{font-size:.86rem}.note{margin:-.4rem .3rem 1.2rem;max-width:none}\n"
	"nav{margin:1rem 0;line-height:2}nav a{white-space:nowrap;margin-right:1rem}\n"
	".scroll{overflow-x:auto;margin:.8rem 0;border:1px solid var(--line);border-radius:8px}\n"
	"table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
	"th,td{padding:.38rem .7rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}\n"
	"thead th{background:var(--card);white-space:nowrap;vertical-align:bottom}tbody th{font-weight:600}th.wide,td.wide{min-width:11rem}\n"
	"tbody tr:last-child>*{border-bottom:0}.n{text-align:right;white-space:nowrap}.best{font-weight:700}.nowrap{white-space:nowrap}\n"
	"#machine th{white-space:nowrap}#machine td{overflow-wrap:anywhere}th small,td small{font-size:.93em}tr.group>*{border-top:2px solid var(--line)}\n"
	".scroll th[scope=row]:first-child,.scroll thead th:first-child{position:sticky;left:0;background:var(--bg);z-index:1}\n"
	".scroll thead th:first-child{background:var(--card)}details{margin:.6rem 0}.central .card{border-left:4px solid var(--link)}\n"
	".figs{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1rem;margin:.8rem 0;align-items:start}\n"
	"figure{margin:0;padding:.6rem .6rem .7rem;border:1px solid var(--line);border-radius:8px;break-inside:avoid}\n"
	"figure svg{display:block;width:100%;height:auto;max-width:32rem;margin:0 auto}figcaption{padding:.3rem .3rem 0}\n"
	".key{display:flex;flex-wrap:wrap;gap:.15rem .9rem;margin:.35rem 0 0;padding:0;list-style:none;font-size:.84rem}\n"
	".key i{display:inline-block;width:.75em;height:.75em;border-radius:2px;margin-right:.35em}\n"
	".tag{display:inline-block;padding:.05rem .55rem;border-radius:1rem;font-size:.84rem;font-weight:600;white-space:nowrap}\n"
	".good{color:var(--good);background:var(--goodbg)}.bad{color:var(--bad);background:var(--badbg)}\n"
	".mid{color:var(--mid);background:var(--midbg)}.none{color:var(--none);background:var(--nonebg)}\n"
	".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,12.5rem),1fr));gap:.8rem;margin:1rem 0}\n"
	".card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.7rem .9rem}.card b{display:block;font-size:1.45rem;line-height:1.3}\n"
	".claims{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:.8rem;margin:.8rem 0}\n"
	".claim{border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;break-inside:avoid}.claim p{margin:.3rem 0;max-width:none}\n"
	".claim .head{display:flex;gap:.6rem;align-items:baseline;flex-wrap:wrap}\n"
	".warn{border-left:4px solid var(--bad);background:var(--badbg);padding:.6rem 1rem;border-radius:0 8px 8px 0;margin:1rem 0}\n"
	"code,pre{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:.88em}pre{overflow-x:auto;background:var(--card);padding:.7rem;border-radius:8px}\n"
	"summary{cursor:pointer}footer{padding-top:2rem;padding-bottom:3rem}\n"
	"@media(max-width:40rem){body{font-size:15px}main,header,footer{padding-left:.8rem;padding-right:.8rem}th,td{padding:.34rem .5rem}h1{font-size:1.55rem}}\n"
	"@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--soft:#333;--line:#bbb;--card:#f4f4f4;--link:#000;"
	"--good:#136c37;--goodbg:#fff;--bad:#a31224;--badbg:#fff;--mid:#7a4d00;--midbg:#fff;--none:#333;--nonebg:#fff}"
	"details.paper::details-content{content-visibility:visible;display:block}details.paper summary,details:not(.paper):not([open]){display:none}.scroll *{position:static!important}"
	"html{font-size:75%}.figs,.claims{grid-template-columns:1fr 1fr}body{font-size:9.5pt}nav{display:none}main,header,footer{max-width:none;padding:0}.scroll{overflow:visible}"
	"figure svg{max-height:20cm;max-width:none}h2,h3,h4,h2+p,h3+p{break-after:avoid}p{max-width:none}tr,.card{break-inside:avoid}.tag{border:1px solid}thead{display:table-header-group}table{font-size:8pt}th,td{padding:.2rem .35rem}}\n"
	"</style>\n";

void html_style(FILE *f)
{
	fputs(style, f);
}
