"use strict";

// The job form: shows when the trigger fires while one types, and the parameters of the task.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("job_form");
  const preview = document.getElementById("db-preview");
  if (!form || !preview) return;

  const DELAY = 250; // ms without a key pressed
  const TRIGGER = [
    "trigger_kind", "trigger_expression", "timezone", "start_at", "end_at", "jitter_seconds",
  ];
  const POLICIES = { timeout_seconds: "timeout", max_attempts: "attempts", backoff_seconds: "backoff" };
  const field = (name) => form.elements.namedItem(name);

  // Ask for a fragment; of several questions, only the last one is answered.
  const asker = () => {
    let last = null;
    return async (url, query) => {
      if (last) last.abort();
      last = new AbortController();
      try {
        const answer = await fetch(`${url}?${new URLSearchParams(query)}`, {
          signal: last.signal, credentials: "same-origin",
        });
        if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
        return await answer.text();
      } catch (error) {
        if (error.name === "AbortError") return null;
        const note = document.createElement("p");
        note.className = "db-error";
        note.textContent = `Could not be loaded. ${error.message}`;
        return note.outerHTML;
      }
    };
  };

  const askPreview = asker();
  const showPreview = async () => {
    const query = { job: preview.dataset.job };
    for (const name of TRIGGER) if (field(name)) query[name] = field(name).value;
    const html = await askPreview(preview.dataset.url, query);
    if (html !== null) preview.innerHTML = html;
  };

  let timer = null;
  for (const name of TRIGGER) {
    if (!field(name)) continue;
    field(name).addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(showPreview, DELAY);
    });
  }

  const holder = () => document.getElementById("db-parameters");
  const typed = () => {
    const inputs = holder().querySelectorAll("[data-parameter] [name]");
    return new Map([...inputs].map((input) => [input.name, input.value]));
  };

  const showPolicies = () => {
    for (const [name, key] of Object.entries(POLICIES)) {
      const value = holder().dataset[key];
      if (field(name)) field(name).placeholder = value ? `As the task says: ${value}` : "As the task says";
    }
  };

  const askParameters = asker();
  const showParameters = async () => {
    const before = typed();
    const query = { job: preview.dataset.job, task: field("task").value };
    const html = await askParameters(preview.dataset.url.replace("preview/", "parameters/"), query);
    if (html === null) return;
    holder().outerHTML = html.includes('id="db-parameters"')
      ? html : `<div id="db-parameters">${html}</div>`;
    for (const input of holder().querySelectorAll("[data-parameter] [name]")) {
      if (before.get(input.name)) input.value = before.get(input.name);
    }
    showPolicies();
  };

  if (field("task") && holder()) {
    field("task").addEventListener("change", showParameters);
    showPolicies();
  }
});
