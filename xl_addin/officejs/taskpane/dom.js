/** Elements of the page. Text goes in as text, never as markup. */

export const $ = (id) => document.getElementById(id);

/** An element with attributes, properties (functions begin with `on`) and children; null children are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Fill in the texts of the page: `data-text` names one, `data-title` and its like one for an attribute. */
export function fillTexts(strings) {
  const text = (path) => path.split(".").reduce((found, key) => found[key], strings);
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = text(one.dataset.text);
  for (const name of ["title", "aria-label", "placeholder"]) {
    for (const one of document.querySelectorAll(`[data-${name}]`)) one.setAttribute(name, text(one.getAttribute(`data-${name}`)));
  }
}

/** A message in the pane, until the next one: level information, warning or error; "" takes it away. */
export function notify(text, level = "information") {
  const notice = $("notice");
  notice.hidden = !text;
  notice.dataset.level = level;
  notice.textContent = text;
}

/** The options of a select; the one that was chosen stays chosen if it is still there. */
export function fillSelect(select, options, chosen = select.value) {
  select.replaceChildren(...options.map(({ value, label }) => element("option", { value }, label)));
  select.value = options.some(({ value }) => value === chosen) ? chosen : (options[0]?.value ?? "");
}
