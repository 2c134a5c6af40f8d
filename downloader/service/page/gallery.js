// The images of a job, in the order of its list. Only the rows in view are elements, and these are used again and
// again: a list of a hundred thousand costs what one of a hundred does.

import { make, put } from "./dom.js"
import { number } from "./format.js"
import { Pages } from "./pages.js"
import { open } from "./picture.js"
import { ENDED } from "./state.js"
import { Tile } from "./tile.js"
import { inView, measured, scrolled, unscrolled } from "./window.js"

const SIZES = { side: 112, gap: 6 }
const NARROW = { side: 80, gap: 6 }
const WIDE = 480 // pixels from which on there is room for the larger ones
const REST = 80 // milliseconds without scrolling until what is in view is asked for
const AGAIN = 1000 // milliseconds between two looks while the job runs

export class Gallery {
  #rows = [] // {root, tiles, number}: row r of the grid is shown by the element r % length
  #count = 0
  #current = 0
  #status = null
  #frame = 0
  #timer = 0

  constructor(at, id) {
    this.at = at
    this.box = at.gallery
    this.pages = new Pages(id, () => this.#draw())
    this.box.addEventListener("scroll", () => this.#draw(), { passive: true })
    this.box.addEventListener("keydown", event => this.#key(event))
    this.box.addEventListener("click", event => this.#open(indexOf(event.target)))
    this.sizes = new ResizeObserver(() => this.#lay())
    this.sizes.observe(this.box)
    this.again = setInterval(() => this.#isRunning && this.#ask(), AGAIN)
  }

  show(job) {
    if (this.#status !== job.status) this.pages.age()
    this.#status = job.status
    const { saved, skipped, failed } = job.counts
    const count = Math.max(job.lines ?? 0, saved + skipped + failed)
    this.box.hidden = saved + skipped + failed === 0
    this.at["no-images"].hidden = !this.box.hidden
    put(this.at["no-images"], this.#isRunning ? "They show here as soon as they are saved." : "There are none.")
    if (count !== this.#count) {
      this.#count = count
      this.#lay()
    } else this.#settle()
  }

  close() {
    clearInterval(this.again)
    clearTimeout(this.#timer)
    cancelAnimationFrame(this.#frame)
    this.sizes.disconnect()
    this.pages.close()
    for (const { tiles } of this.#rows) tiles.forEach(tile => tile.hide())
  }

  get #isRunning() {
    return !ENDED.has(this.#status)
  }

  /** Measure, and make as many rows of elements as can be in view. */
  #lay() {
    if (!this.box.clientWidth || !this.#count) return
    const style = getComputedStyle(this.box)
    const width = this.box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
    const grid = measured(width, this.#count, width < WIDE ? NARROW : SIZES)
    this.at.track.style.height = `${grid.track}px`
    const needed = Math.min(grid.rows, Math.ceil(this.box.clientHeight / grid.row) + 3)
    if (this.grid?.columns !== grid.columns || this.#rows.length !== needed) this.#build(needed, grid.columns)
    this.grid = grid
    this.box.style.setProperty("--cell", `${grid.cell}px`)
    this.box.setAttribute("aria-rowcount", grid.rows)
    this.box.setAttribute("aria-colcount", grid.columns)
    this.#place()
    this.#ask()
  }

  #build(rows, columns) {
    this.#rows = Array.from({ length: rows }, () => {
      const root = make("div", "", { className: "row", role: "row" })
      const tiles = Array.from({ length: columns }, (_, column) => new Tile(column))
      root.append(...tiles.map(tile => tile.root))
      return { root, tiles }
    })
    this.at.track.replaceChildren(...this.#rows.map(row => row.root))
  }

  #draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      this.#place()
      this.#settle()
    })
  }

  /** Put the rows in view in their places, and show what is known already. */
  #place() {
    const { grid, box } = this
    if (!grid) return
    const real = scrolled(grid, box.scrollTop, box.clientHeight)
    const { first, last } = inView(grid, real, box.clientHeight)
    for (let number = first; number <= last; number++) {
      const row = this.#rows[number % this.#rows.length]
      const { root, tiles } = row
      row.number = number
      root.style.transform = `translateY(${box.scrollTop + number * grid.row - real}px)`
      root.setAttribute("aria-rowindex", number + 1)
      tiles.forEach((tile, column) => this.#fill(tile, number * grid.columns + column))
    }
    for (const { root, number } of this.#rows) root.hidden = !(number >= first && number <= last)
    this.seen = [first * grid.columns, Math.min(this.#count, (last + 1) * grid.columns) - 1]
    this.#mark()
  }

  #fill(tile, index) {
    if (index < this.#count) tile.show(index, this.pages.at(index), index === this.#current)
    else tile.hide()
  }

  /** Once the scrolling rests, ask for what is in view: pages first, then pictures. */
  #settle() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#ask(), REST)
  }

  #ask() {
    if (!this.seen || this.box.hidden) return
    this.pages.want(...this.seen, this.#isRunning)
    for (const { tiles } of this.#rows) tiles.forEach(tile => tile.load())
  }

  #mark() {
    const [first, last] = this.seen
    const inside = this.#current >= first && this.#current <= last
    if (inside) this.box.setAttribute("aria-activedescendant", `tile-${this.#current}`)
    else this.box.removeAttribute("aria-activedescendant")
    put(this.at.where, `${number(first + 1)}–${number(last + 1)} of ${number(this.#count)}`)
  }

  #key(event) {
    const { columns } = this.grid ?? {}
    const view = columns * Math.max(1, Math.floor(this.box.clientHeight / this.grid?.row))
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -view, PageDown: view,
      Home: -Infinity, End: Infinity,
    }
    if (event.key === "Enter" || event.key === " ") this.#open(this.#current)
    else if (event.key in steps) this.#go(this.#current + steps[event.key])
    else return
    event.preventDefault()
  }

  #go(index) {
    this.#current = Math.min(this.#count - 1, Math.max(0, index))
    const { grid, box } = this
    const top = Math.floor(this.#current / grid.columns) * grid.row
    const real = scrolled(grid, box.scrollTop, box.clientHeight)
    const wanted = Math.max(Math.min(real, top), top + grid.row - box.clientHeight)
    if (wanted !== real) box.scrollTop = unscrolled(grid, wanted, box.clientHeight)
    this.#draw()
  }

  #open(index) {
    if (Number.isNaN(index) || !this.pages.at(index)) return
    this.#go(index)
    open(this.pages.at(index), {
      count: this.#count,
      step: by => {
        this.#go(this.#current + by)
        return this.#known(this.#current)
      },
    })
  }

  /** Give an item, or at least its index where it is not there yet. */
  #known(index) {
    return this.pages.at(index) ?? { index }
  }
}

const indexOf = element => Number(element.closest("[data-index]")?.dataset.index)
