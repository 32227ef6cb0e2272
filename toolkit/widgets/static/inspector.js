// The inspector's view. A plain ES module: no build step, nothing fetched from anywhere.
// What stands in a document is set as text, never as markup. Boxes and rows are made once a page;
// selecting and filtering toggle classes on them, so that nothing loses the keyboard's focus.

const SVG = "http://www.w3.org/2000/svg";
const TYPES = {
  heading: "heading", paragraph: "paragraph", list: "list", table: "table", chart: "chart",
  diagram: "diagram", image: "image", formula: "formula", code: "code", caption: "caption",
  callout: "callout", footnote: "footnote", page_header: "page header", page_footer: "page footer",
};
const SOURCES = {
  verified: "the same as what the file itself says",
  inferred: "read by a model, such as OCR",
  derived: "structure without text of its own",
};
const PROOFS = {
  text_layer: "the PDF’s text layer", pptx_shape: "the slide’s own shape",
  faithfulness_check: "two independent readings",
};
const STATES = {
  same: "the same in both", changed: "differs", only_first: "only in this run",
  only_second: "only in the other run",
};
const ICONS = {
  back: "M10 3 5 8l5 5", next: "M6 3l5 5-5 5", plus: "M8 3v10M3 8h10", minus: "M3 8h10",
  width: "M2 8h12M5 5 2 8l3 3M11 5l3 3-3 3", page: "M4 2h8v12H4zM6 5h4M6 8h4",
  block: "M2 5V2h3M11 2h3v3M14 11v3h-3M5 14H2v-3M5 6h6v4H5z", copy: "M5 5V2h9v9h-3M2 5h9v9H2z",
  pages: "M2 2h5v5H2zM9 2h5v5H9zM2 9h5v5H2zM9 9h5v5H9z", help: "M6 6a2 2 0 1 1 3 1.7c-.8.5-1 .8-1 1.8M8 12v.5",
  again: "M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3",
};
const KEYS = [
  ["↑ ↓", "previous or next block, in boxes and list"], ["Enter", "read the block’s details"],
  ["Esc", "back to where you were"], ["Page Up, Page Down", "turn the page"],
  ["+ − 0", "zoom in, out, fit the width"], ["f", "fit the whole page"],
  ["z", "zoom to the block"], ["/", "find text"], ["a c n", "accept, correct, next to review"], ["Ctrl + wheel", "zoom at the pointer"],
  ["drag", "move the page"], ["click again", "what is beneath"],
];
const TEXT_TYPES = ["heading", "paragraph", "list", "caption", "footnote", "page_header", "page_footer", "callout", "code"];
const NUMBER = /^[\s\d.,%()€$£¥+\-−–]*\d[\s\d.,%()€$£¥+\-−–]*$/;
const SILENT_AFTER = 8000;
const MOST_THUMBS = 1200;

// ---- small parts ---------------------------------------------------------------------------

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function s(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

function icon(name) {
  const path = s("path", { d: ICONS[name], fill: "none", stroke: "currentColor", "stroke-width": 1.5,
    "stroke-linecap": "round", "stroke-linejoin": "round" });
  return s("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, path);
}

function button(label, name, act, attributes = {}) {
  return h("button", { type: "button", class: "pq-button", title: label, "aria-label": label,
    onclick: act, ...attributes }, icon(name));
}

const clamp = (value, least, most) => Math.max(least, Math.min(most, value));
const many = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
const said = (value) => JSON.stringify(value, (_, v) =>
  v && typeof v === "object" && !Array.isArray(v)
    ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))) : v);
const sureness = (c) => (c >= 0.9 ? "high" : c >= 0.7 ? "worth a look" : "needs review");
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const bdi = (text, name = "") => h("bdi", { class: name, text });

function pictureUrl(base64) {
  // Only what is a picture by its first bytes: never SVG, which could carry more than a picture.
  try {
    const raw = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const kinds = [["image/png", 0x89, 0x50], ["image/jpeg", 0xff, 0xd8], ["image/gif", 0x47, 0x49],
      ["image/webp", 0x52, 0x49]];
    const kind = kinds.find(([, a, b]) => raw[0] === a && raw[1] === b);
    return kind ? URL.createObjectURL(new Blob([raw], { type: kind[0] })) : null;
  } catch {
    return null;
  }
}

async function copyText(text, root) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { class: "pq-off-screen" });
    area.value = text;
    root.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

// ---- what a block holds --------------------------------------------------------------------

function tableOf(own) {
  const rows = new Map();
  for (const [row, column, down, across, header, text, source, sure] of own.cells) {
    const cell = h(header ? "th" : "td", { rowspan: down > 1 ? Math.min(down, 1000) : null,
      colspan: across > 1 ? Math.min(across, 1000) : null, dir: "auto", scope: header ? "col" : null,
      "data-cell": said([row, column]), title: `${Object.keys(SOURCES).find((name) => name[0] === source)}, confidence ${sure}`,
      class: [source === "i" ? "pq-inferred" : sure < 0.7 ? "pq-unsure" : "", NUMBER.test(text) ? "pq-num" : ""].join(" ").trim() || null, text });
    if (!rows.has(row)) rows.set(row, h("tr"));
    rows.get(row).append(cell);
  }
  const last = Math.max(-1, ...rows.keys());
  const body = h("tbody");
  for (let row = 0; row <= last; row++) body.append(rows.get(row) ?? h("tr"));
  const table = h("table", { class: "pq-grid" }, own.caption ? h("caption", { dir: "auto", text: own.caption }) : null, body);
  return h("div", { class: "pq-scroll", tabindex: 0, role: "region", "aria-label": `table, ${many(own.rows, "row")}, ${many(own.columns, "column")}` }, table);
}

function plotOf(own) {
  const series = own.series.filter((one) => one.values.some((v) => typeof v === "number"));
  if (!series.length) return null;
  const values = series.flatMap((one) => one.values.filter((v) => typeof v === "number"));
  const high = Math.max(0, ...values), low = Math.min(0, ...values), count = Math.max(...series.map((one) => one.values.length));
  const W = 320, H = 110, y = (v) => H - 6 - ((v - low) / (high - low || 1)) * (H - 12);
  const svg = s("svg", { viewBox: `0 0 ${W} ${H}`, class: "pq-plot", role: "img", "aria-label": `plot of ${series.length} series; the numbers are in the table below` });
  const bars = ["bar", "column", "unknown", "combo"].includes(own.kind);
  svg.append(s("line", { x1: 0, x2: W, y1: y(0), y2: y(0), class: "pq-axis" }));
  series.forEach((one, k) => {
    const step = W / count;
    if (bars) {
      const wide = (step * 0.8) / series.length;
      one.values.forEach((v, at) => typeof v === "number" && svg.append(s("rect", {
        x: at * step + step * 0.1 + k * wide, width: Math.max(1, wide - 1), y: Math.min(y(v), y(0)),
        height: Math.max(1, Math.abs(y(v) - y(0))), class: `pq-series-${k % 6}` })));
    } else {
      const points = one.values.map((v, at) => [v, at]).filter(([v]) => typeof v === "number")
        .map(([v, at]) => `${(at + 0.5) * step},${y(v)}`);
      svg.append(s("polyline", { points: points.join(" "), class: `pq-line pq-series-${k % 6}` }));
    }
  });
  const names = h("div", { class: "pq-names" }, ...series.map((one, k) =>
    h("span", {}, h("i", { class: `pq-series-${k % 6}` }), bdi(one.name || `series ${k + 1}`))));
  return h("div", {}, svg, names);
}

function gridOf(rows) {
  if (!rows.length) return null;
  const line = (cells, tag) => h("tr", {}, ...cells.map((text) => h(tag, { dir: "auto", text })));
  return h("div", { class: "pq-scroll", tabindex: 0, role: "region", "aria-label": "numbers" },
    h("table", { class: "pq-grid" }, h("tbody", {}, line(rows[0], "th"), ...rows.slice(1).map((row) => line(row, "td")))));
}

function figureOf(own, urls) {
  const url = own.picture ? pictureUrl(own.picture) : null;
  if (url) urls.push(url);
  const words = own.alt || own.title || own.caption || own.kind || own.k;
  return h("div", {},
    url ? h("img", { src: url, alt: words, class: "pq-figure" })
      : h("p", { class: "pq-quiet", text: own.large ? `The picture is too large to show (${many(own.large, "character")}).` : own.address ? `Its address is ${own.address}; it is not fetched.` : "No picture is kept with this block." }),
    ...["title", "caption", "alt"].filter((name) => own[name]).map((name) =>
      h("p", {}, h("span", { class: "pq-quiet", text: `${name}: ` }), bdi(own[name]))));
}

function contentOf(own, urls) {
  const text = (value, name = "pq-text") => (value ? h("div", { class: name, dir: "auto", text: value }) : null);
  switch (own.k) {
    case "list":
      return h(own.ordered ? "ol" : "ul", { class: "pq-items" }, ...own.items.map(([level, item]) =>
        h("li", { style: `margin-left:${1.2 * Math.min(8, level)}em`, dir: "auto", text: item })));
    case "table": return tableOf(own);
    case "chart": return h("div", {}, plotOf(own), gridOf(own.numbers), figureOf(own, urls));
    case "diagram": {
      const lines = own.edges.map(([a, b, label]) => h("li", {}, bdi(a), " → ", bdi(b), label ? ": " : "", label ? bdi(label) : ""));
      return h("div", {}, figureOf(own, urls), h("p", { class: "pq-quiet", text: `${many(own.nodes.length, "node")}, ${many(own.edges.length, "edge")}` }),
        h("ul", { class: "pq-items" }, ...(lines.length ? lines : own.nodes.map((label) => h("li", { dir: "auto", text: label })))));
    }
    case "image": return h("div", {}, figureOf(own, urls), text(own.text));
    case "formula": return h("div", {}, text(own.latex, "pq-text pq-mono"), text(own.text), own.picture ? figureOf(own, urls) : null);
    case "code": return text(own.text, "pq-text pq-mono");
    default: return text(own.text);
  }
}

// ---- the view ------------------------------------------------------------------------------

class View {
  constructor(model, el) {
    this.model = model;
    this.boxes = new Map();
    this.rows = new Map();
    this.twins = new Map();
    this.details = new Map();
    this.thumbs = new Map();
    this.urls = { page: null, beside: null, thumbs: [], figures: [] };
    this.zoom = { mode: "width", width: 0 };
    this.tab = "list";
    this.layoutMode = "side";
    this.ears = [];
    this.roving = new Map();
    this.pairs = new Map();
    this.build(el);
    this.listen();
    this.shelve();
    this.turn();
    this.status();
  }

  // --- the frame that stays

  build(el) {
    this.root = h("div", { class: "pq-inspector", role: "group", "aria-label": "Document inspector" });
    this.root.append(h("style", { text: `body:has(.${this.model.get("live")}) .twin-${this.model.get("live")}{display:none}` }));
    this.root.classList.add(this.model.get("live"));
    this.root.append(this.buildBar(), this.buildFilters(), this.buildCode(), this.buildMain());
    this.state = h("div", { class: "pq-status", role: "status" });
    this.alert = h("div", { class: "pq-alert", role: "alert", hidden: true });
    this.root.append(this.alert, this.state);
    this.root.addEventListener("keydown", (event) => this.key(event));
    el.append(this.root);
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(this.stage);
  }

  buildBar() {
    this.docs = h("select", { class: "pq-docs", "aria-label": "Document", onchange: () => this.open(this.docs.value, 1) });
    this.docFind = h("input", { type: "search", class: "pq-doc-find", placeholder: "Find a document", "aria-label": "Find a document", oninput: () => this.shelve() });
    this.number = h("input", { class: "pq-number", inputmode: "numeric", "aria-label": "Page", onchange: () => this.go(parseInt(this.number.value, 10)) });
    this.total = h("span", { class: "pq-quiet" });
    this.prev = button("Previous page", "back", () => this.go(this.model.get("page") - 1));
    this.next = button("Next page", "next", () => this.go(this.model.get("page") + 1));
    this.scale = h("span", { class: "pq-scale" });
    this.stripButton = button("Pages", "pages", () => this.strip(!this.stripped), { "aria-pressed": "false" });
    this.compare = h("span", { class: "pq-group", hidden: true },
      this.mode = h("select", { "aria-label": "Compare", onchange: () => this.arrange(this.mode.value) },
        h("option", { value: "side", text: "Side by side" }), h("option", { value: "over", text: "Overlaid" })),
      this.nextChange = h("button", { type: "button", class: "pq-button pq-wide", text: "Next difference", onclick: () => this.stepChange() }));
    this.help = h("div", { class: "pq-help", hidden: true, role: "dialog", "aria-label": "Keys" },
      h("table", {}, h("tbody", {}, ...KEYS.map(([key, what]) => h("tr", {}, h("th", {}, h("kbd", { text: key })), h("td", { text: what }))))));
    return h("div", { class: "pq-bar", role: "toolbar", "aria-label": "Pages and zoom" },
      h("span", { class: "pq-group pq-grow" }, this.docFind, this.docs, button("Look again which documents there are", "again", () => this.ask({ ask: "refresh" }))),
      h("span", { class: "pq-group" }, this.stripButton, this.prev, this.number, this.total, this.next),
      h("span", { class: "pq-group" }, button("Zoom out", "minus", () => this.zoomBy(1 / 1.25)), this.scale,
        button("Zoom in", "plus", () => this.zoomBy(1.25)), button("Fit the width", "width", () => this.fitTo("width")),
        button("Fit the page", "page", () => this.fitTo("page")), button("Zoom to the block", "block", () => this.zoomToBlock())),
      this.compare,
      h("span", { class: "pq-group" }, button("Keys", "help", () => { this.help.hidden = !this.help.hidden; })), this.help);
  }

  buildFilters() {
    this.chips = h("div", { class: "pq-chips", role: "group", "aria-label": "Types of block" });
    this.lines = h("div", { class: "pq-chips", role: "group", "aria-label": "Where the text comes from" });
    this.find = h("input", { type: "search", placeholder: "Find text", "aria-label": "Find text", class: "pq-find" });
    let typing = 0;
    this.find.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => this.narrow({ text: this.find.value }), 180); });
    this.least = h("input", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": "Least confidence" });
    this.leastSaid = h("span", { class: "pq-quiet" });
    this.least.addEventListener("input", () => { this.leastSaid.textContent = this.leastWords(); });
    this.least.addEventListener("change", () => this.narrow({ min_confidence: Number(this.least.value) }));
    this.scope = h("select", { "aria-label": "Where to look", onchange: () => { this.model.set("scope", this.scope.value); this.model.save_changes(); } },
      h("option", { value: "page", text: "this page" }), h("option", { value: "document", text: "this document" }), h("option", { value: "all", text: "all documents" }));
    this.clear = h("button", { type: "button", class: "pq-button pq-wide", text: "Clear", onclick: () => this.narrow(null) });
    return h("div", { class: "pq-filters" }, this.chips, this.lines,
      h("div", { class: "pq-finding" }, this.find, h("label", { class: "pq-quiet" }, "in ", this.scope),
        h("label", { class: "pq-least pq-quiet" }, "confidence", this.least, this.leastSaid),
        this.versionLabel = h("label", { class: "pq-quiet", hidden: true }, this.version = h("input", { type: "checkbox", onchange: () => {
          this.model.set("as_reviewed", this.version.checked); this.model.save_changes(); } }), "as reviewed"), this.clear));
  }

  buildCode() {
    this.code = h("code", { class: "pq-code", tabindex: 0, "aria-label": "The same rows in pandas" });
    return h("div", { class: "pq-codeline" }, h("span", { class: "pq-quiet", text: "pandas" }), this.code,
      button("Copy the code", "copy", () => this.copied(this.model.get("code"))));
  }

  buildMain() {
    this.stripList = h("div", { class: "pq-strip", role: "listbox", "aria-label": "Pages", hidden: true });
    this.stage = h("div", { class: "pq-stage", "aria-label": "Page view", role: "region" });
    this.paper = this.buildPaper();
    this.beside = this.buildPaper();
    this.beside.node.hidden = true;
    this.stage.append(h("div", { class: "pq-papers" }, this.paper.node, this.beside.node));
    this.listTab = h("button", { type: "button", role: "tab", text: "Blocks", "aria-selected": "true", onclick: () => this.showTab("list") });
    this.treeTab = h("button", { type: "button", role: "tab", text: "Outline", "aria-selected": "false", tabindex: -1, onclick: () => this.showTab("tree") });
    this.counted = h("span", { class: "pq-quiet pq-counted" });
    const tabs = h("div", { class: "pq-tabs", role: "tablist", "aria-label": "Blocks or outline" }, this.listTab, this.treeTab, this.counted);
    tabs.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      this.showTab(this.tab === "list" ? "tree" : "list");
      (this.tab === "list" ? this.listTab : this.treeTab).focus();
      this.took(event);
    });
    this.list = h("div", { class: "pq-list", role: "listbox", "aria-label": "Blocks in reading order" });
    this.tree = h("div", { class: "pq-list pq-tree", role: "tree", "aria-label": "Outline of the document", hidden: true });
    this.detail = h("div", { class: "pq-detail", role: "region", "aria-label": "Selected block", tabindex: -1 });
    this.list.addEventListener("click", (event) => this.clickRow(event));
    this.tree.addEventListener("click", (event) => this.clickTree(event));
    this.pointing();
    const side = h("div", { class: "pq-side" }, tabs, this.list, this.tree, this.detail);
    return h("div", { class: "pq-main" }, this.stripList, this.stage, side);
  }

  buildPaper() {
    const image = h("img", { class: "pq-page", alt: "" , draggable: "false" });
    const svg = s("svg", { class: "pq-boxes", role: "listbox", "aria-label": "Boxes on the page", preserveAspectRatio: "none" });
    const words = h("div", { class: "pq-words", hidden: true });
    const tag = h("div", { class: "pq-tag", hidden: true, "aria-hidden": "true" });
    const hover = h("div", { class: "pq-tag pq-hover", hidden: true, "aria-hidden": "true" });
    const head = h("div", { class: "pq-paper-head", hidden: true });
    const sheet = h("div", { class: "pq-paper" }, image, svg, words, tag, hover);
    return { node: h("div", { class: "pq-paper-frame" }, head, sheet), head, sheet, image, svg, words, tag, hover };
  }

  listen() {
    const on = (name, act) => { this.model.on(`change:${name}`, act); this.ears.push([`change:${name}`, act]); };
    on("sheet", () => this.turn());
    on("picture_of", () => this.paint());
    on("picture", () => this.paint());
    on("words", () => this.paint());
    on("selected", () => this.mark());
    on("hits", () => this.sift());
    on("filters", () => this.sift());
    on("scope", () => this.sift());
    on("code", () => { this.code.textContent = this.model.get("code"); });
    on("reviews", () => this.markReviews());
    on("progress", () => this.markReviews());
    on("as_reviewed", () => this.markReviews());
    on("alert", () => { this.heard(); this.status(); });
    on("shelf", () => this.shelve());
    on("outline", () => this.grow());
    const heard = (message, buffers) => this.hear(message, buffers);
    this.model.on("msg:custom", heard);
    this.ears.push(["msg:custom", heard]);
    this.code.textContent = this.model.get("code");
  }

  ask(message) { this.model.send(message); }

  hear(message, buffers) {
    if (message.say === "detail") {
      this.details.set(message.id, message.detail);
      if (this.chosen() === message.id) this.describe();
    } else if (message.say === "raw" && message.id === this.chosen()) {
      this.write(this.blocks.get(message.id), message.text, "correct");
    } else if (message.say === "thumb" && message.document === this.model.get("document")) {
      const item = this.thumbs.get(message.page);
      if (!item) return;
      if (message.words) { item.title = message.words; return; }
      const url = URL.createObjectURL(new Blob([buffers[0]], { type: "image/webp" }));
      this.urls.thumbs.push(url);
      item.querySelector("img").src = url;
    }
  }

  // --- documents and pages

  shelve() {
    const shelf = this.model.get("shelf"), wanted = this.docFind.value.toLowerCase(), open = this.model.get("document");
    this.docFind.hidden = shelf.length < 13;
    const shown = shelf.filter(([id, name]) => id === open || name.toLowerCase().includes(wanted)).slice(0, 500);
    this.docs.replaceChildren(...shown.map(([id, name, pages]) =>
      h("option", { value: id, text: pages ? `${name} · ${many(pages, "page")}` : name, selected: id === open })));
    this.docs.disabled = shelf.length === 0;
    this.scope.querySelector("[value=all]").disabled = shelf.length < 2;
  }

  open(document, page) {
    this.model.set("document", document);
    this.model.save_changes();
    this.expect();
    if (page !== 1) this.go(page);
  }

  go(page) {
    const sheet = this.model.get("sheet");
    const wanted = clamp(page || 1, 1, sheet.pages || 1);
    this.number.value = wanted;
    if (wanted === this.model.get("page")) return;
    this.model.set("page", wanted);
    this.model.save_changes();
    this.expect();
  }

  expect() {
    this.root.classList.add("pq-waiting");
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      this.state.textContent = "The kernel has not answered: it is busy with a cell, or gone.";
    }, SILENT_AFTER);
  }

  heard() {
    clearTimeout(this.silence);
    this.root.classList.remove("pq-waiting");
  }

  turn() {
    const sheet = this.model.get("sheet"), began = performance.now();
    this.heard();
    const focus = this.focusPlace();
    const fresh = this.drawn !== sheet.document;
    this.blocks = new Map((sheet.blocks ?? []).map((block) => [block.i, block]));
    this.order = (sheet.blocks ?? []).map((block) => block.i);
    this.details.clear();
    this.pairs = new Map();
    this.drawBoxes(this.paper, sheet, this.boxes);
    this.drawBeside(sheet);
    this.drawRows(sheet);
    this.number.value = sheet.page ?? "";
    this.total.textContent = sheet.pages ? `of ${sheet.pages}` : "";
    this.prev.disabled = !(sheet.page > 1);
    this.next.disabled = !(sheet.page < sheet.pages);
    if (fresh) { this.drawn = sheet.document; this.shelve(); this.grow(); this.fillStrip(); }
    this.legend(sheet);
    this.fit();
    this.paint();
    this.sift();
    this.mark();
    this.markThumb();
    this.markReviews();
    if (focus && !(focus === "row" && this.list.dataset.hits)) this.focusOn(focus);
    this.status();
    this.root.dataset.drawMs = (performance.now() - began).toFixed(1);
  }

  paint() {
    const of = this.model.get("picture_of"), sheet = this.model.get("sheet"), words = this.model.get("words");
    const bytes = this.model.get("picture");
    const mine = of.length && of[0] === sheet.document && of[1] === sheet.page && bytes?.byteLength;
    const key = mine ? said([of, bytes.byteLength]) : "";
    if (key !== this.painted) {
      this.painted = key;
      const old = [this.urls.page, this.urls.beside], made = (content) => URL.createObjectURL(new Blob([content], { type: "image/webp" }));
      const other = this.model.get("picture_beside");
      this.urls.page = mine ? made(bytes) : null;
      this.urls.beside = mine && other?.byteLength ? made(other) : null;
      for (const [paper, url] of [[this.paper, this.urls.page], [this.beside, sheet.other?.same_file === false ? this.urls.beside : this.urls.page]]) {
        if (url) paper.image.src = url; else paper.image.removeAttribute("src");
        paper.image.alt = mine ? `Page ${sheet.page} of ${sheet.name}` : "";
      }
      for (const url of old) if (url) URL.revokeObjectURL(url);
      this.root.dataset.picture = mine ? `${of[1]}` : "";
    }
    this.paper.words.hidden = !words;
    this.paper.words.textContent = words;
    this.paper.sheet.classList.toggle("pq-drawing", !mine && !words && Boolean(sheet.document));
  }

  // --- boxes

  drawBoxes(paper, sheet, boxes) {
    boxes.clear();
    const [width, height] = sheet.size ?? [8.5, 11];
    paper.ratio = clamp(height / Math.max(width, 0.01), 0.05, 20);
    const H = 1000 * paper.ratio, all = sheet.blocks ?? [];
    paper.svg.setAttribute("viewBox", `0 0 1000 ${H}`);
    const area = (block) => (block.b[2] - block.b[0]) * (block.b[3] - block.b[1]);
    const nodes = [];
    all.forEach((block, at) => {
      const [x0, y0, x1, y1] = block.b;
      const rect = s("rect", { x: (x0 * 1000).toFixed(2), y: (y0 * H).toFixed(2), width: Math.max(1, (x1 - x0) * 1000).toFixed(2),
        height: Math.max(1, (y1 - y0) * H).toFixed(2), class: `pq-box pq-t-${block.t} pq-s-${block.s}`, role: "option", tabindex: -1,
        "aria-selected": "false", "aria-setsize": all.length, "aria-posinset": at + 1, "data-i": block.i,
        "aria-label": `${TYPES[block.t] ?? block.t}, ${block.s}, confidence ${block.c.toFixed(2)}${block.x ? ": " + block.x.slice(0, 80) : ""}` });
      boxes.set(block.i, rect);
      nodes.push([area(block), rect]);
    });
    // Small boxes lie on top of those that hold them.
    nodes.sort((a, b) => b[0] - a[0]);
    paper.svg.replaceChildren(...nodes.map(([, rect]) => rect));
    paper.svg.setAttribute("aria-label", `${many(all.length, "block")} on page ${sheet.page ?? 1}, in reading order`);
    if (all.length) boxes.get(all[0].i).setAttribute("tabindex", "0");
    this.roving.set(boxes, all[0]?.i);
  }

  drawBeside(sheet) {
    const compared = "pairs" in sheet;
    this.compare.hidden = !compared;
    this.beside.node.hidden = !compared || !sheet.other;
    this.paper.head.hidden = this.beside.head.hidden = !compared;
    if (!compared) return;
    if (!sheet.other) { this.state.textContent = "The other run has no document of this file."; return; }
    this.drawBoxes(this.beside, sheet.other, this.twins);
    this.others = new Map(sheet.other.blocks.map((block) => [block.i, block]));
    let differing = 0;
    this.back = new Map();
    for (const [first, second, state, differs, pieces] of sheet.pairs) {
      const pair = { first, second, state, differs, pieces };
      if (first) this.pairs.set(first, pair);
      if (second) this.back.set(second, pair);
      if (state !== "same") differing++;
      for (const rect of [this.boxes.get(first), this.twins.get(second)]) rect?.classList.add(`pq-d-${state}`);
    }
    this.paper.head.textContent = "this run";
    this.beside.head.textContent = "the other run";
    this.nextChange.textContent = differing ? `Next of ${many(differing, "difference")}` : "No difference";
    this.nextChange.disabled = !differing;
    this.arrange(this.layoutMode);
  }

  arrange(mode) {
    this.layoutMode = mode;
    this.root.classList.toggle("pq-over", mode === "over");
    const over = mode === "over";
    // Overlaid, the other run's boxes lie on the first page, without a page of their own.
    (over ? this.paper.sheet : this.beside.sheet).append(this.beside.svg);
    this.beside.svg.classList.toggle("pq-second", over);
    this.beside.node.hidden = over || !this.model.get("sheet").other;
    this.fit();
  }

  stepChange() {
    const list = this.model.get("sheet").pairs.filter(([, , state]) => state !== "same");
    const at = list.findIndex(([first, second]) => first === this.chosen() || second === this.foreign);
    const [first, second] = list[(at + 1) % list.length];
    if (first) this.choose(first, { reveal: true }); else this.chooseForeign(second);
  }

  pointing() {
    let from = null, moved = false;
    const boxAt = (event) => event.target.closest?.("[data-i]");
    this.stage.addEventListener("pointerdown", (event) => {
      if (event.button > 1 || event.pointerType === "touch") return;
      from = { x: event.clientX, y: event.clientY, left: this.stage.scrollLeft, top: this.stage.scrollTop, id: event.pointerId };
      moved = false;
    });
    this.stage.addEventListener("pointermove", (event) => {
      this.hovering(boxAt(event));
      if (!from) return;
      if (!moved && Math.hypot(event.clientX - from.x, event.clientY - from.y) < 5) return;
      if (!moved) { moved = true; this.stage.setPointerCapture(from.id); this.stage.classList.add("pq-panning"); }
      this.stage.scrollLeft = from.left - (event.clientX - from.x);
      this.stage.scrollTop = from.top - (event.clientY - from.y);
    });
    const end = () => { from = null; this.stage.classList.remove("pq-panning"); };
    this.stage.addEventListener("pointerup", end);
    this.stage.addEventListener("pointercancel", end);
    this.stage.addEventListener("pointerleave", () => this.hovering(null));
    this.stage.addEventListener("click", (event) => { if (moved) { moved = false; return; } this.clickBox(event); });
    this.stage.addEventListener("dblclick", (event) => { if (boxAt(event)) this.zoomToBlock(); });
    this.stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoomBy(Math.exp(-clamp(event.deltaY, -120, 120) / 300), event);
    }, { passive: false });
  }

  clickBox(event) {
    // What lies under the pointer, from the top; a second click takes what is beneath.
    const under = document.elementsFromPoint(event.clientX, event.clientY).filter((node) => this.stage.contains(node) && node.dataset?.i);
    if (!under.length) return;
    const at = under.findIndex((node) => node.getAttribute("aria-selected") === "true");
    const node = under[(at + 1) % under.length];
    if (this.beside.svg.contains(node)) this.chooseForeign(node.dataset.i);
    else this.choose(node.dataset.i, { from: "box", focus: true });
  }

  hovering(rect) {
    if (rect === this.hovered) return;
    this.hovered = rect;
    for (const paper of [this.paper, this.beside]) paper.hover.hidden = true;
    if (!rect) return;
    const mine = this.paper.svg.contains(rect), paper = mine ? this.paper : this.beside;
    const block = (mine ? this.blocks : this.others)?.get(rect.dataset.i);
    if (block) this.tagAt(paper, paper.hover, block);
  }

  tagAt(paper, tag, block) {
    tag.textContent = `${block.n + 1} · ${TYPES[block.t] ?? block.t}${block.l ? " " + block.l : ""} · ${block.s} · ${block.c.toFixed(2)}`;
    tag.style.setProperty("--c", `var(--pq-${block.t})`);
    tag.style.left = `${Math.min(block.b[0] * 100, 70)}%`;
    tag.style.top = `${block.b[1] * 100}%`;
    tag.classList.toggle("pq-under", block.b[1] < 0.03);
    tag.hidden = false;
  }

  // --- the list, the outline, the strip

  drawRows(sheet) {
    this.rows.clear();
    const rows = (sheet.blocks ?? []).map((block) => this.row(block, block.i));
    if (!this.list.dataset.hits) this.list.replaceChildren(...rows);
    if (rows.length) rows[0].setAttribute("tabindex", "0");
    this.roving.set(this.rows, this.order[0]);
  }

  row(block, id, place = "") {
    const node = h("div", { class: `pq-row pq-t-${block.t}`, role: "option", tabindex: -1, "aria-selected": "false", "data-i": id, "data-place": place },
      h("span", { class: `pq-mark pq-s-${block.s}`, title: `${block.s}: ${SOURCES[block.s]}`, "aria-hidden": "true" }),
      h("span", { class: "pq-row-type", text: TYPES[block.t] ?? block.t }),
      h("bdi", { class: "pq-row-text", text: block.x || "—" }),
      h("span", { class: `pq-row-sure${block.c < 0.7 ? " pq-low" : ""}`, text: block.c.toFixed(2), "aria-label": `${block.s}, confidence ${block.c.toFixed(2)}` }));
    if (!place) this.rows.set(id, node);
    return node;
  }

  clickRow(event) {
    const row = event.target.closest("[data-i]");
    if (!row) return;
    this.pick(row, { focus: true });
  }

  pick(row, how) {
    if (!row.dataset.place) { this.choose(row.dataset.i, { from: "row", reveal: true, ...how }); return; }
    const [document, page] = JSON.parse(row.dataset.place);
    const here = document === this.model.get("document") && page === this.model.get("page");
    this.model.set("selected", [document, row.dataset.i]);
    this.model.save_changes();
    if (here) this.reveal(); else this.expect();
    row.focus({ preventScroll: true });
  }

  listHits(hits) {
    const key = said(hits.rows);
    if (key === this.listed && this.list.dataset.hits) return;
    this.listed = key;
    this.list.dataset.hits = "true";
    const nodes = [];
    let last = "";
    const open = this.model.get("document"), names = new Map(this.model.get("shelf").map(([id, name]) => [id, name]));
    for (const [document, page, id, type, source, sure, text] of hits.rows) {
      const place = said([document, page]);
      if (place !== last) {
        nodes.push(h("div", { class: "pq-head", role: "presentation" }, bdi(document === open ? `page ${page}` : `${names.get(document) ?? document}, page ${page}`)));
        last = place;
      }
      nodes.push(this.row({ t: type, s: source, c: sure, x: text }, id, place));
    }
    if (hits.total > hits.rows.length) nodes.push(h("div", { class: "pq-head", text: `and ${many(hits.total - hits.rows.length, "more row")}: the code has them all` }));
    this.list.replaceChildren(...nodes);
    this.list.querySelector("[data-i]")?.setAttribute("tabindex", "0");
  }

  grow() {
    const outline = this.model.get("outline");
    let level = 0;
    this.tree.replaceChildren(...outline.map((one) => {
      if (one.l) level = one.l;
      const depth = one.l || level + 1;
      return h("div", { class: `pq-row pq-leaf pq-t-${one.t}`, role: "treeitem", tabindex: -1, "aria-level": depth, "aria-selected": "false",
        "aria-expanded": one.l ? "true" : null, "data-i": one.i, "data-page": one.p, "data-level": depth, style: `padding-left:${0.3 + 0.9 * (depth - 1)}em` },
      h("span", { class: "pq-twist", "aria-hidden": "true" }), h("span", { class: "pq-dot", title: TYPES[one.t], "aria-hidden": "true" }),
      h("bdi", { class: "pq-row-text", text: one.x || TYPES[one.t] }), h("span", { class: "pq-quiet pq-row-page", text: `p. ${one.p}` }));
    }));
    if (!outline.length) this.tree.append(h("div", { class: "pq-head", text: "No headings were found." }));
    this.tree.firstElementChild?.setAttribute("tabindex", "0");
    this.treeTab.textContent = outline.length ? `Outline ${outline.length}` : "Outline";
  }

  clickTree(event) {
    const item = event.target.closest("[data-i]");
    if (!item) return;
    if (event.target.closest(".pq-twist")) { this.fold(item, item.getAttribute("aria-expanded") === "true"); return; }
    this.goTo(item);
  }

  goTo(item) {
    this.model.set("selected", [this.model.get("document"), item.dataset.i]);
    this.model.save_changes();
    if (Number(item.dataset.page) !== this.model.get("page")) this.expect(); else this.reveal();
    item.focus({ preventScroll: true });
  }

  fold(item, folded) {
    if (!item.hasAttribute("aria-expanded")) return;
    item.setAttribute("aria-expanded", String(!folded));
    const level = Number(item.dataset.level);
    let inside = 99;
    for (let next = item.nextElementSibling; next && Number(next.dataset.level) > level; next = next.nextElementSibling) {
      const own = Number(next.dataset.level);
      if (own <= inside) inside = 99;
      next.hidden = folded || own > inside;
      if (!next.hidden && next.getAttribute("aria-expanded") === "false") inside = Math.min(inside, own);
    }
  }

  showTab(name) {
    this.tab = name;
    this.list.hidden = name !== "list";
    this.tree.hidden = name !== "tree";
    for (const [tab, own] of [[this.listTab, "list"], [this.treeTab, "tree"]]) {
      tab.setAttribute("aria-selected", String(own === name));
      tab.tabIndex = own === name ? 0 : -1;
    }
  }

  strip(shown) {
    this.stripped = shown;
    this.stripList.hidden = !shown;
    this.stripButton.setAttribute("aria-pressed", String(shown));
    this.fillStrip();
    this.markThumb();
  }

  fillStrip() {
    this.seen?.disconnect();
    this.urls.thumbs.splice(0).forEach((url) => URL.revokeObjectURL(url));
    this.thumbs.clear();
    if (!this.stripped) { this.stripList.replaceChildren(); return; }
    const { pages = 0, page = 1, document: name } = this.model.get("sheet");
    const first = pages > MOST_THUMBS ? clamp(page - MOST_THUMBS / 2, 1, pages - MOST_THUMBS) : 1;
    const wanted = new Set();
    let asking = 0;
    this.seen = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) { wanted.add(Number(entry.target.dataset.page)); this.seen.unobserve(entry.target); }
      clearTimeout(asking);
      asking = setTimeout(() => { if (wanted.size) this.ask({ ask: "thumbs", document: name, pages: [...wanted] }); wanted.clear(); }, 60);
    }, { root: this.stripList, rootMargin: "200px" });
    const items = [];
    for (let number = first; number <= Math.min(pages, first + MOST_THUMBS - 1); number++) {
      const item = h("div", { class: "pq-thumb", role: "option", tabindex: -1, "data-page": number, "aria-label": `Page ${number}`, "aria-selected": "false", onclick: () => this.go(number) },
        h("img", { alt: "", style: `aspect-ratio:${(1 / (this.paper.ratio || 1.3)).toFixed(4)}` }), h("span", { text: number }));
      this.thumbs.set(number, item);
      items.push(item);
      this.seen.observe(item);
    }
    this.stripList.replaceChildren(...items);
  }

  markThumb() {
    const page = this.model.get("page");
    for (const [number, item] of this.thumbs) {
      item.setAttribute("aria-selected", String(number === page));
      item.tabIndex = number === page ? 0 : -1;
    }
    this.thumbs.get(page)?.scrollIntoView({ block: "nearest" });
  }

  // --- selection

  chosen() {
    const selected = this.model.get("selected");
    return selected && selected[0] === this.model.get("document") ? selected[1] : null;
  }

  choose(id, { from = "", focus = false, reveal = false } = {}) {
    const began = performance.now();
    this.foreign = null;
    // Setting it rings "change:selected", which marks it everywhere.
    this.model.set("selected", id ? [this.model.get("document"), id] : null);
    if (reveal) this.reveal();
    if (focus) (from === "box" ? this.boxes : this.rows).get(id)?.focus({ preventScroll: from === "box" });
    this.model.save_changes();
    this.root.dataset.selectMs = (performance.now() - began).toFixed(1);
  }

  chooseForeign(id) {
    this.choose(null);
    this.foreign = id;
    for (const [own, rect] of this.twins) rect.classList.toggle("pq-selected", own === id);
    this.describe();
  }

  mark() {
    const id = this.chosen(), was = this.marked;
    for (const places of [this.boxes, this.rows]) {
      for (const [node, on] of [[places.get(was), false], [places.get(id), true]]) {
        if (!node) continue;
        this.lit(node, on);
      }
      if (places.get(id)) {
        places.get(this.roving.get(places))?.setAttribute("tabindex", "-1");
        places.get(id).setAttribute("tabindex", "0");
        this.roving.set(places, id);
      }
    }
    // The outline, and a list of hits, have nodes of their own for the same block.
    for (const host of this.list.dataset.hits ? [this.list, this.tree] : [this.tree]) {
      for (const node of host.querySelectorAll("[aria-selected=true]")) this.lit(node, false);
      if (id) for (const node of host.querySelectorAll(`[data-i="${CSS.escape(id)}"]`)) this.lit(node, true);
    }
    const pair = this.pairs?.get(id);
    for (const [own, rect] of this.twins) rect.classList.toggle("pq-selected", own === (pair?.second ?? this.foreign));
    this.marked = id;
    const block = this.blocks.get(id), row = this.rows.get(id);
    this.paper.tag.hidden = !block;
    if (block) this.tagAt(this.paper, this.paper.tag, block);
    if (row?.isConnected && !row.contains(document.activeElement)) this.scrollRow(row);
    this.describe();
  }

  lit(node, on) {
    node.setAttribute("aria-selected", String(on));
    node.classList.toggle("pq-selected", on);
  }

  scrollRow(row) {
    // Within the list alone: the notebook itself stays where it is.
    const host = row.parentElement, top = row.offsetTop - host.offsetTop;
    if (top < host.scrollTop || top + row.offsetHeight > host.scrollTop + host.clientHeight) host.scrollTop = top - host.clientHeight / 3;
  }

  reveal() {
    const rect = this.boxes.get(this.chosen());
    if (!rect) return;
    const box = rect.getBoundingClientRect(), stage = this.stage.getBoundingClientRect();
    if (box.top >= stage.top && box.bottom <= stage.bottom && box.left >= stage.left && box.right <= stage.right) return;
    this.stage.scrollTo({ left: this.stage.scrollLeft + box.left - stage.left - Math.max(20, (stage.width - box.width) / 2),
      top: this.stage.scrollTop + box.top - stage.top - Math.max(30, (stage.height - box.height) / 2), behavior: calm() ? "auto" : "smooth" });
  }

  describe() {
    this.urls.figures.splice(0).forEach((url) => URL.revokeObjectURL(url));
    const inside = this.detail !== document.activeElement && this.detail.contains(document.activeElement);
    const id = this.chosen(), foreign = this.foreign ? this.others?.get(this.foreign) : null;
    const block = foreign ?? this.blocks.get(id);
    const sheet = this.model.get("sheet");
    if (!block) {
      const total = sheet.blocks?.length ?? 0;
      this.detail.replaceChildren(h("p", { class: "pq-quiet pq-nothing", text: total ? "Choose a block: click its box, or a row of the list." : sheet.read === false && sheet.document ? "This page was not read." : "" }),
        ...(sheet.failures ?? []).map((text) => h("p", { class: "pq-failure", dir: "auto", text })));
      return;
    }
    const own = block.d ?? this.details.get(block.i);
    if (!own && !foreign) this.ask({ ask: "detail", document: sheet.document, id: block.i });
    const whole = this.details.get(block.i) ?? own;
    this.detail.replaceChildren(this.title(block), this.trust(block), this.difference(block, foreign) ?? "", 
      whole ? contentOf(whole, this.urls.figures) ?? h("p", { class: "pq-quiet", text: "It has no text of its own." }) : h("p", { class: "pq-quiet", text: "…" }),
      whole?.more ? h("button", { type: "button", class: "pq-button pq-wide", text: `Show all (${whole.more.toLocaleString("en")} more)`, onclick: () => this.ask({ ask: "detail", document: sheet.document, id: block.i, whole: true }) }) : "",
      this.reviewing(block, foreign), this.provenance(block));
    this.detail.scrollTop = 0;
    // What was pressed is made anew; the keyboard stays where it was.
    if (inside) this.detail.focus();
  }

  title(block) {
    const name = `${TYPES[block.t] ?? block.t}${block.l ? " " + block.l : ""}`;
    return h("div", { class: "pq-title" }, h("span", { class: `pq-badge pq-t-${block.t}`, text: name }),
      block.r ? h("span", { class: "pq-quiet", text: block.r.replaceAll("_", " ") }) : null,
      h("span", { class: "pq-quiet pq-end", text: `${block.n + 1} of ${this.order.length}` }));
  }

  trust(block) {
    const bar = h("div", { class: "pq-meter", role: "meter", "aria-label": "confidence", "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": block.c, "aria-valuetext": `${block.c.toFixed(2)}, ${sureness(block.c)}` },
      h("i", { style: `width:${(100 * clamp(block.c, 0, 1)).toFixed(1)}%`, class: block.c >= 0.9 ? "" : block.c >= 0.7 ? "pq-middling" : "pq-low" }));
    return h("div", { class: "pq-trust" },
      h("span", {}, h("span", { class: `pq-mark pq-s-${block.s}`, "aria-hidden": "true" }), h("strong", { text: block.s }), `: ${this.byPerson(block) ? "a person has changed it" : SOURCES[block.s]}`, block.p ? ` (${PROOFS[block.p] ?? block.p})` : ""),
      h("span", { class: "pq-sure" }, bar, h("span", { text: `${block.c.toFixed(2)} · ${sureness(block.c)}` })));
  }

  byPerson(block) {
    const changed = ["corrected", "split", "merged"];
    return block.s === "inferred" && this.model.get("as_reviewed") && this.said(block.i).some((one) => one.active && changed.includes(one.verdict));
  }

  difference(block, foreign) {
    const pair = foreign ? this.back?.get(block.i) : this.pairs?.get(block.i);
    if (!pair || pair.state === "same") return null;
    const words = foreign && pair.state === "only_second" ? "only in the other run" : pair.state === "changed" ? `differs in ${pair.differs.join(", ")}` : STATES[pair.state];
    return h("div", { class: "pq-difference" }, h("strong", { text: words }),
      pair.pieces.length ? h("div", { class: "pq-text", dir: "auto" }, ...pair.pieces.flatMap(([mark, text]) => [mark === "=" ? text : h(mark === "-" ? "del" : "ins", { text }), " "])) : null);
  }

  provenance(block) {
    const [x0, y0, x1, y1] = block.b, rows = [
      ["id", h("span", {}, h("code", { text: block.i }), button("Copy the id", "copy", () => this.copied(block.i)))],
      ["box", `${[x0, y0, x1, y1].map((v) => v.toFixed(3)).join(", ")}`],
      block.q?.[0] ? ["source", `${many(block.q[1], "character")} in ${many(block.q[0], "span")}${block.j ? `, ${many(block.j, "word")} joined over a line` : ""}`] : null,
    ].filter(Boolean);
    return h("dl", { class: "pq-facts" }, ...rows.flatMap(([name, value]) => [h("dt", { text: name }), h("dd", {}, value)]));
  }

  // --- what people say

  said(id) { return this.model.get("reviews").filter((one) => one.ids.includes(id)); }

  review(verb, more = {}) {
    const id = this.chosen();
    if (id) this.ask({ ask: "review", verb, ids: [id], ...more });
  }

  reviewing(block, foreign) {
    if (foreign || !this.model.get("progress").length) return "";
    const act = (label, what, key, run) => h("button", { type: "button", class: "pq-button pq-wide", text: label, title: `${what}${key ? ` (${key})` : ""}`, onclick: run });
    const hasText = TEXT_TYPES.includes(block.t);
    const retype = hasText ? h("select", { "aria-label": "Type of the block", onchange: (event) => this.review("retype", { type: event.target.value }) },
      ...TEXT_TYPES.map((type) => h("option", { value: type, text: TYPES[type], selected: type === block.t }))) : null;
    const buttons = h("div", { class: "pq-acts" }, act("Accept", "It is right as it is", "a", () => this.review("accept")),
      hasText || block.t === "table" || block.t === "formula" ? act("Correct", block.t === "table" ? "Correct a cell" : "Correct its text", "c", () => this.correct(block)) : null,
      retype, hasText ? act("Merge with next", "It and the next block are one", "", () => this.mergeNext(block)) : null,
      act("No block", "It should not be there", "", () => this.review("reject")), act("Note", "Write a remark", "", () => this.write(block, "", "note")),
      act("Next", "The next block that nobody has looked at", "n", () => this.ask({ ask: "next" })));
    const history = this.said(block.i).map((one) => h("li", { class: one.active ? "" : "pq-undone" },
      h("strong", { text: one.verdict }), " by ", bdi(one.who || "somebody"), `, ${one.at}`,
      one.verdict !== "accepted" && one.was ? h("div", { class: "pq-text", dir: "auto" }, one.verdict === "noted" ? "" : h("del", { text: one.was }), " ", one.now ? h(one.verdict === "noted" ? "span" : "ins", { text: one.now }) : "") : one.now ? h("div", { class: "pq-text", dir: "auto", text: one.now }) : "",
      one.active ? h("button", { type: "button", class: "pq-link", text: "undo", onclick: () => this.ask({ ask: "undo", id: one.id }) }) : " (undone)"));
    this.writing = h("div", { class: "pq-writing", hidden: true });
    return h("div", { class: "pq-review", role: "group", "aria-label": "Review" }, buttons, this.writing, history.length ? h("ul", { class: "pq-history" }, ...history) : null);
  }

  correct(block) {
    if (block.t !== "table") { this.ask({ ask: "raw", id: block.i }); return; }
    const cells = [...this.detail.querySelectorAll(".pq-grid :is(td, th)[data-cell]")];
    for (const cell of cells) {
      cell.tabIndex = 0;
      cell.classList.add("pq-open");
      cell.onclick = () => this.writeCell(cell);
      cell.onkeydown = (event) => { if (event.key === "Enter" && event.target === cell) { this.writeCell(cell); this.took(event); } };
    }
    cells[0]?.focus();
    this.state.textContent = "Choose the cell that is wrong: click it, or Tab and Enter.";
  }

  writeCell(cell) {
    if (cell.querySelector("input")) return;
    const [row, column] = JSON.parse(cell.dataset.cell), was = cell.textContent;
    const input = h("input", { value: was, "aria-label": `cell in row ${row + 1}, column ${column + 1}` });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { this.took(event); this.review("cell", { row, column, text: input.value }); }
      if (event.key === "Escape") { this.took(event); cell.textContent = was; cell.focus(); }
    });
    cell.replaceChildren(input);
    input.focus();
    input.select();
  }

  write(block, text, verb) {
    const area = h("textarea", { "aria-label": verb === "note" ? "Note" : "The right text", rows: clamp(text.split("\n").length + 1, 3, 14), dir: "auto" });
    area.value = text;
    const close = () => { this.writing.hidden = true; this.writing.replaceChildren(); this.detail.focus(); };
    const save = () => this.review(verb, { text: area.value });
    // Python counts characters, the browser halves of some.
    const split = () => this.review("split", { offset: [...area.value.slice(0, area.selectionStart)].length });
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { this.took(event); save(); }
      if (event.key === "Escape") { this.took(event); close(); }
    });
    this.writing.replaceChildren(area, h("div", { class: "pq-acts" }, h("button", { type: "button", class: "pq-button pq-wide pq-first", text: "Save", title: "Ctrl+Enter", onclick: save }),
      verb === "correct" && TEXT_TYPES.includes(block.t) ? h("button", { type: "button", class: "pq-button pq-wide", text: "Split at the cursor", title: "What follows the cursor is a block of its own", onclick: split }) : null,
      h("button", { type: "button", class: "pq-button pq-wide", text: "Cancel", title: "Esc", onclick: close })));
    this.writing.hidden = false;
    area.focus();
  }

  mergeNext(block) {
    const next = this.order[this.order.indexOf(block.i) + 1];
    if (next) this.ask({ ask: "review", verb: "merge", ids: [block.i, next] });
    else this.state.textContent = "There is no block after it on this page.";
  }

  markReviews() {
    const now = new Map();
    for (const one of this.model.get("reviews")) if (one.active) for (const id of one.ids) if (one.verdict !== "noted" || !now.has(id)) now.set(id, one.verdict);
    for (const [id, row] of this.rows) row.dataset.verdict = now.get(id) ?? "";
    const progress = this.model.get("progress");
    this.versionLabel.hidden = !(progress.length && progress[0]);
    this.version.checked = this.model.get("as_reviewed");
    this.describe();
    this.status();
  }

  async copied(text) {
    await copyText(text, this.root);
    this.state.textContent = "Copied.";
    setTimeout(() => this.status(), 1500);
  }

  // --- filters

  legend(sheet) {
    const counts = (key) => (sheet.blocks ?? []).reduce((sum, block) => sum.set(block[key], (sum.get(block[key]) ?? 0) + 1), new Map());
    const types = counts("t"), sources = counts("s"), filters = this.model.get("filters");
    const kept = new Set([...types.keys(), ...(filters.type ?? [])]);
    this.chips.replaceChildren(...Object.keys(TYPES).filter((type) => kept.has(type)).map((type) =>
      this.chip("type", type, h("i", { class: `pq-swatch pq-t-${type}` }), TYPES[type], types.get(type) ?? 0)));
    this.lines.replaceChildren(...Object.keys(SOURCES).map((source) =>
      this.chip("text_source", source, h("i", { class: `pq-mark pq-s-${source}` }), source, sources.get(source) ?? 0, SOURCES[source])));
    this.showFilters();
  }

  chip(name, value, sign, label, count, title = "") {
    return h("button", { type: "button", class: "pq-chip", "data-name": name, "data-value": value, "aria-pressed": "false", title: title || `Only ${label}; click more to add`,
      onclick: () => this.toggle(name, value) }, sign, label, h("span", { class: "pq-count", text: count.toLocaleString("en") }));
  }

  toggle(name, value) {
    const wanted = new Set(this.model.get("filters")[name] ?? []);
    if (!wanted.delete(value)) wanted.add(value);
    this.narrow({ [name]: wanted.size ? [...wanted] : null });
  }

  narrow(change) {
    const filters = change === null ? {} : { ...this.model.get("filters"), ...change };
    for (const [name, value] of Object.entries(filters)) if (!value || value.length === 0) delete filters[name];
    this.model.set("filters", filters);
    if (change === null) this.model.set("scope", "page");
    this.model.save_changes();
  }

  leastWords() { return Number(this.least.value) ? `at least ${Number(this.least.value).toFixed(2)}` : "any"; }

  showFilters() {
    const filters = this.model.get("filters");
    for (const chip of this.root.querySelectorAll(".pq-chip")) {
      const asked = filters[chip.dataset.name];
      chip.setAttribute("aria-pressed", String(Boolean(asked?.includes(chip.dataset.value))));
      chip.classList.toggle("pq-faded", Boolean(asked) && !asked.includes(chip.dataset.value));
    }
    if (document.activeElement !== this.find) this.find.value = filters.text ?? "";
    this.least.value = filters.min_confidence ?? 0;
    this.leastSaid.textContent = this.leastWords();
    this.scope.value = this.model.get("scope");
    this.clear.disabled = !Object.keys(filters).length && this.model.get("scope") === "page";
  }

  sift() {
    const filters = this.model.get("filters"), scope = this.model.get("scope"), hits = this.model.get("hits");
    const now = said([filters, scope, this.model.get("document"), this.model.get("page")]);
    const exact = hits.for && said(hits.for) === now;
    const text = (filters.text ?? "").toLowerCase(), here = exact ? new Set(hits.here) : null;
    const pages = filters.page === undefined ? null : [filters.page].flat();
    let left = 0;
    for (const id of this.order) {
      const block = this.blocks.get(id);
      const passes = here ? here.has(id) : (!filters.type || filters.type.includes(block.t)) && (!filters.text_source || filters.text_source.includes(block.s))
        && block.c >= (filters.min_confidence ?? 0) && (!text || block.x.toLowerCase().includes(text) || (block.d?.text ?? "").toLowerCase().includes(text))
        && (!pages || pages.includes(this.model.get("page")));
      this.boxes.get(id).classList.toggle("pq-gone", !passes);
      this.rows.get(id).classList.toggle("pq-gone", !passes);
      left += passes;
    }
    if (exact && scope !== "page") {
      this.listHits(hits);
      this.mark();
    } else if (this.list.dataset.hits && scope === "page") {
      delete this.list.dataset.hits;
      this.list.replaceChildren(...this.order.map((id) => this.rows.get(id)));
    }
    const narrow = Object.keys(filters).length > 0;
    this.counted.textContent = exact && scope !== "page" ? `${hits.total.toLocaleString("en")} of ${hits.of.toLocaleString("en")}` : narrow ? `${left} of ${this.order.length}` : many(this.order.length, "block");
    for (const [number, item] of this.thumbs) item.dataset.hits = exact && scope !== "page" && hits.pages[number] ? hits.pages[number] : "";
    this.showFilters();
  }

  // --- zoom

  fit() {
    const gap = 28, beside = !this.beside.node.hidden;
    const wide = (this.stage.clientWidth - gap) / (beside ? 2 : 1) - (beside ? 8 : 0), high = this.stage.clientHeight - gap - (this.paper.head.hidden ? 0 : 22);
    if (wide <= 0) return;
    if (this.zoom.mode === "width") this.zoom.width = wide;
    if (this.zoom.mode === "page") this.zoom.width = Math.min(wide, high / this.paper.ratio);
    this.zoom.width = clamp(this.zoom.width, 80, 12000);
    for (const paper of [this.paper, this.beside]) {
      paper.sheet.style.width = `${this.zoom.width}px`;
      paper.sheet.style.height = `${this.zoom.width * (this.paper.ratio ?? 1.3)}px`;
    }
    const inches = this.model.get("sheet").size?.[0] ?? 8.5;
    this.scale.textContent = `${Math.round((100 * this.zoom.width) / (96 * Math.max(inches, 0.1)))} %`;
    this.sharpen();
  }

  sharpen() {
    // A page that is looked at closely gets twice the pixels, once it stays so.
    const of = this.model.get("picture_of");
    clearTimeout(this.sharpening);
    const wanted = this.zoom.width * devicePixelRatio;
    if (of.length && wanted > of[2] * 1.35 && of[2] < 2400) this.sharpening = setTimeout(() => this.ask({ ask: "sharper", width: 2400 }), 400);
  }

  fitTo(mode) { this.zoom.mode = mode; this.fit(); this.stage.scrollTo(0, mode === "page" ? 0 : this.stage.scrollTop); }

  zoomBy(factor, at = null) {
    const stage = this.stage.getBoundingClientRect(), paper = this.paper.sheet.getBoundingClientRect();
    const x = at ? at.clientX : stage.left + stage.width / 2, y = at ? at.clientY : stage.top + stage.height / 2;
    const share = [(x - paper.left) / paper.width, (y - paper.top) / paper.height];
    this.zoom = { mode: "free", width: clamp(this.zoom.width * factor, 80, 12000) };
    this.fit();
    const after = this.paper.sheet.getBoundingClientRect();
    this.stage.scrollLeft += after.left + share[0] * after.width - x;
    this.stage.scrollTop += after.top + share[1] * after.height - y;
  }

  zoomToBlock() {
    const block = this.blocks.get(this.chosen());
    if (!block) return;
    const [x0, y0, x1, y1] = block.b, stage = this.stage;
    const byWidth = (stage.clientWidth * 0.86) / Math.max(x1 - x0, 0.02), byHeight = (stage.clientHeight * 0.8) / Math.max((y1 - y0) * this.paper.ratio, 0.02);
    const inches = this.model.get("sheet").size?.[0] ?? 8.5;
    this.zoom = { mode: "free", width: clamp(Math.min(byWidth, byHeight), 80, 2.5 * 96 * inches) };
    this.fit();
    const paper = this.paper.sheet.getBoundingClientRect(), view = stage.getBoundingClientRect();
    stage.scrollLeft += paper.left - view.left + ((x0 + x1) / 2) * paper.width - view.width / 2;
    stage.scrollTop += paper.top - view.top + ((y0 + y1) / 2) * paper.height - view.height / 2;
  }

  // --- keys

  took(event) { event.preventDefault(); event.stopPropagation(); }

  focusPlace() {
    const active = document.activeElement;
    if (this.paper.svg.contains(active)) return "box";
    if (this.list.contains(active)) return "row";
    return this.stripList.contains(active) ? "thumb" : null;
  }

  focusOn(place) {
    if (place === "thumb") { this.thumbs.get(this.model.get("page"))?.focus(); return; }
    const places = place === "box" ? this.boxes : this.rows;
    const first = this.visible()[0];
    (places.get(this.chosen()) ?? places.get(first))?.focus({ preventScroll: true });
  }

  visible() { return this.order.filter((id) => !this.rows.get(id).classList.contains("pq-gone")); }

  key(event) {
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (event.key === "Escape") { this.escape(event); return; }
    if (typing && !["PageUp", "PageDown"].includes(event.key)) { event.stopPropagation(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // The notebook would delete or move its cells: no plain key that is pressed here reaches it.
    event.stopPropagation();
    if (this.moveKey(event) || this.plainKey(event)) this.took(event);
  }

  plainKey(event) {
    const page = this.model.get("page");
    const acts = {
      PageUp: () => this.go(page - 1), PageDown: () => this.go(page + 1), "+": () => this.zoomBy(1.25), "=": () => this.zoomBy(1.25),
      "-": () => this.zoomBy(1 / 1.25), 0: () => this.fitTo("width"), w: () => this.fitTo("width"), f: () => this.fitTo("page"), z: () => this.zoomToBlock(),
      ...(this.model.get("progress").length ? { a: () => this.review("accept"), n: () => this.ask({ ask: "next" }),
        c: () => this.blocks.get(this.chosen()) && this.correct(this.blocks.get(this.chosen())) } : {}),
      "/": () => this.find.focus(), "?": () => { this.help.hidden = !this.help.hidden; }, t: () => this.strip(!this.stripped),
    };
    acts[event.key]?.();
    return event.key in acts;
  }

  moveKey(event) {
    const place = this.focusPlace();
    if (this.tree.contains(document.activeElement)) return this.treeKey(event);
    if (!place) return false;
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (place === "thumb") { if (step) this.go(this.model.get("page") + clamp(step, -1e6, 1e6)); return Boolean(step) || ["Enter", " "].includes(event.key); }
    if (event.key === "Enter" || event.key === " ") { this.enter(place); return true; }
    if (!step) return false;
    if (place === "row" && this.list.dataset.hits) { this.stepHits(step); return true; }
    const ids = this.visible(), now = document.activeElement.dataset.i;
    const next = ids[clamp(ids.indexOf(now) + (this.chosen() === now || Math.abs(step) > 1 ? step : 0), 0, ids.length - 1)];
    if (next) this.choose(next, { from: place, focus: true, reveal: true });
    return true;
  }

  stepHits(step) {
    const rows = [...this.list.querySelectorAll("[data-i]")], at = rows.indexOf(document.activeElement);
    const next = rows[clamp(at + step, 0, rows.length - 1)];
    rows[at]?.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }

  treeKey(event) {
    const items = [...this.tree.querySelectorAll("[data-i]")].filter((item) => !item.hidden), now = document.activeElement, at = items.indexOf(now);
    const open = now.getAttribute("aria-expanded");
    if (event.key === "ArrowRight" && open === "false") this.fold(now, false);
    else if (event.key === "ArrowLeft" && open === "true") this.fold(now, true);
    else if (event.key === "Enter" || event.key === " ") this.goTo(now);
    else {
      const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
      if (!step) return false;
      const next = items[clamp(at + step, 0, items.length - 1)];
      now.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
    return true;
  }

  enter(place) {
    const active = document.activeElement;
    if (active.dataset.place) { this.pick(active, {}); return; }
    if (this.chosen() !== active.dataset.i) this.choose(active.dataset.i, { from: place, reveal: true });
    this.cameFrom = place;
    this.detail.focus();
  }

  escape(event) {
    if (!this.help.hidden) this.help.hidden = true;
    else if (event.target === this.find && this.find.value) { this.find.value = ""; this.narrow({ text: "" }); }
    else if (this.detail.contains(document.activeElement)) this.focusOn(this.cameFrom ?? "row");
    else if (document.activeElement === this.find) this.focusOn("row");
    else if (this.chosen()) this.choose(null);
    else return;
    this.took(event);
  }

  // --- words

  status() {
    const alert = this.model.get("alert"), sheet = this.model.get("sheet");
    this.alert.hidden = !alert;
    this.alert.textContent = alert;
    const failures = sheet.failures?.length ? ` · ${many(sheet.failures.length, "problem")} on this page` : "";
    const [seen, all, wrong] = this.model.get("progress"), done = seen ? ` · ${seen.toLocaleString("en")} of ${many(all, "block")} reviewed, ${wrong} wrong` : "";
    const verified = (sheet.blocks ?? []).filter((block) => block.s === "verified").length;
    this.state.textContent = sheet.document ? `Page ${sheet.page} of ${sheet.pages} · ${many(sheet.blocks.length, "block")}, ${verified} verified${failures}${done}` : "";
  }

  close() {
    clearTimeout(this.silence);
    clearTimeout(this.sharpening);
    this.ears.forEach(([name, act]) => this.model.off(name, act));
    this.resized.disconnect();
    this.seen?.disconnect();
    for (const url of [this.urls.page, this.urls.beside, ...this.urls.thumbs, ...this.urls.figures]) if (url) URL.revokeObjectURL(url);
    this.root.remove();
  }
}

export default {
  render({ model, el }) {
    const view = new View(model, el);
    return () => view.close();
  },
};
