"use strict";

// The page of a run that has not ended: fetches its status, progress and log every two seconds.
document.addEventListener("DOMContentLoaded", () => {
  const live = document.getElementById("db-live");
  if (!live) return;

  const EVERY = 2000; // ms
  const isOpen = () => live.firstElementChild?.dataset.open === "1";
  const log = () => live.querySelector(".db-log");
  const isAtEnd = (box) => !box || box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  const toEnd = () => log() && (log().scrollTop = log().scrollHeight);

  const refresh = async () => {
    const atEnd = isAtEnd(log());
    const top = log()?.scrollTop ?? 0;
    try {
      const answer = await fetch(live.dataset.url, { credentials: "same-origin" });
      if (answer.ok && !answer.redirected) live.innerHTML = await answer.text();
    } catch {
      // The server may be restarting: ask again later.
    }
    if (!isOpen()) {
      location.reload(); // what it left behind stands in the rest of the page
      return;
    }
    if (atEnd) toEnd();
    else if (log()) log().scrollTop = top;
    setTimeout(refresh, EVERY);
  };

  toEnd();
  if (isOpen()) setTimeout(refresh, EVERY);
});
