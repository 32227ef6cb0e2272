// A form out of a JSON Schema: a control for each property; what JSON alone can say is written so.

function field(label, control, help) {
  const id = `pq${Math.random().toString(36).slice(2, 9)}`;
  control.id = id;
  const told = help ? make("span", { class: "pq-quiet pq-help", id: `${id}-help` }, help) : null;
  if (told) control.setAttribute("aria-describedby", told.id);
  return make("div", { class: "pq-field" }, make("label", { for: id }, label), control, ...(told ? [told] : []));
}

function control_of(name, schema) {
  if (schema.enum) {
    const node = make("select", {}, ...schema.enum.map((value) => make("option", { value: String(value) }, String(value))));
    node.value = String(schema.default ?? schema.enum[0]);
    return { node, read: () => schema.enum.find((value) => String(value) === node.value) };
  }
  if (schema.type === "boolean") {
    const node = make("input", { type: "checkbox" });
    node.checked = Boolean(schema.default);
    return { node, read: () => node.checked };
  }
  if (schema.type === "integer" || schema.type === "number") {
    const node = make("input", { type: "number", step: schema.type === "integer" ? 1 : "any", min: schema.minimum, max: schema.maximum, value: schema.default });
    return { node, read: () => (node.value === "" ? undefined : Number(node.value)) };
  }
  if (schema.type === "array" && schema.items?.type === "string") {
    const node = make("input", { type: "text", value: (schema.default ?? []).join(", ") });
    return { node, read: () => node.value.split(",").map((word) => word.trim()).filter(Boolean) };
  }
  if (schema.type === "string") {
    const node = make("input", { type: schema.writeOnly ? "password" : "text", value: schema.default ?? "", autocomplete: "off" });
    return { node, read: () => (node.value === "" ? undefined : node.value) };
  }
  const node = make("textarea", { rows: 2, spellcheck: "false" });
  node.value = schema.default === undefined || schema.default === null ? "" : JSON.stringify(schema.default);
  return {
    node,
    read() {
      if (!node.value.trim()) return undefined;
      try { return JSON.parse(node.value); } catch { throw new Error(`${name}: this is not JSON`); }
    },
  };
}

/** The controls of *schema*; `read()` gives what differs from the defaults, as an object or text. */
function form_of(schema) {
  if (!schema) {
    const node = make("textarea", { rows: 3, spellcheck: "false", placeholder: '{"name": "value"}' });
    return { node: field("Options, as JSON", node, "This tool does not say which options it takes."), read: () => node.value };
  }
  const controls = Object.entries(schema.properties ?? {}).map(([name, one]) => {
    const control = control_of(name, one);
    const label = one.title ?? name.replaceAll("_", " ");
    return { name, one, ...control, box: field(label, control.node, one.description) };
  });
  const node = make("div", { class: "pq-fields" }, ...controls.map((one) => one.box));
  return {
    node: controls.length ? node : make("div", { class: "pq-quiet" }, "This tool has no options."),
    read() {
      const found = {};
      for (const { name, one, read } of controls) {
        const value = read();
        if (value !== undefined && JSON.stringify(value) !== JSON.stringify(one.default)) found[name] = value;
      }
      return found;
    },
  };
}
