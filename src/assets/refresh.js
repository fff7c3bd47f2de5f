// Keeps the part of a page that shows states up to date while somebody looks at it: often while
// something starts or stops, else calmly. The hub renders; this takes over what differs, element by
// element, so that the focus, what is typed, ticked or unfolded stays as it is.

const MOVING_MS = 1500;
const CALM_MS = 10000;
const MOST_TOLD = 4;

const part = document.getElementById("refreshed");
const live = document.getElementById("live");
const stale = document.getElementById("stale");
let timer = 0;
let isLooking = false;

function states(root) {
  const named = Array.from(root.querySelectorAll(".state[data-of]"));
  return named.map((state) => `${state.dataset.of}: ${state.textContent}`);
}

function keyOf(node) {
  return node.dataset?.serverName ?? node.dataset?.user;
}

function isSame(old, fresh) {
  return old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);
}

// Makes an element what its fresh version is; the visitor's own doing is in no attribute but `open`
// and the mark of a form that was sent.
function takeOver(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) {
      old.data = fresh.data;
    }
    return;
  }
  for (const { name } of Array.from(old.attributes)) {
    if (!fresh.hasAttribute(name) && name !== "open" && name !== "data-sent") {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }
  let next = old.firstChild;
  for (const child of Array.from(fresh.childNodes)) {
    let found = next;
    while (found && !isSame(found, child)) {
      found = keyOf(child) === undefined ? null : found.nextSibling;
    }
    if (!found) {
      old.insertBefore(document.adoptNode(child), next);
      continue;
    }
    if (found === next) {
      next = next.nextSibling;
    } else {
      old.insertBefore(found, next);
    }
    takeOver(found, child);
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}

function show(fresh) {
  const before = states(part);
  const changed = states(fresh).filter((state) => !before.includes(state));
  const focused = document.activeElement;
  takeOver(part, fresh);
  if (focused.id && !focused.isConnected) {
    document.getElementById(focused.id)?.focus();
  }
  if (changed.length > 0) {
    live.textContent = changed.slice(0, MOST_TOLD).join(". ");
  }
}

// Returns whether it is worth looking again.
async function look() {
  let reply;
  let text;
  try {
    // The token tells the hub that its own page asks, not another program of this origin.
    reply = await fetch(part.dataset.from, {
      redirect: "manual",
      cache: "no-store",
      headers: { "X-XSRFToken": document.body.dataset.xsrfToken },
    });
    text = await reply.text();
  } catch {
    stale.hidden = false;
    return true;
  }
  if (reply.type === "opaqueredirect") {
    stale.hidden = true;
    document.getElementById("login-ended").hidden = false;
    return false;
  }
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("refreshed");
  stale.hidden = reply.ok && fresh !== null;
  if (stale.hidden) {
    show(fresh);
  }
  return true;
}

async function keepLooking() {
  clearTimeout(timer);
  if (document.hidden || isLooking) {
    return;
  }
  isLooking = true;
  const goesOn = await look();
  isLooking = false;
  if (goesOn) {
    wait();
  }
}

function wait() {
  clearTimeout(timer);
  if (!document.hidden) {
    timer = setTimeout(keepLooking, part.dataset.moving === "true" ? MOVING_MS : CALM_MS);
  }
}

document.addEventListener("visibilitychange", keepLooking);
wait();
