// The dialog with one image: its thumbnail, and what the manifest says of it.

import { make, put } from "./dom.js"
import { many, number, plain, seconds, size } from "./format.js"

const at = name => document.getElementById(name ? `picture-${name}` : "picture")
let around = null

/** Open it; `list.step(by)` gives the item before or after. */
export function open(item, list) {
  around = list
  show(item)
  at().showModal()
}

function step(by) {
  show(around.step(by))
}

function show(item) {
  put(at("title"), `Image ${number(item.index + 1)}`)
  const image = at("image")
  image.hidden = !item.thumbnail
  if (item.thumbnail) image.src = item.thumbnail
  else image.removeAttribute("src")
  put(at("none"), item.thumbnail ? "" : item.status ? plain(item.code ?? item.status) : "not there yet")
  at("original").hidden = !item.original
  at("original").href = item.original ?? "#"
  at("before").disabled = item.index === 0
  at("after").disabled = item.index === around.count - 1
  at("facts").replaceChildren(...facts(item))
}

function* facts(item) {
  const told = {
    URL: item.url,
    "In the end": item.final_url === item.url ? null : item.final_url,
    Status: item.status,
    Cause: item.code && item.detail ? `${item.code}: ${item.detail}` : item.code,
    Size: item.bytes === null || item.bytes === undefined ? null : size(item.bytes),
    Pixels: item.width ? `${number(item.width)} × ${number(item.height)}` : null,
    Format: item.format,
    Took: item.attempts ? `${seconds(item.seconds)} in ${many(item.attempts, "attempt")}` : null,
    "Read from": item.place,
  }
  for (const [name, value] of Object.entries(told)) {
    if (!value) continue
    yield make("dt", name)
    yield make("dd", plain(value, 2000))
  }
}

at("image").addEventListener("error", () => {
  at("image").hidden = true
  put(at("none"), "no preview")
})
at("before").addEventListener("click", () => step(-1))
at("after").addEventListener("click", () => step(1))
at().addEventListener("keydown", event => {
  if (event.key === "ArrowLeft" && !at("before").disabled) step(-1)
  if (event.key === "ArrowRight" && !at("after").disabled) step(1)
})
