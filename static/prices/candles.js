"use strict";

// The chart on an instrument's page. It draws what /api/candles answers; the page itself has the
// switches and a table, and needs no script for them.
document.addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("db-chart");
  if (!box || !window.LightweightCharts) return;

  const MOST_BLANKS = 300; // of one gap: a longer one is as visible
  const legend = document.getElementById("db-legend");
  const charts = window.LightweightCharts;
  const seconds = (text) => Date.parse(text) / 1000;

  // What a variable of the style sheet is as rgb(): the chart knows no oklch().
  const resolved = (name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    box.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    pen.fillStyle = value;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
    return `rgb(${red}, ${green}, ${blue})`;
  };

  const chart = charts.createChart(box, {
    autoSize: true,
    layout: { attributionLogo: false }, // the page names TradingView below
    timeScale: { timeVisible: Number(box.dataset.step) < 86400, secondsVisible: false },
    crosshair: { mode: charts.CrosshairMode.Normal },
  });
  const candles = chart.addSeries(charts.CandlestickSeries, { borderVisible: false });
  const volumes = chart.addSeries(charts.HistogramSeries, {
    priceScaleId: "", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false,
  });
  volumes.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.22 } });

  const paint = () => {
    const line = resolved("--db-line");
    const text = resolved("--db-faint");
    const up = resolved("--db-good");
    const down = resolved("--db-bad");
    chart.applyOptions({
      layout: { background: { type: charts.ColorType.Solid, color: "transparent" }, textColor: text },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
    });
    candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    volumes.applyOptions({ color: text });
  };
  paint();
  new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["class"] });

  // Decimals are texts: as many places as the page's numbers have, at most 8 on the axis.
  const places = (texts) => Math.min(8, Math.max(0, ...texts.map((text) => (text.split(".")[1] || "").length)));

  const points = (answer) => {
    const columns = answer.columns;
    return columns.opened_at.map((at, place) => ({
      time: seconds(at),
      open: Number(columns.open[place]),
      high: Number(columns.high[place]),
      low: Number(columns.low[place]),
      close: Number(columns.close[place]),
      volume: Number(columns.volume[place]),
    }));
  };

  // Points without a price, so that what is missing takes its place on the axis.
  const blanks = (answer, rows) => {
    const step = Number(box.dataset.step) * answer.intervals_per_point;
    const first = rows[0].time;
    const weekday = (time) => new Date(time * 1000).getUTCDay() % 6 !== 0;
    const rests = step === 86400 && rows.every((row) => weekday(row.time)); // at weekends, as shares do
    const found = [];
    for (const gap of answer.gaps) {
      const end = seconds(gap.to);
      let time = Math.ceil(seconds(gap.from) / step) * step;
      if (time < first) continue; // before the first candle there is nothing to be missed between
      for (let left = MOST_BLANKS; time < end && left > 0; time += step) {
        if (rests && !weekday(time)) continue;
        found.push({ time });
        left -= 1;
      }
    }
    return found;
  };

  const merged = (rows, more) => {
    const taken = new Set(rows.map((row) => row.time));
    return [...rows, ...more.filter((row) => !taken.has(row.time))].sort((one, other) => one.time - other.time);
  };

  const write = (row) => {
    legend.textContent = row
      ? `${new Date(row.time * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC · open ${row.open} · high ${row.high} · low ${row.low} · close ${row.close} · volume ${row.volume}`
      : "\u00a0";
  };

  const draw = (answer) => {
    const rows = points(answer);
    const more = blanks(answer, rows);
    const precision = places([...answer.columns.close.slice(-200), ...answer.columns.low.slice(-200)]);
    candles.applyOptions({ priceFormat: { type: "price", precision, minMove: 10 ** -precision } });
    candles.setData(merged(rows, more));
    volumes.setData(merged(rows.map(({ time, volume }) => ({ time, value: volume })), more));
    chart.timeScale().fitContent();
    const byTime = new Map(rows.map((row) => [row.time, row]));
    chart.subscribeCrosshairMove((event) => write(byTime.get(event.time) ?? rows[rows.length - 1]));
    write(rows[rows.length - 1]);
    box.dataset.drawn = String(rows.length);
    box.dataset.blank = String(more.length);
  };

  fetch(box.dataset.url, { credentials: "same-origin", headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`status ${answer.status}`))))
    .then(draw)
    .catch((error) => {
      box.textContent = `The candles could not be read (${error.message}). Load the page again.`;
      box.dataset.drawn = "0";
    });
});
