// One place in the gallery: an image's thumbnail, or why there is none.

import { make, put } from "./dom.js"
import { number, plain } from "./format.js"

export class Tile {
  #index = -1
  #shown = "" // the thumbnail that is wanted, and
  #loaded = "" // the one that was asked for

  constructor(column) {
    this.root = make("div", "", { className: "tile", role: "gridcell" })
    this.root.setAttribute("aria-colindex", column + 1)
    this.image = make("img", "", { alt: "", decoding: "async", hidden: true })
    this.text = make("span")
    this.root.append(this.image, this.text)
    this.image.addEventListener("load", () => { this.image.hidden = false })
    this.image.addEventListener("error", () => this.#fail())
  }

  show(index, item, current) {
    if (index !== this.#index) this.#move(index)
    this.root.hidden = false
    this.root.classList.toggle("current", current)
    const status = item?.status ?? "none"
    if (this.root.dataset.status !== status) this.root.dataset.status = status
    this.root.setAttribute("aria-label", described(index, item))
    this.#shown = item?.thumbnail ?? ""
    if (this.#shown !== this.#loaded && this.#loaded) this.#clear()
    put(this.text, item && item.status !== "saved" ? item.code ?? item.status : this.image.dataset.none ?? "")
  }

  hide() {
    this.root.hidden = true
    this.#shown = ""
    if (this.#loaded) this.#clear()
  }

  /** Ask for the thumbnail. */
  load() {
    if (!this.#shown || this.#shown === this.#loaded || this.root.hidden) return
    this.#loaded = this.#shown
    this.image.src = this.#shown
  }

  #move(index) {
    this.#index = index
    this.root.dataset.index = index
    this.root.id = `tile-${index}`
    this.#clear()
  }

  #clear() {
    this.#loaded = ""
    this.image.hidden = true
    delete this.image.dataset.none
    this.image.removeAttribute("src") // what is not in view any more is not waited for
  }

  #fail() {
    this.image.hidden = true
    this.image.dataset.none = "no preview"
    put(this.text, "no preview")
  }
}

function described(index, item) {
  const name = `Image ${number(index + 1)}`
  if (!item) return `${name}: not there yet`
  if (item.status !== "saved") return `${name}: ${item.status}, ${plain(item.code ?? "", 60)}`
  const pixels = item.width ? `, ${item.width} by ${item.height} pixels` : ""
  return `${name}: ${plain(item.format ?? "saved", 20)}${pixels}`
}
