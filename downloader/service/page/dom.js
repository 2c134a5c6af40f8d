// Making and changing elements. Values go in as text, and in no other way.

/** Stamp a template: gives its root, and by name the places marked with data-at. */
export function stamp(id) {
  const root = document.getElementById(id).content.firstElementChild.cloneNode(true)
  const marked = [root, ...root.querySelectorAll("[data-at]")].filter(each => each.dataset.at)
  return { root, at: Object.fromEntries(marked.map(each => [each.dataset.at, each])) }
}

/** Make an element. */
export function make(name, text = "", properties = {}) {
  const made = Object.assign(document.createElement(name), properties)
  if (text) made.textContent = text
  return made
}

/** Put a text in its place, and leave the place alone where it stands there already. */
export function put(place, text) {
  const said = String(text)
  if (place.textContent !== said) place.textContent = said
}

/** Children of an element by key: what stays keeps its element, and with it focus and what is unfolded. */
export class Rows {
  #rows = new Map()

  /** `build()` gives {root, show(value)}. */
  constructor(parent, build) {
    this.parent = parent
    this.build = build
  }

  show(values, keyOf) {
    const kept = new Map()
    for (const value of values) {
      const row = this.#rows.get(keyOf(value)) ?? this.build()
      kept.set(keyOf(value), row)
      row.show(value)
    }
    for (const [key, row] of this.#rows) if (!kept.has(key)) row.root.remove()
    this.#rows = kept
    this.#order([...kept.values()])
  }

  #order(rows) {
    rows.forEach((row, at) => {
      const there = this.parent.children[at]
      if (there !== row.root) this.parent.insertBefore(row.root, there ?? null)
    })
  }
}
