/** Of the report, for light and dark. */
export const style = `
:root{color-scheme:light dark;--back:light-dark(#f5f6f8,#14171c);--card:light-dark(#fff,#1d2128);--text:light-dark(#1b1f26,#e7eaf0);--soft:light-dark(#5a6372,#9aa4b5);--line:light-dark(#dde1e8,#313845);--right:light-dark(#1c7a4a,#4fc98a);--wrong:light-dark(#b3261e,#ff8a80);--llm:light-dark(#2456c4,#7aa5ff);--local:light-dark(#9a5b00,#f0b050)}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:78rem;background:var(--back);color:var(--text);font:15px/1.45 system-ui,sans-serif}
h1{margin:0;font-size:1.3rem}h2{margin:0 0 .6rem;font-size:1.05rem;overflow-wrap:anywhere}
section{margin:1rem 0;padding:1rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
p{margin:.5rem 0}.caution{padding-left:.6rem;border-left:3px solid var(--local)}
.wide{overflow-x:auto;margin:.8rem 0}
.wide td,.wide th{white-space:nowrap}.wide .photos td{white-space:normal}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem .25rem 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
thead th,caption,figcaption,li{color:var(--soft)}thead th{font-weight:500}tbody th{font-weight:600}caption{text-align:left}
.confusion td{padding:.25rem .6rem;text-align:center;border:1px solid var(--line)}
.confusion thead th{vertical-align:bottom;border:0;padding:.25rem .4rem}.confusion thead span{writing-mode:vertical-rl;transform:rotate(180deg)}
.confusion tbody th{padding-right:.8rem}.none{color:var(--soft)}
.confusion .right{background:color-mix(in srgb,var(--right) calc(var(--share)*.45),transparent)}
.confusion .wrong{background:color-mix(in srgb,var(--wrong) calc(15% + var(--share)*.6),transparent)}
.photos td{overflow-wrap:anywhere;min-width:7rem}.photos .right{color:var(--right)}.photos .wrong{color:var(--wrong)}
.columns{display:flex;flex-wrap:wrap;gap:1rem 2rem;align-items:flex-start}
figure{margin:0;flex:1 1 24rem;max-width:44rem}svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font-size:11px}svg .grid{stroke:var(--line)}
.band{fill:var(--llm);opacity:.15}.line{fill:none;stroke:var(--llm);stroke-width:2}.target{fill:none;stroke:var(--soft);stroke-dasharray:4 4}
.whisker{stroke:var(--llm);stroke-width:1.5}.bin{fill:var(--llm)}svg .configured{fill:var(--local)}svg .proposed{fill:var(--right)}
figcaption i{display:inline-block;width:.65rem;height:.65rem;border-radius:50%;margin-left:.6rem}i.configured{background:var(--local)}i.proposed{background:var(--right)}
i.dash{width:1.2rem;height:0;border-radius:0;border-top:2px dashed var(--soft);vertical-align:middle}
pre{padding:.6rem;background:var(--back);border-radius:.3rem;white-space:pre-wrap;overflow-wrap:anywhere}
.thumbnail{display:inline-block;width:6rem;height:6rem;margin:.1rem;vertical-align:middle;background:center/contain no-repeat}
`;
