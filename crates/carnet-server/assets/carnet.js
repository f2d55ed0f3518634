// Keeps open pages up to date, and copies. Every page works without it.
"use strict";

(() => {
  const live = document.getElementById("live");
  const topics = ["workers", "tasks", "revocations", "audit"];

  const tell = (text, state) => {
    if (live && live.textContent !== text) {
      live.textContent = text;
      live.dataset.state = state;
    }
  };

  const refresh = (topic) => document.body.dispatchEvent(new Event(`carnet:${topic}`));

  // What changed is told by name; the parts of the page that show it ask for themselves anew.
  const listen = () => {
    const events = new EventSource("/api/v1/events");
    events.addEventListener("open", () => {
      tell("live", "on");
      // Something may have changed since the page was made.
      topics.forEach(refresh);
    });
    events.addEventListener("error", () => {
      tell("not live", "off");
      // A connection that was lost comes back by itself; one that was refused does not.
      if (events.readyState === EventSource.CLOSED) setTimeout(check, 2000);
    });
    for (const topic of topics) {
      events.addEventListener(topic, () => refresh(topic));
    }
    window.addEventListener("pagehide", () => events.close());
  };

  // Whether the session is over: then the page asks to sign in again.
  const check = async () => {
    const answer = await fetch("/api/v1/me", { headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer && answer.status === 401) location.reload();
    else setTimeout(listen, 2000);
  };

  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) location.reload();
  });

  // Whoever goes by keyboard stays where it was when a part of the page is shown anew.
  let focused = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const at = document.activeElement;
    const isInside = event.detail.target.contains(at);
    focused = isInside && at.getAttribute("href") ? at.getAttribute("href") : null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (focused) document.querySelector(`main a[href="${CSS.escape(focused)}"]`)?.focus();
    focused = null;
  });

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const from = document.getElementById(button.dataset.copy);
      from.select();
      await navigator.clipboard.writeText(from.value);
      document.getElementById("copied").textContent = "Copied.";
    });
  }

  if (live) listen();
})();
