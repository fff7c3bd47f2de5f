// Keeps the part of a page that shows states up to date: often while something starts or stops,
// else once whenever the visitor comes back to the page. The hub renders, this only swaps.

const LOOK_AGAIN_MS = 1500;

const live = document.getElementById("live");
let part = document.getElementById("refreshed");
let timer = 0;

function states(element) {
  return Array.from(element.querySelectorAll("section"), (section) =>
    ["h2", ".state"].map((name) => section.querySelector(name)?.textContent ?? "").join(": "),
  );
}

function swap(fresh) {
  const focused = document.activeElement?.id;
  const before = states(part);
  const changed = states(fresh).filter((state) => !before.includes(state));
  fresh = document.adoptNode(fresh);
  part.replaceWith(fresh);
  part = fresh;
  if (focused) {
    document.getElementById(focused)?.focus();
  }
  if (live && changed.length > 0) {
    live.textContent = changed.join(". ");
  }
}

async function look() {
  let reply;
  try {
    // The token tells the hub that its own page asks, not another program of this origin.
    reply = await fetch(window.location.href, {
      redirect: "manual",
      cache: "no-store",
      headers: { "X-XSRFToken": document.body.dataset.xsrfToken },
    });
  } catch {
    return; // The hub is away for a moment; the next look will tell.
  }
  if (reply.type === "opaqueredirect") {
    window.location.reload();
    return;
  }
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const fresh = page.getElementById("refreshed");
  if (!fresh || page.body.dataset.page !== document.body.dataset.page) {
    window.location.reload();
    return;
  }
  if (fresh.outerHTML !== part.outerHTML) {
    swap(fresh);
  }
}

async function keepLooking() {
  clearTimeout(timer);
  if (!document.hidden) {
    await look();
  }
  if (part.dataset.moving === "true") {
    timer = setTimeout(keepLooking, LOOK_AGAIN_MS);
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    keepLooking();
  }
});

if (part.dataset.moving === "true") {
  timer = setTimeout(keepLooking, LOOK_AGAIN_MS);
}
