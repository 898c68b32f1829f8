"use strict";

// The charts of the portfolio page. Each draws what an endpoint answers, and puts the same numbers into
// the table below it. Amounts are texts; they become floats for drawing only.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("db-portfolio");
  if (!root || !window.echarts) return;

  const MASK = "•••••";
  const KEPT = "daybook-hide-amounts";
  const LARGEST = 8; // slices of the donut, then "other"
  const MOVERS = 10;
  const SAYS = { carried: "a part is carried", backfilled: "from a source's history", manual: "edited by hand" };
  const currency = root.dataset.currency;
  const zone = root.dataset.zone;
  const isNarrow = () => root.clientWidth < 600;
  const isMasked = () => root.classList.contains("db-masked");
  const find = (selector) => root.querySelector(selector);

  const numbers = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
  });
  const hours = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  const dates = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short" });
  const amount = (value) => (isMasked() ? MASK : numbers.format(value));
  const onAxis = (value) => (isMasked() ? "" : short.format(Math.abs(value) < 0.005 ? 0 : value));
  const percent = (ratio) => (ratio === null ? "—" : `${(100 * ratio).toFixed(2)} %`);

  // What a variable of the style sheet is as rgb(): a canvas may know no oklch().
  const resolved = (name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    root.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    pen.fillStyle = value;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
    return `rgb(${red}, ${green}, ${blue})`;
  };
  const colours = () => ({
    line: resolved("--db-line"), text: resolved("--db-faint"), strong: resolved("--db-text"),
    main: resolved("--db-link"), good: resolved("--db-busy"), bad: resolved("--db-warn"),
    quiet: resolved("--db-quiet-soft"), raised: resolved("--db-raised"), sunk: resolved("--db-sunk"),
  });

  const charts = new Map();
  const drawn = new Map(); // what was fetched, to draw it again
  const chartOf = (name) => {
    if (!charts.has(name)) charts.set(name, echarts.init(find(`[data-chart="${name}"]`), null, { renderer: "canvas" }));
    return charts.get(name);
  };
  const put = (name, option) => {
    const paint = colours();
    chartOf(name).setOption({
      animation: false,
      textStyle: { color: paint.text, fontFamily: "inherit" },
      aria: { enabled: true },
      ...option,
      // Rich text is drawn: a box of HTML would bring styles of its own.
      tooltip: {
        renderMode: "richText", confine: true, backgroundColor: paint.raised, borderColor: paint.line,
        textStyle: { color: paint.strong }, ...option.tooltip,
      },
    }, { notMerge: true });
  };

  const fillTable = (name, heads, rows) => {
    const place = find(`[data-table="${name}"]`);
    const table = document.createElement("table");
    table.className = "db-table";
    const line = (parent, cells, tag) => {
      const row = parent.insertRow();
      cells.forEach((cell, at) => {
        const box = document.createElement(tag);
        if (tag === "td") box.dataset.label = heads[at].text;
        const content = document.createElement("span");
        content.textContent = cell ?? "—";
        if (tag === "td" && heads[at].isAmount && cell !== null) content.dataset.amount = "";
        box.append(content);
        row.append(box);
      });
    };
    line(table.createTHead(), heads.map((head) => head.text), "th");
    const body = table.createTBody();
    rows.forEach((cells) => line(body, cells, "td"));
    place.replaceChildren(table);
  };
  const head = (text) => ({ text, isAmount: false });
  const money = (text) => ({ text: `${text} (${currency})`, isAmount: true });
  const exact = (text) => (text === null ? null : numbers.format(Number(text)));

  // --- Equity, and the drawdown under it ---------------------------------------
  const gapsOf = (columns) => {
    const bands = [];
    columns.value.forEach((value, at) => {
      if (value !== null) return;
      const from = Math.max(0, at - 1);
      const to = Math.min(columns.at.length - 1, at + 1);
      const last = bands[bands.length - 1];
      if (last && last[1].xAxis >= Date.parse(columns.at[from])) last[1].xAxis = Date.parse(columns.at[to]);
      else bands.push([{ xAxis: Date.parse(columns.at[from]) }, { xAxis: Date.parse(columns.at[to]) }]);
    });
    return bands;
  };
  const drawCurve = ({ columns, drawdown }) => {
    const paint = colours();
    const at = columns.at.map((text) => Date.parse(text));
    const value = columns.value.map((text) => (text === null ? null : Number(text)));
    const status = columns.status;
    const isSolid = (n) => status[n] === "accepted" || status[n] === "manual";
    const solid = at.map((time, n) => [time, isSolid(n) ? value[n] : null]);
    // Each stretch to and from such a point is drawn so.
    const marked = (what) => at.map((time, n) => [time, [n - 1, n, n + 1].some((one) => status[one] === what) ? value[n] : null]);
    const isDaily = at.length < 2 || at[at.length - 1] - at[0] > 8 * 86400e3;
    const axis = (index, shown) => ({
      type: "time", gridIndex: index, splitNumber: isNarrow() ? 3 : 8, min: at[0], max: at[at.length - 1],
      axisLabel: { show: shown, color: paint.text, hideOverlap: true, formatter: (time) => (isDaily ? dates : hours).format(time) + (isDaily ? "" : `\n${dates.format(time)}`) },
      axisLine: { lineStyle: { color: paint.line } }, splitLine: { show: false }, axisTick: { show: false },
    });
    const line = {
      type: "line", showSymbol: at.length < 3, connectNulls: false, lineStyle: { width: 2, color: paint.main },
      itemStyle: { color: paint.main },
    };
    put("curve", {
      axisPointer: { link: [{ xAxisIndex: "all" }] },
      grid: [
        { left: isNarrow() ? 52 : 64, right: 16, top: 16, height: "58%" },
        { left: isNarrow() ? 52 : 64, right: 16, bottom: 34, height: "20%" },
      ],
      xAxis: [axis(0, false), axis(1, true)],
      yAxis: [
        { type: "value", scale: true, axisLabel: { color: paint.text, formatter: onAxis }, splitLine: { lineStyle: { color: paint.line } } },
        { type: "value", gridIndex: 1, max: 0, splitNumber: 2, axisLabel: { color: paint.text, formatter: (one) => `${+(100 * one).toFixed(1)} %` }, splitLine: { lineStyle: { color: paint.line } } },
      ],
      tooltip: {
        trigger: "axis",
        formatter: (found) => {
          const n = found[0].dataIndex;
          const when = clock.format(at[n]);
          if (value[n] === null) return `${when}\nMissing: ${columns.missing[n].join(", ")}`;
          const depth = drawdown.length ? `\n${percent(drawdown[n])} below the highest` : "";
          return `${when}\n${amount(value[n])} ${currency}${SAYS[status[n]] ? `\n${SAYS[status[n]]}` : ""}${depth}`;
        },
      },
      series: [
        { ...line, name: "Value", data: solid, markArea: { silent: true, itemStyle: { color: paint.quiet, opacity: 0.5 }, data: gapsOf(columns) } },
        { ...line, name: "Carried", data: marked("carried"), showSymbol: false, lineStyle: { ...line.lineStyle, type: "dashed" } },
        { ...line, name: "Backfilled", data: marked("backfilled"), showSymbol: false, lineStyle: { ...line.lineStyle, type: "dotted" } },
        { ...line, name: "Drawdown", xAxisIndex: 1, yAxisIndex: 1, data: drawdown.map((depth, n) => [at[n], depth]), showSymbol: false, lineStyle: { width: 1, color: paint.bad }, itemStyle: { color: paint.bad }, areaStyle: { color: paint.bad, opacity: 0.25 } },
      ],
      graphic: drawdown.length ? [] : [{ type: "text", left: "center", bottom: 60, style: { text: "No drawdown: flows are not known.", fill: paint.text } }],
    });
    const rows = columns.at.map((_, n) => [
      clock.format(at[n]), exact(columns.value[n]), drawdown.length ? percent(drawdown[n]) : null,
      columns.value[n] === null ? `gap: ${columns.missing[n].join(", ")}` : status[n] === "manual" ? "edited by hand" : status[n],
    ]);
    fillTable("curve", [head("At"), money("Value"), head("Drawdown"), head("State")], rows.reverse());
  };

  // --- Allocation ----------------------------------------------------------------
  const drawAllocation = ({ columns }) => {
    const paint = colours();
    const parts = new Map();
    columns.ticker.forEach((ticker, n) => {
      const known = parts.get(ticker) ?? { name: ticker, value: 0, isCarried: false };
      known.value += Number(columns.value[n]);
      known.isCarried ||= columns.is_carried[n];
      parts.set(ticker, known);
    });
    const all = [...parts.values()].filter((one) => one.value > 0).sort((one, other) => other.value - one.value);
    const whole = all.reduce((sum, one) => sum + one.value, 0);
    const shown = all.slice(0, LARGEST);
    const rest = all.slice(LARGEST);
    if (rest.length) shown.push({ name: `${rest.length} others`, value: rest.reduce((sum, one) => sum + one.value, 0), isCarried: rest.some((one) => one.isCarried) });
    // What is carried is hatched, not coloured only.
    const item = (one) => ({
      name: one.name, value: one.value,
      itemStyle: one.isCarried ? { decal: { symbol: "line", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: Math.PI / 4 } } : {},
    });
    const says = ({ name, value }) => `${name}\n${amount(value)} ${currency}\n${percent(whole ? value / whole : null)}`;
    put("donut", {
      tooltip: { formatter: says },
      series: [{
        type: "pie", radius: isNarrow() ? ["34%", "54%"] : ["44%", "68%"], minShowLabelAngle: isNarrow() ? 20 : 9, data: shown.map(item), itemStyle: { borderColor: paint.raised, borderWidth: 2 },
        label: { color: paint.strong, lineHeight: 14, formatter: ({ name, percent: share }) => `${name}${isNarrow() ? "\n" : " "}${share.toFixed(1)} %` },
        labelLine: { length: 8, length2: 6 },
      }],
    });
    put("allocation", {
      tooltip: { formatter: says },
      series: [{
        type: "treemap", data: all.map(item), roam: false, nodeClick: false, breadcrumb: { show: false },
        left: 0, right: 0, top: 0, bottom: 0, itemStyle: { borderColor: paint.raised, gapWidth: 2 },
        label: { lineHeight: 16, color: "#fff", textBorderColor: "rgba(0, 0, 0, 0.5)", textBorderWidth: 2, formatter: ({ name, value }) => `${name}\n${percent(whole ? value / whole : null)}` },
      }],
    });
    const rows = columns.ticker.map((ticker, n) => [
      ticker, columns.account[n], columns.location[n] || null, columns.kind[n], exact(columns.value[n]),
      columns.is_carried[n] ? "carried" : "",
    ]);
    fillTable("allocation", [head("Ticker"), head("Account"), head("Place"), head("Kind"), money("Value"), head("State")], rows);
  };

  // --- Calendar --------------------------------------------------------------------
  const drawDays = ({ columns, label }) => {
    const paint = colours();
    const days = columns.day.map((day, n) => [day, Number(columns.amount[n]), columns.ratio[n], columns.days[n]]);
    const last = columns.day[columns.day.length - 1] ?? new Date().toISOString().slice(0, 10);
    const first = new Date(`${last}T00:00:00Z`);
    first.setUTCDate(first.getUTCDate() - (isNarrow() ? 120 : 364));
    const from = first.toISOString().slice(0, 10);
    const recent = days.filter(([day]) => day >= from);
    const most = Math.max(1e-9, ...recent.map(([, value]) => Math.abs(value)));
    put("days", {
      tooltip: {
        formatter: ({ value: [day, gained, ratio, length] }) =>
          `${day}\n${amount(gained)} ${currency}${ratio === null ? "" : ` (${percent(ratio)})`}${length > 1 ? `\nof ${length} days: ends between are missing` : ""}`,
      },
      visualMap: {
        dimension: 1, min: -most, max: most, calculable: false, orient: "horizontal", left: "center", bottom: 0, itemHeight: 90, itemWidth: 12,
        text: isMasked() ? ["gain", "loss"] : [short.format(most), short.format(-most)], textStyle: { color: paint.text },
        inRange: { color: [paint.bad, paint.sunk, paint.good] },
      },
      calendar: {
        range: [from, last], left: 36, right: 12, top: 24, bottom: 44,
        itemStyle: { color: paint.quiet, borderColor: paint.raised, borderWidth: 2 }, splitLine: { show: false },
        dayLabel: { firstDay: 1, color: paint.text }, monthLabel: { color: paint.text }, yearLabel: { show: false },
      },
      series: [{ type: "heatmap", coordinateSystem: "calendar", data: recent }],
    });
    const rows = days.map(([day, , ratio, length], n) => [day, exact(columns.amount[n]), percent(ratio), String(length)]);
    fillTable("days", [head("Day"), money(label), head("Percent"), head("Days")], rows.reverse());
  };

  // --- Explain this change -----------------------------------------------------------
  const PARTS = { price: "Price", fx: "FX", cross: "Price × FX", flow: "Flows", unexplained: "Unexplained" };
  const bars = (name, rows) => {
    const paint = colours();
    put(name, {
      grid: { left: 8, right: 60, top: 4, bottom: 24, containLabel: true },
      tooltip: { formatter: ({ name: of, value }) => `${of}\n${amount(value)} ${currency}` },
      xAxis: { type: "value", axisLabel: { color: paint.text, formatter: onAxis, hideOverlap: true }, splitLine: { lineStyle: { color: paint.line } } },
      yAxis: { type: "category", inverse: true, data: rows.map(([of]) => of), axisLabel: { color: paint.strong }, axisTick: { show: false }, axisLine: { lineStyle: { color: paint.line } } },
      series: [{
        type: "bar", barMaxWidth: 22,
        data: rows.map(([, value]) => ({ value, itemStyle: { color: value < 0 ? paint.bad : paint.good } })),
        label: { show: true, position: "right", color: paint.strong, formatter: ({ value }) => onAxis(value) },
      }],
    });
  };
  const drawExplained = ({ split, columns, reason, pnl }) => {
    const since = pnl?.baseline ? `${pnl.label} ${amount(pnl.amount)} ${currency} since ${clock.format(Date.parse(pnl.baseline.at))}` : "";
    find("#db-explained").textContent = reason || since;
    const parts = split ? Object.entries(PARTS).map(([key, name]) => [name, Number(split[key])]) : [];
    bars("split", parts);
    bars("explain", columns.ticker.slice(0, MOVERS).map((ticker, n) => [ticker, Number(columns.amount[n])]));
    fillTable("split", [head("Part"), money("Amount")], [...parts.map(([name, value]) => [name, numbers.format(value)]), ...(split ? [["Change of value", exact(split.total)]] : [])]);
    const names = ["amount", "price", "fx", "cross", "quantity", "before", "after"];
    const titles = ["Moved", "Price", "FX", "Price × FX", "Units bought or sold", "Before", "After"];
    fillTable("explain", [head("Ticker"), ...titles.map(money)], columns.ticker.map((ticker, n) => [ticker, ...names.map((name) => exact(columns[name][n]))]));
  };

  // --- Fetching ------------------------------------------------------------------------
  const draw = { curve: drawCurve, allocation: drawAllocation, days: drawDays, explain: drawExplained };
  const load = async (name, query = "") => {
    const address = find(`[data-chart="${name}"]`).dataset.url + query;
    find(`[data-csv="${name}"]`).href = `${address}&format=csv`;
    try {
      const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`${answer.status}`);
      drawn.set(name, await answer.json());
      draw[name](drawn.get(name));
    } catch (trouble) {
      find(`[data-table="${name}"]`).textContent = `This could not be loaded (${trouble.message}). Load the page again.`;
      find(`[data-table="${name}"]`).closest("details").open = true;
    }
  };
  const drawAgain = () => drawn.forEach((body, name) => draw[name](body));

  const choose = (group, chart) => {
    const links = [...find(`[data-switch="${group}"]`).children];
    links.forEach((link) => link.addEventListener("click", (event) => {
      event.preventDefault();
      links.forEach((one) => one.removeAttribute("aria-current"));
      link.setAttribute("aria-current", "true");
      load(chart, `&${group}=${link.dataset.value}`);
    }));
  };
  const mask = (isOn) => {
    root.classList.toggle("db-masked", isOn);
    const button = find("#db-hide");
    button.setAttribute("aria-pressed", String(isOn));
    button.lastChild.textContent = isOn ? "Show amounts" : "Hide amounts";
    button.firstElementChild.textContent = isOn ? "visibility" : "visibility_off";
  };
  mask(localStorage.getItem(KEPT) === "1");
  find("#db-hide").addEventListener("click", () => {
    mask(!isMasked());
    localStorage.setItem(KEPT, isMasked() ? "1" : "0");
    drawAgain();
  });
  if (!find('[data-chart="curve"]')) return;

  choose("range", "curve");
  choose("period", "explain");
  load("curve", "&range=1M");
  load("explain", "&period=today");
  load("allocation");
  load("days");
  new MutationObserver(drawAgain).observe(document.documentElement, { attributeFilter: ["class"] });
  new ResizeObserver(() => charts.forEach((chart) => chart.resize())).observe(root);
});
