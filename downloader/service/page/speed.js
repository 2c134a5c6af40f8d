// How quickly a job goes: sums it is told now and then, turned into rates.

const KEPT = 120 // seconds of history, one value each
const WINDOW = 4 // seconds that the rate of this moment is of: shorter ones flicker

export class Speed {
  #points = [] // {at, done, bytes}, in seconds, images, bytes
  #from = null // the point that the next value of the history begins at

  /** Images a second in each of the last seconds, the latest last. */
  history = []

  take(at, done, bytes) {
    const last = this.#points.at(-1)
    if (last && done < last.done) this.stop() // a retry takes failures back
    this.#points.push({ at, done, bytes })
    while (this.#points[1] && this.#points[1].at < at - WINDOW) this.#points.shift()
    this.#keep(at)
  }

  stop() {
    this.#points = []
    this.#from = null
  }

  /** The rates of this moment; null before there are two points to compare. */
  get now() {
    const [first] = this.#points
    const last = this.#points.at(-1)
    const passed = last ? last.at - first.at : 0
    if (passed < 0.4) return null
    return { images: (last.done - first.done) / passed, bytes: Math.max(0, last.bytes - first.bytes) / passed }
  }

  #keep(at) {
    const last = this.#points.at(-1)
    this.#from ??= last
    const passed = at - this.#from.at
    if (passed < 1) return
    const value = (last.done - this.#from.done) / passed
    this.history.push(...Array(Math.min(KEPT, Math.floor(passed))).fill(value))
    this.history.splice(0, this.history.length - KEPT)
    this.#from = last
  }
}
