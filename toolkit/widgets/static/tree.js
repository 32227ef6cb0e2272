// A tree of folders and files whose branches are asked for when they are opened.

/** `open(place)` asks for a folder, `pick(place)` ticks or unticks; `picked()` are those that are. */
function tree({ open, pick, picked }) {
  const node = make("ul", { id: `pq${Math.random().toString(36).slice(2, 9)}`, role: "tree", class: "pq-tree", "aria-label": "Files", tabindex: 0 });
  const items = new Map();
  let current = null;

  function item(entry, level) {
    const mark = make("input", { type: "checkbox", tabindex: -1, "aria-hidden": "true" });
    const sign = make("span", { class: "pq-fold", "aria-hidden": "true" }, entry.folder ? "▸" : "");
    const row = make("div", { class: "pq-leaf" }, sign, mark,
      make("span", { class: entry.folder ? "pq-folder" : "" }, entry.name),
      make("span", { class: "pq-quiet pq-size" }, entry.folder ? "" : bulk(entry.size)));
    const branch = entry.folder ? make("ul", { role: "group", hidden: true }) : null;
    const line = make("li", {
      role: "treeitem", id: `${node.id}-${items.size}`, "aria-level": level, "aria-selected": "false",
      "aria-label": entry.folder ? `${entry.name}, folder` : entry.name,
    }, row, ...(branch ? [branch] : []));
    row.style.paddingInlineStart = `${(level - 1) * 18 + 6}px`;
    if (branch) line.setAttribute("aria-expanded", "false");
    const made = { ...entry, level, line, row, branch, mark, sign, loaded: false };
    sign.addEventListener("click", (event) => { event.stopPropagation(); go(made); fold(made); });
    mark.addEventListener("click", (event) => { event.preventDefault(); event.stopPropagation(); go(made); pick(entry.place); });
    row.addEventListener("click", () => { go(made); if (entry.folder) fold(made); else pick(entry.place); });
    items.set(entry.place, made);
    return made;
  }

  function fold(made, open_it = made.branch?.hidden) {
    if (!made.branch) return;
    made.branch.hidden = !open_it;
    made.line.setAttribute("aria-expanded", String(open_it));
    write(made.sign, open_it ? "▾" : "▸");
    if (open_it && !made.loaded) open(made.place);
  }

  function go(made) {
    current?.row.classList.remove("pq-active");
    current = made ?? null;
    if (!made) return;
    made.row.classList.add("pq-active");
    node.setAttribute("aria-activedescendant", made.line.id);
    made.row.scrollIntoView({ block: "nearest" });
  }

  function seen() {
    return [...node.querySelectorAll("li")].filter((li) => !li.parentElement.closest("[hidden]"))
      .map((li) => [...items.values()].find((one) => one.line === li)).filter(Boolean);
  }

  function step(by) {
    const all = seen();
    const at = all.indexOf(current);
    go(all[Math.max(0, Math.min(all.length - 1, at + by))]);
  }

  const KEYS = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Home: () => step(-1e6),
    End: () => step(1e6),
    ArrowRight: () => (current?.branch && current.branch.hidden ? fold(current, true) : step(1)),
    ArrowLeft: () => {
      if (current?.branch && !current.branch.hidden) return fold(current, false);
      const parent = current && items.get(current.place.split("/").slice(0, -1).join("/"));
      return parent && go(parent);
    },
    " ": () => current && pick(current.place),
    Enter: () => (current?.branch ? fold(current) : current && pick(current.place)),
  };
  node.addEventListener("keydown", (event) => {
    if (!KEYS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    KEYS[event.key]();
    event.preventDefault();
    event.stopPropagation();
  });
  node.addEventListener("focus", () => { if (!current) step(0); });

  function mark_all() {
    const chosen = picked();
    for (const made of items.values()) {
      const yes = chosen.has(made.place);
      made.mark.checked = yes;
      made.line.setAttribute("aria-selected", String(yes));
      made.row.classList.toggle("pq-picked", yes);
    }
  }

  return {
    node,
    take({ place, entries, more }) {
      const parent = items.get(place);
      const group = parent ? parent.branch : node;
      if (parent) parent.loaded = true;
      const level = parent ? parent.level + 1 : 1;
      group.replaceChildren(...entries.map((entry) => item(entry, level).line));
      if (!entries.length) group.append(make("li", { class: "pq-quiet pq-note" }, "nothing to show in here"));
      if (more) group.append(make("li", { class: "pq-quiet pq-note" }, `and ${count(more)} more: a pattern finds them`));
      mark_all();
    },
    mark_all,
  };
}
