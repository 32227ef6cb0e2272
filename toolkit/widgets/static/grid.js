// A list of thousands of rows of which a few dozen exist: those that are on the screen.

const ROW = 28;
const MOST_VISIBLE = 12;
// Browsers cannot make an element taller than some ten million pixels; beyond that a step of the
// scroll bar is more than a row.
const TALLEST = 8e6;
const MARGIN = 8;

const COLUMNS = [
  { key: "file", label: "File", sort: "file" },
  { key: "state", label: "State", sort: "state" },
  { key: "how", label: "Progress", sort: "progress" },
  { key: "tries", label: "Tries", sort: "attempt", title: "Attempts" },
  { key: "priority", label: "Prio", sort: "priority", title: "Priority" },
  { key: "took", label: "Took", sort: "took" },
  { key: "why", label: "Error", sort: "error" },
];
const ROW_ACTS = [
  { verb: "inspect", sign: "⌕", label: "Inspect" },
  { verb: "cancel", sign: "■", label: "Cancel" },
  { verb: "retry", sign: "↻", label: "Retry" },
  { verb: "purge", sign: "✕", label: "Erase" },
];

/**
 * The rows of a board. `ask(start, count)` asks the kernel for a window; `sorted(key)`,
 * `picked()`, `act(verb, id, row)` and `open(row)` are told what the person does.
 */
function grid(view, { ask, span, sorted, picked, act, open }) {
  let total = 0;
  let version = 0;
  let active = -1;
  let anchor = -1;
  let rows = new Map();
  const nodes = new Map();
  const chosen = new Set();
  let all = false;
  let waiting = 0;
  let settle = null;

  const every = make("input", { type: "checkbox", "aria-label": "Select all jobs that are shown", on: { change: () => choose_all(every.checked) } });
  const heads = COLUMNS.map((column) => {
    const words = make("span", {}, column.label);
    const click = make("button", { type: "button", class: "pq-sort", title: column.title ?? column.label, on: { click: () => sorted(column.sort) } }, words);
    return make("div", { role: "columnheader", class: `pq-${column.key}`, "aria-sort": "none" }, click);
  });
  const head = make("div", { role: "row", class: "pq-line pq-heads", "aria-rowindex": 1 },
    make("div", { role: "columnheader", class: "pq-mark" }, every), ...heads,
    make("div", { role: "columnheader", class: "pq-acts", "aria-label": "Actions" }));
  const canvas = make("div", { class: "pq-canvas", role: "presentation" });
  const empty = make("div", { class: "pq-empty" });
  const port = make("div", { class: "pq-port", role: "rowgroup", tabindex: -1 }, canvas, empty);
  const node = make("div", {
    role: "grid", class: "pq-grid", tabindex: 0, "aria-multiselectable": "true", "aria-label": "Jobs",
    "aria-colcount": COLUMNS.length + 2,
  }, head, port);

  const shrink = () => Math.max(1, (total * ROW) / TALLEST);
  const top_row = () => Math.floor((port.scrollTop * shrink()) / ROW);
  const place_of = (index) => (index * ROW) / shrink();
  const fitting = () => Math.max(1, Math.floor(port.clientHeight / ROW)) || 1;

  function visible() {
    const first = Math.max(0, top_row() - MARGIN);
    return [first, Math.min(total, top_row() + fitting() + MARGIN + 1)];
  }

  function look() {
    const [first, end] = visible();
    waiting = performance.now();
    ask(first, Math.max(end - first, MOST_VISIBLE + 2 * MARGIN));
  }

  function missing() {
    const [first, end] = visible();
    for (let index = first; index < end; index++) if (!rows.has(index)) return true;
    return false;
  }

  port.addEventListener("scroll", () => {
    requestAnimationFrame(draw);
    if (missing() && performance.now() - waiting > 250) look();
    clearTimeout(settle);
    // What is on the screen is what the kernel keeps up to date.
    settle = setTimeout(look, 120);
  });

  function make_row() {
    const mark = make("input", { type: "checkbox", tabindex: -1 });
    const cells = Object.fromEntries(COLUMNS.map(({ key }) => [key, make("div", { role: "gridcell", class: `pq-${key}` })]));
    const dot = make("span", { class: "pq-dot", "aria-hidden": "true" });
    const state = make("span");
    cells.state.append(dot, state);
    const how = make("span");
    const share = make("span", { class: "pq-share", "aria-hidden": "true" });
    cells.how.append(how, share);
    const line = make("div", { role: "row", class: "pq-line" }, make("div", { role: "gridcell", class: "pq-mark" }, mark));
    const made = { line, mark, cells, state, how, share, acts: {}, index: -1, seen: "" };
    const acts = make("div", { role: "gridcell", class: "pq-acts" });
    for (const { verb, sign, label } of ROW_ACTS) {
      const click = make("button", { type: "button", class: "pq-sign", tabindex: -1, title: label }, sign);
      click.addEventListener("click", (event) => { event.stopPropagation(); act(verb, rows.get(made.index)); });
      made.acts[verb] = click;
      acts.append(click);
    }
    line.append(...Object.values(cells), acts);
    mark.addEventListener("click", (event) => { event.stopPropagation(); toggle(made.index, event.shiftKey); });
    line.addEventListener("click", () => { go(made.index); open(rows.get(made.index)); });
    return made;
  }

  function fill(made, index) {
    const row = rows.get(index);
    const marked = row ? all || chosen.has(row.id) : false;
    const seen = JSON.stringify([row, marked, index === active, index]);
    if (made.seen === seen) return;
    made.seen = seen;
    made.index = index;
    made.line.id = `${view}-${index}`;
    made.line.setAttribute("aria-rowindex", index + 2);
    made.line.setAttribute("aria-selected", String(marked));
    made.line.classList.toggle("pq-active", index === active);
    made.line.dataset.state = row?.state ?? "";
    made.mark.checked = marked;
    made.mark.setAttribute("aria-label", `Select ${row?.file ?? "job"}`);
    for (const key of ["file", "tries", "priority", "took", "why"]) {
      const text = String(row?.[key] ?? (key === "file" ? "…" : ""));
      write(made.cells[key], text);
      made.cells[key].title = ["file", "why"].includes(key) ? text : "";
    }
    write(made.state, row?.state ?? "");
    write(made.how, row?.how ?? "");
    made.cells.how.title = row?.how ?? "";
    made.share.hidden = row?.share === null || row?.share === undefined;
    made.share.style.setProperty("--share", `${row?.share ?? 0}%`);
    for (const { verb, label } of ROW_ACTS) {
      made.acts[verb].hidden = !row?.can?.includes(verb);
      made.acts[verb].setAttribute("aria-label", `${label} ${row?.file ?? ""}`);
    }
  }

  function draw() {
    const [first, end] = visible();
    const spare = [];
    for (const [index, made] of nodes) if (index < first || index >= end) { spare.push(made); nodes.delete(index); }
    for (let index = first; index < end; index++) {
      let made = nodes.get(index);
      if (!made) {
        made = spare.pop() ?? make_row();
        nodes.set(index, made);
        if (!made.line.isConnected) canvas.append(made.line);
      }
      // From the top of the window, so that rows stand whole also where the scroll bar is shrunk.
      made.line.style.transform = `translateY(${place_of(top_row()) + (index - top_row()) * ROW}px)`;
      fill(made, index);
    }
    for (const made of spare) made.line.remove();
    if (active >= 0 && nodes.has(active)) node.setAttribute("aria-activedescendant", `${view}-${active}`);
    else node.removeAttribute("aria-activedescendant");
  }

  function measure() {
    canvas.style.height = `${Math.min(total * ROW, TALLEST)}px`;
    port.style.height = `${Math.max(1, Math.min(total, MOST_VISIBLE)) * ROW + 2}px`;
    node.setAttribute("aria-rowcount", total + 1);
    empty.hidden = total > 0;
    active = Math.min(active, total - 1);
    every.checked = all || (total > 0 && chosen.size >= total);
    every.indeterminate = !every.checked && chosen.size > 0;
  }

  function take(told) {
    if (told.version !== version) {
      version = told.version;
      rows = new Map();
    }
    // What was seen far away is forgotten: it is asked for again.
    if (rows.size > 4000) rows = new Map();
    total = told.total;
    told.rows.forEach((row, offset) => rows.set(told.start + offset, row));
    waiting = 0;
    measure();
    draw();
    if (missing()) look();
  }

  function go(index) {
    if (!total) return;
    active = Math.max(0, Math.min(total - 1, index));
    const first = top_row();
    if (active < first) port.scrollTop = place_of(active);
    else if (active >= first + fitting()) port.scrollTop = Math.ceil(place_of(active - fitting() + 1));
    draw();
  }

  function toggle(index, through = false) {
    const row = rows.get(index);
    if (!row) return;
    if (all) { all = false; chosen.clear(); }
    if (through && anchor >= 0) span(anchor, index);
    else if (chosen.has(row.id)) chosen.delete(row.id);
    else chosen.add(row.id);
    anchor = index;
    changed();
  }

  function choose_all(yes) {
    all = yes;
    chosen.clear();
    changed();
  }

  function changed() {
    measure();
    draw();
    picked();
  }

  const KEYS = {
    ArrowDown: () => go(active + 1),
    ArrowUp: () => go(active - 1),
    PageDown: () => go(active + fitting()),
    PageUp: () => go(active - fitting()),
    Home: () => go(0),
    End: () => go(total - 1),
    " ": () => toggle(active),
    Enter: () => open(rows.get(active)),
    Delete: () => act("cancel", null),
    Escape: () => choose_all(false),
  };
  node.addEventListener("keydown", (event) => {
    if (event.target !== node && event.target !== port) return;
    const before = active;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") choose_all(true);
    else if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    else {
      KEYS[event.key]();
      if (event.shiftKey && event.key.startsWith("Arrow") && active !== before) {
        if (anchor < 0) anchor = before;
        span(anchor, active);
      }
    }
    event.preventDefault();
    event.stopPropagation();
  });
  node.addEventListener("focus", () => { if (active < 0 && total) go(top_row()); });

  return {
    node, take, look, draw,
    sort_by(sort, descending) {
      COLUMNS.forEach((column, at) => {
        heads[at].setAttribute("aria-sort", column.sort === sort ? (descending ? "descending" : "ascending") : "none");
      });
    },
    say_empty: (words) => write(empty, words),
    choose(ids) { all = false; ids.forEach((id) => chosen.add(id)); changed(); },
    clear() { choose_all(false); },
    top() { port.scrollTop = 0; active = -1; anchor = -1; },
    get ids() { return all ? null : [...chosen]; },
    get some() { return all || chosen.size > 0; },
    get number() { return all ? total : chosen.size; },
    get total() { return total; },
    row: () => rows.get(active),
    focus: () => node.focus(),
    stop: () => clearTimeout(settle),
  };
}
