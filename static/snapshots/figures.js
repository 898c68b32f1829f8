"use strict";

// How the portfolio page writes numbers and times, hidden amounts included, and which colours it has.
const figuresOf = (root) => {
  const MASK = "•••••";
  const zone = root.dataset.zone;
  const isMasked = () => document.documentElement.classList.contains("db-masked");

  const numbers = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const tiny = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 });
  const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 4 });
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
  });
  const hours = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  const dates = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short" });
  // What is not 0 does not look like it. Texts are formatted as they are, to the last digit.
  const ROUNDING = 5e-8; // what is left of parts that were rounded to eight places
  const figure = (value) => {
    const size = Math.abs(value);
    return size < ROUNDING ? numbers.format(0) : (size < 0.01 ? tiny : numbers).format(value);
  };
  const amount = (value) => (isMasked() ? MASK : figure(value));
  const onAxis = (value) => (isMasked() ? "" : short.format(Math.abs(value) < ROUNDING ? 0 : value));
  const percent = (ratio) => (ratio === null ? "—" : `${(100 * ratio).toFixed(2).replace("-0.00", "0.00")} %`);
  const signed = (ratio) => (ratio === null ? "—" : `${ratio > 0 ? "+" : ""}${percent(ratio)}`);

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

  return { isMasked, clock, hours, dates, short, figure, amount, onAxis, percent, signed, colours };
};
