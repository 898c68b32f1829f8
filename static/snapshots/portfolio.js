"use strict";

// The charts of the portfolio page. Each draws what an endpoint answers, and puts the same numbers into
// the table below it. Amounts are texts; they become floats for drawing only.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("db-portfolio");
  if (!root || !window.echarts) return;

  const HOUR = 3600e3;
  const DAY = 24 * HOUR;
  // White is read on each of them, and labels tell what is what.
  const PALETTE = ["#1d4ed8", "#0f766e", "#b45309", "#6d28d9", "#475569", "#be185d", "#0369a1", "#4d7c0f", "#9f1239", "#57534e"];
  const LARGEST = 8; // slices of the donut, then "other"
  const MOVERS = 10;
  const SAYS = { carried: "a part is carried", backfilled: "from a source's history", manual: "edited by hand" };
  const currency = root.dataset.currency;
  const { isMasked, clock, hours, dates, short, figure, amount, onAxis, percent, signed, colours } = figuresOf(root);
  const isNarrow = () => root.clientWidth < 600;
  const find = (selector) => root.querySelector(selector);

  const charts = new Map();
  const drawn = new Map(); // what was fetched, to draw it again
  let grouping = "ticker"; // the column that the allocation is added up by
  const chartOf = (name) => {
    if (!charts.has(name)) charts.set(name, echarts.init(find(`[data-chart="${name}"]`), null, { renderer: "canvas" }));
    return charts.get(name);
  };
  const put = (name, option) => {
    const paint = colours();
    chartOf(name).clear(); // or a treemap flies from one to the next, animated or not
    chartOf(name).setOption({
      animation: false,
      color: PALETTE,
      textStyle: { color: paint.text, fontFamily: getComputedStyle(root).fontFamily },
      // For its patterns only: its label would read out amounts that are hidden, and the page has one.
      aria: { enabled: true, label: { enabled: false } },
      ...option,
      // Rich text is drawn: a box of HTML would bring styles of its own.
      tooltip: {
        renderMode: "richText", confine: true, backgroundColor: paint.raised, borderColor: paint.line,
        textStyle: { color: paint.strong }, ...option.tooltip,
      },
    });
  };
  // In place of a chart: why there is none.
  const say = (name, text) => put(name, {
    title: { text, left: "center", top: "middle", textStyle: { color: colours().text, fontSize: 13, fontWeight: 400, width: chartOf(name).getWidth() - 32, overflow: "break" } },
  });

  const fillTable = (name, heads, rows) => {
    const place = find(`[data-table="${name}"]`);
    const table = document.createElement("table");
    table.className = "db-table";
    const line = (parent, cells, tag) => {
      const row = parent.insertRow();
      cells.forEach((cell, at) => {
        const box = document.createElement(tag);
        if (tag === "td") box.dataset.label = heads[at].text;
        if (heads[at].isNumber) box.className = "db-number";
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
  const head = (text) => ({ text });
  const number = (text) => ({ text, isNumber: true });
  const money = (text) => ({ text: `${text} (${currency})`, isNumber: true, isAmount: true });
  const exact = (text) => (text === null ? null : figure(text));

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
  // Points as ECharts wants them, with their place among the columns. Where nothing is due, at night, the
  // line ends; a point without neighbours is a dot.
  const pointsOf = (at, value, longest) => {
    const found = [];
    at.forEach((time, n) => {
      if (n && time - at[n - 1] > longest) found.push({ value: [at[n - 1] + 1, null, n - 1] });
      found.push({ value: [time, value[n], n] });
    });
    return found.map((one, n) => {
      const isAlone = one.value[1] !== null && (found[n - 1]?.value[1] ?? null) === null && (found[n + 1]?.value[1] ?? null) === null;
      return isAlone ? { ...one, symbol: "circle", symbolSize: 5 } : one;
    });
  };
  const drawCurve = ({ columns, drawdown }) => {
    if (!columns.value.some((one) => one !== null)) say("curve", "Nothing that counts is in this range.");
    else drawLines(columns, drawdown);
    const rows = columns.at.map((at, n) => [
      clock.format(Date.parse(at)), exact(columns.value[n]), drawdown.length ? percent(drawdown[n]) : null,
      columns.value[n] === null ? `gap: ${columns.missing[n].join(", ")}` : columns.status[n] === "manual" ? "edited by hand" : columns.status[n],
    ]);
    fillTable("curve", [head("At"), money("Value"), number("Drawdown"), head("State")], rows.reverse());
  };
  const drawLines = (columns, drawdown) => {
    const paint = colours();
    const at = columns.at.map((text) => Date.parse(text));
    const value = columns.value.map((text) => (text === null ? null : Number(text)));
    const [first, last] = [at[0], at[at.length - 1]];
    const isDay = last - first < 2 * DAY;
    const isWeek = last - first < 9 * DAY; // quarters of an hour
    const longest = isWeek ? HOUR : 40 * DAY;
    const status = columns.status;
    const solid = value.map((one, n) => (["accepted", "manual"].includes(status[n]) ? one : null));
    // Each stretch to and from such a point is drawn so.
    const marked = (what) => value.map((one, n) => ([n - 1, n, n + 1].some((near) => status[near] === what) ? one : null));
    const axis = (index, shown) => ({
      type: "time", gridIndex: index, splitNumber: isNarrow() ? 3 : 8, minInterval: isDay ? HOUR : DAY,
      min: first === last ? first - HOUR : first, max: first === last ? last + HOUR : last,
      axisLabel: { show: shown, color: paint.text, hideOverlap: true, formatter: (time) => (isDay ? hours : dates).format(time) },
      axisLine: { lineStyle: { color: paint.line } }, splitLine: { show: false }, axisTick: { show: false },
    });
    const line = { type: "line", symbol: "none", connectNulls: false, lineStyle: { width: 2, color: paint.main }, itemStyle: { color: paint.main } };
    const bands = { silent: true, itemStyle: { color: paint.quiet }, data: gapsOf(columns) };
    const start = { silent: true, symbol: "none", lineStyle: { color: paint.text, type: "dotted" }, label: { color: paint.text, position: "insideStartTop", formatter: clock.format(first) }, data: [{ yAxis: value[0] }] };
    put("curve", {
      axisPointer: { link: [{ xAxisIndex: "all" }] },
      grid: [
        { left: isNarrow() ? 52 : 64, right: 16, top: 16, height: "58%" },
        { left: isNarrow() ? 52 : 64, right: 16, bottom: 34, height: "20%" },
      ],
      xAxis: [axis(0, false), axis(1, true)],
      yAxis: [
        { type: "value", scale: true, axisLabel: { color: paint.text, formatter: onAxis }, splitLine: { lineStyle: { color: paint.line } } },
        { type: "value", gridIndex: 1, max: 0, splitNumber: 2, axisLabel: { color: paint.text, formatter: (one) => `${+(100 * one).toFixed(2)} %` }, splitLine: { lineStyle: { color: paint.line } } },
      ],
      tooltip: {
        trigger: "axis",
        formatter: (found) => {
          const n = found[0].value[2];
          const when = clock.format(at[n]);
          if (value[n] === null) return `${when}\nMissing: ${columns.missing[n].join(", ")}`;
          const depth = drawdown.length ? `\n${percent(drawdown[n])} from the highest` : "";
          return `${when}\n${amount(value[n])} ${currency}${SAYS[status[n]] ? `\n${SAYS[status[n]]}` : ""}${depth}`;
        },
      },
      series: [
        { ...line, name: "Value", data: pointsOf(at, solid, longest), markArea: bands, markLine: isDay && last > first && value[0] !== null ? start : undefined },
        { ...line, name: "Carried", data: pointsOf(at, marked("carried"), longest), lineStyle: { ...line.lineStyle, type: "dashed" } },
        { ...line, name: "Backfilled", data: pointsOf(at, marked("backfilled"), longest), lineStyle: { ...line.lineStyle, type: "dotted" } },
        { ...line, name: "Drawdown", xAxisIndex: 1, yAxisIndex: 1, data: drawdown.length ? pointsOf(at, drawdown, longest) : [], lineStyle: { width: 1, color: paint.bad }, itemStyle: { color: paint.bad }, areaStyle: { color: paint.bad, opacity: 0.25 } },
      ],
      graphic: drawdown.length ? [] : [{ type: "text", left: "center", bottom: 60, style: { text: value.length > 1 ? "No drawdown: flows are not known, or nothing was there that could earn." : "", fill: paint.text, lineHeight: 16, width: chartOf("curve").getWidth() - 80, overflow: "break" } }],
    });
  };

  // --- Allocation ----------------------------------------------------------------
  const drawAllocation = ({ columns }) => {
    const parts = new Map();
    columns[grouping].forEach((given, n) => {
      const name = given || "not told";
      const known = parts.get(name) ?? { name, value: 0, isCarried: false };
      known.value += Number(columns.value[n]);
      known.isCarried ||= columns.is_carried[n];
      parts.set(name, known);
    });
    const owed = [...parts.values()].filter((one) => one.value < 0).map((one) => one.name);
    const all = [...parts.values()].filter((one) => one.value > 0).sort((one, other) => other.value - one.value);
    find("#db-owed").textContent = owed.length ? `Less than nothing, so in the table only: ${owed.join(", ")}.` : "";
    if (all.length) drawShares(all);
    else ["donut", "allocation"].forEach((name) => say(name, columns.value.length ? "Nothing here is worth more than nothing." : "No positions are known."));
    const rows = columns.ticker.map((ticker, n) => [
      ticker, columns.name[n] || null, columns.account[n], columns.location[n] || null, columns.kind[n], exact(columns.value[n]),
      columns.is_carried[n] ? "carried" : "",
    ]);
    fillTable("allocation", [head("Ticker"), head("Name"), head("Account"), head("Place"), head("Kind"), money("Value"), head("State")], rows);
  };
  const drawShares = (all) => {
    const paint = colours();
    const whole = all.reduce((sum, one) => sum + one.value, 0);
    const shown = all.slice(0, LARGEST);
    const rest = all.slice(LARGEST);
    if (rest.length) shown.push({ name: `${rest.length} others`, value: rest.reduce((sum, one) => sum + one.value, 0), isCarried: rest.some((one) => one.isCarried) });
    // What is carried is hatched, not coloured only.
    const item = (one) => ({
      name: one.name, value: one.value,
      itemStyle: one.isCarried ? { decal: { symbol: "line", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: Math.PI / 4 } } : {},
    });
    const says = ({ name, value }) => `${name}\n${amount(value)} ${currency}\n${percent(value / whole)}`;
    const isSmall = chartOf("donut").getWidth() < 480;
    put("donut", {
      tooltip: { formatter: says },
      series: [{
        type: "pie", radius: isSmall ? ["34%", "54%"] : ["44%", "68%"], minShowLabelAngle: isSmall ? 20 : 9, data: shown.map(item), itemStyle: { borderColor: paint.raised, borderWidth: 2 },
        label: { color: paint.strong, lineHeight: 14, width: isSmall ? 72 : 150, overflow: "truncate", formatter: ({ name, percent: share }) => `${name}${isSmall ? "\n" : " "}${share.toFixed(1)} %` },
        labelLine: { length: 8, length2: 6 },
      }],
    });
    put("allocation", {
      tooltip: { formatter: says },
      series: [{
        type: "treemap", data: all.map(item), roam: false, nodeClick: false, breadcrumb: { show: false },
        left: 0, right: 0, top: 0, bottom: 0, itemStyle: { borderColor: paint.raised, gapWidth: 2 },
        label: { lineHeight: 16, color: "#fff", formatter: ({ name, value }) => `${name}\n${percent(value / whole)}` },
      }],
    });
  };

  // --- Calendar --------------------------------------------------------------------
  const drawDays = ({ columns, label }) => {
    const days = columns.day.map((day, n) => [day, Number(columns.amount[n]), columns.ratio[n], columns.days[n]]);
    const last = columns.day[columns.day.length - 1] ?? new Date().toISOString().slice(0, 10);
    const first = new Date(`${last}T00:00:00Z`);
    first.setUTCDate(first.getUTCDate() - (isNarrow() ? 120 : 364));
    const from = first.toISOString().slice(0, 10);
    const recent = days.filter(([day]) => day >= from);
    if (!recent.length) say("days", "A day is told from two ends of days; there are not two yet.");
    else drawCalendar(recent, from, last);
    const rows = days.map(([day, , ratio, length], n) => [day, exact(columns.amount[n]), signed(ratio), String(length)]);
    fillTable("days", [head("Day"), money(label), number("Percent"), number("Days")], rows.reverse());
  };
  const drawCalendar = (recent, from, last) => {
    const paint = colours();
    // The scale ends below the few largest: one extreme day would leave all others pale.
    const sizes = recent.map(([, value]) => Math.abs(value)).sort((one, other) => one - other);
    const most = sizes[Math.floor(0.95 * (sizes.length - 1))] || sizes[sizes.length - 1] || 1;
    put("days", {
      tooltip: {
        formatter: ({ value: [day, gained, ratio, length] }) =>
          `${day}\n${amount(gained)} ${currency}${ratio === null ? "" : ` (${signed(ratio)})`}${length > 1 ? `\nof ${length} days: ends between are missing` : ""}`,
      },
      visualMap: {
        dimension: 1, min: -most, max: most, calculable: false, orient: "horizontal", left: "center", bottom: 0, itemHeight: 90, itemWidth: 12,
        text: isMasked() ? ["gain", "loss"] : [`≥ ${short.format(most)}`, `≤ ${short.format(-most)}`], textStyle: { color: paint.text },
        inRange: { color: [paint.bad, paint.sunk, paint.good] },
      },
      calendar: {
        range: [from, last], left: 36, right: 12, top: 24, bottom: 44,
        itemStyle: { color: "transparent", borderColor: paint.line, borderWidth: 1 }, splitLine: { show: false },
        dayLabel: { firstDay: 1, color: paint.text }, monthLabel: { color: paint.text }, yearLabel: { show: false },
      },
      series: [{ type: "heatmap", coordinateSystem: "calendar", data: recent, itemStyle: { borderColor: paint.raised, borderWidth: 2 } }],
    });
  };

  // --- Explain this change -----------------------------------------------------------
  const PARTS = { price: "Price", fx: "FX", cross: "Price × FX", flow: "Flows", unexplained: "Unexplained" };
  // Rows of a name, an amount and, of a ticker, what that is of what there was.
  const bars = (name, rows) => {
    if (!rows.length) return say(name, "There is nothing to explain.");
    const paint = colours();
    const label = (value, ratio) => [onAxis(value), ratio === undefined ? "" : signed(ratio)].filter(Boolean).join("  ");
    return put(name, {
      grid: { left: 8, right: 96, top: 4, bottom: 24, containLabel: true },
      tooltip: { formatter: ({ name: of, value, data }) => `${of}\n${amount(value)} ${currency}${data.ratio === undefined ? "" : `\n${signed(data.ratio)}`}` },
      xAxis: { type: "value", splitNumber: 4, axisLabel: { color: paint.text, formatter: onAxis, hideOverlap: true }, splitLine: { lineStyle: { color: paint.line } } },
      yAxis: { type: "category", inverse: true, data: rows.map(([of]) => of), axisLabel: { color: paint.strong, width: 110, overflow: "truncate" }, axisTick: { show: false }, axisLine: { lineStyle: { color: paint.line } } },
      series: [{
        type: "bar", barMaxWidth: 22,
        data: rows.map(([, value, ratio]) => ({ value, ratio, itemStyle: { color: value < 0 ? paint.bad : paint.good } })),
        label: { show: true, position: "right", color: paint.strong, formatter: ({ value, data }) => label(value, data.ratio) },
      }],
    });
  };
  const drawExplained = ({ split, columns, reason, pnl }) => {
    const since = pnl?.baseline ? `${pnl.label} ${amount(pnl.amount)} ${currency} since ${clock.format(Date.parse(pnl.baseline.at))}` : "";
    find("#db-explained").textContent = reason || since;
    const parts = split ? Object.entries(PARTS).map(([key, name]) => [name, Number(split[key])]) : [];
    const ratios = columns.ticker.map((_, n) => (Number(columns.before[n]) ? columns.amount[n] / Math.abs(columns.before[n]) : null));
    bars("split", parts);
    bars("explain", columns.ticker.slice(0, MOVERS).map((ticker, n) => [ticker, Number(columns.amount[n]), ratios[n]]));
    fillTable("split", [head("Part"), money("Amount")], [...parts.map(([name, value]) => [name, figure(value)]), ...(split ? [["Change of value", exact(split.total)]] : [])]);
    const names = ["price", "fx", "cross", "quantity", "before", "after"];
    const titles = ["Price", "FX", "Price × FX", "Units bought or sold", "Before", "After"];
    fillTable(
      "explain", [head("Ticker"), money("Moved"), number("Percent"), ...titles.map(money)],
      columns.ticker.map((ticker, n) => [ticker, exact(columns.amount[n]), signed(ratios[n]), ...names.map((name) => exact(columns[name][n]))]),
    );
  };

  // --- Fetching ------------------------------------------------------------------------
  const draw = { curve: drawCurve, allocation: drawAllocation, days: drawDays, explain: drawExplained };
  const beside = { allocation: "donut", explain: "split" }; // drawn from the same answer
  const asked = new Map();
  const fetched = async (address) => {
    const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } })
      .catch(() => { throw new Error("The server does not answer."); });
    if (answer.ok) return answer.json();
    throw new Error([401, 403].includes(answer.status) ? "You are logged out, or may not see this." : `The server says ${answer.status}.`);
  };
  const load = async (name, query = "") => {
    const address = find(`[data-chart="${name}"]`).dataset.url + query;
    find(`[data-csv="${name}"]`).href = `${address}&format=csv`;
    asked.set(name, address);
    const body = await fetched(address).catch((trouble) => ({ trouble: `This could not be loaded. ${trouble.message} Load the page again.` }));
    if (asked.get(name) !== address) return; // something else was asked for meanwhile
    drawn.set(name, body);
    show(name);
  };
  const show = (name) => {
    const { trouble } = drawn.get(name);
    const places = [name, beside[name]].filter(Boolean);
    const alert = find(`[data-trouble="${name}"]`);
    alert.textContent = trouble ?? "";
    if (!trouble) return draw[name](drawn.get(name));
    places.forEach((place) => {
      say(place, "");
      find(`[data-table="${place}"]`)?.replaceChildren();
    });
  };
  const drawAgain = () => drawn.forEach((_, name) => show(name));

  // --- Switches --------------------------------------------------------------------------
  const choose = (group, onChoice) => {
    const links = [...find(`[data-switch="${group}"]`).children];
    const choice = (link) => {
      links.forEach((one) => one.removeAttribute("aria-current"));
      link.setAttribute("aria-current", "true");
      onChoice(link.dataset.value);
    };
    links.forEach((link) => link.addEventListener("click", (event) => {
      event.preventDefault();
      history.replaceState(null, "", link.hash); // so that it is there again when the page is loaded anew
      choice(link);
    }));
    choice(links.find((link) => link.hash === location.hash) ?? links.find((link) => link.hasAttribute("aria-current")));
  };
  const mask = (isOn) => {
    const button = find("#db-hide");
    document.documentElement.classList.toggle("db-masked", isOn);
    button.lastChild.textContent = isOn ? "Show amounts" : "Hide amounts";
    button.firstElementChild.textContent = isOn ? "visibility" : "visibility_off";
  };
  mask(isMasked());
  find("#db-hide").addEventListener("click", () => {
    mask(!isMasked());
    localStorage.setItem("daybook-hide-amounts", isMasked() ? "1" : "0");
  });
  if (!find('[data-chart="curve"]')) return;

  choose("range", (range) => load("curve", `&range=${range}`));
  choose("period", (period) => load("explain", `&period=${period}`));
  choose("by", (column) => {
    grouping = column;
    if (drawn.has("allocation")) show("allocation");
  });
  load("allocation");
  load("days");
  // Light or dark, amounts hidden or not: both are classes of the page.
  new MutationObserver(drawAgain).observe(document.documentElement, { attributeFilter: ["class"] });
  new ResizeObserver(() => charts.forEach((chart) => chart.resize())).observe(root);
});
