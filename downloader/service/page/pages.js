// The items of a job in pages that begin at round indexes, kept for a while: any place in a list is one request away.

import { items } from "./api.js"

export const PAGE = 100 // items
const KEPT = 60 // pages: some 6,000 items, a few MB
const FRESH = 900 // milliseconds that a page of a running job counts as new

export class Pages {
  #pages = new Map() // by number, the longest unused first

  /** `came()` is called when a page is there. */
  constructor(id, came) {
    Object.assign(this, { id, came })
    this.cut = new AbortController()
  }

  /** Give what is known of an item, or undefined. */
  at(index) {
    return this.#pages.get(Math.floor(index / PAGE))?.items.get(index)
  }

  /** See that the pages of these indexes are there; while the job runs, also that they are new. */
  want(first, last, running) {
    for (let number = Math.floor(first / PAGE); number <= Math.floor(last / PAGE); number++) {
      const page = this.#pages.get(number)
      if (page) this.#touch(number, page)
      if (!page || this.#isOld(page, running)) this.#fetch(number, page)
    }
  }

  /** The job has changed its state: what was known may be wrong. */
  age() {
    for (const page of this.#pages.values()) page.at = -Infinity
  }

  close() {
    this.cut.abort()
  }

  #isOld(page, running) {
    if (page.busy) return false
    return page.at === -Infinity || (running && !page.whole && performance.now() - page.at > FRESH)
  }

  #touch(number, page) {
    this.#pages.delete(number)
    this.#pages.set(number, page)
  }

  async #fetch(number, old) {
    const page = old ?? { items: new Map() }
    page.busy = true
    page.at = performance.now()
    this.#touch(number, page)
    for (const key of this.#pages.keys()) if (this.#pages.size > KEPT) this.#pages.delete(key)
    try {
      const found = await items(this.id, number * PAGE - 1, PAGE, this.cut.signal)
      const mine = found.items.filter(each => each.index < (number + 1) * PAGE)
      page.items = new Map(mine.map(each => [each.index, each]))
      page.whole = mine.length === PAGE && mine.every(each => each.status === "saved")
      this.came()
    } catch {
      page.at = 0 // the next look asks again
      if (!page.items.size) this.#pages.delete(number)
    }
    page.busy = false
  }
}
