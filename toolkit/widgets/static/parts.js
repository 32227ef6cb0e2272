// What every widget is made of. Text goes into the page as text, never as markup.

const XHTML = "http://www.w3.org/1999/xhtml";

/** An element with attributes, listeners (in `on`) and children; strings become text. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElementNS(XHTML, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, value);
    }
  }
  node.append(...children);
  return node;
}

function count(number) {
  return Number(number).toLocaleString("en-US");
}

function things(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function bulk(size) {
  if (size < 1000) return things(size, "byte");
  if (size < 1e6) return `${(size / 1e3).toFixed(0)} kB`;
  return size < 1e9 ? `${(size / 1e6).toFixed(1)} MB` : `${(size / 1e9).toFixed(1)} GB`;
}

/** Write only what is new: a node that is written again loses the person's selection in it. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function button(label, act, attributes = {}) {
  return make("button", { type: "button", class: "pq-button", on: { click: act }, ...attributes }, label);
}

/** The ground that a widget stands on; keys that it takes are not the notebook's shortcuts. */
function ground(el, kind, label) {
  el.replaceChildren();
  const root = make("section", { class: `pq ${kind}`, "aria-label": label });
  // JupyterLab looks at the element that has the keyboard first, and at those around it later.
  const claim = (event) => { event.target.dataset.lmSuppressShortcuts = "true"; };
  root.addEventListener("focusin", claim);
  root.dataset.lmSuppressShortcuts = "true";
  el.append(root);
  return root;
}

/** Where errors are looked for, and where it is said what was done. */
function voices(model) {
  const alert = make("div", { role: "alert", class: "pq-alert" });
  const status = make("div", { role: "status", class: "pq-status" });
  const busy = make("span", { class: "pq-busy" });
  const said = make("span");
  status.append(busy, said);
  const show = () => {
    write(alert, model.get("alert"));
    write(busy, model.get("busy"));
    write(said, model.get("busy") ? "" : model.get("said"));
  };
  return { alert, status, show };
}

/** Send to the kernel; when it does not answer, `silent` is told. `heard` ends the waiting. */
function line(model, view, silent) {
  let timer = null;
  const heard = () => {
    clearTimeout(timer);
    timer = null;
  };
  const send = (message, patience = 6000) => {
    try {
      model.send({ view, ...message });
    } catch {
      silent();
      return;
    }
    if (patience && timer === null) timer = setTimeout(() => { timer = null; silent(); }, patience);
  };
  return { send, heard };
}

const SILENT =
  "The kernel does not answer: a cell is still running, or the kernel is gone. " +
  "The jobs go on; after a restart, toolkit.open(…) shows them again.";

/** A question under the buttons, with a way out; the keyboard comes back to where it was. */
function question(place, words, act, { input = null, yes }) {
  const before = document.activeElement;
  const leave = () => {
    place.replaceChildren();
    if (before && before.isConnected && !before.disabled) before.focus();
  };
  const does = () => {
    const value = input ? input.value : null;
    leave();
    act(value);
  };
  const no = button("Keep as it is", leave);
  const box = make(
    "div",
    { role: "alertdialog", "aria-label": words, class: "pq-question" },
    make("span", {}, words),
    ...(input ? [input] : []),
    button(yes, does, { class: input ? "pq-button pq-main" : "pq-button pq-danger" }),
    no,
  );
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
    if (event.key === "Enter" && event.target === input) does();
    if (["Escape", "Enter"].includes(event.key)) event.stopPropagation();
  });
  place.replaceChildren(box);
  (input ?? no).focus();
  if (input) input.select();
}
