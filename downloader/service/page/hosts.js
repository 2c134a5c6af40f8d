// The table of hosts, sorted as the reader likes it.

import { Rows, put, stamp } from "./dom.js"
import { limit, number, plain, seconds } from "./format.js"

const COLUMNS = {
  host: value => plain(value, 120),
  limit,
  in_flight: number,
  waiting: number,
  rests: number,
  p95: value => (value === null ? "–" : seconds(value)),
}

export class Hosts {
  #by = "host"
  #down = false
  #hosts = []

  constructor(at) {
    this.at = at
    this.rows = new Rows(at.hosts, row)
    at["host-heads"].addEventListener("click", event => this.#sort(event.target.dataset.by))
    this.#mark()
  }

  /** Show what is known of the hosts. */
  show(hosts) {
    this.#hosts = hosts
    const turn = this.#down ? -1 : 1
    const sorted = [...hosts].sort((a, b) => turn * compare(a[this.#by], b[this.#by]) || compare(a.host, b.host))
    this.at["no-hosts"].hidden = hosts.length > 0
    this.at["host-table"].hidden = hosts.length === 0
    this.rows.show(sorted, host => host.host)
  }

  /** Nothing is under way any more: what was last told of it is over. */
  end() {
    this.show(this.#hosts.map(host => ({ ...host, in_flight: 0, waiting: 0, resting: 0 })))
  }

  #sort(by) {
    if (!by) return
    this.#down = this.#by === by ? !this.#down : by !== "host" // of figures, the highest matter
    this.#by = by
    this.#mark()
    this.show(this.#hosts)
  }

  #mark() {
    for (const head of this.at["host-heads"].children) {
      const mine = head.firstElementChild.dataset.by === this.#by
      head.setAttribute("aria-sort", mine ? (this.#down ? "descending" : "ascending") : "none")
    }
  }
}

const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : (a ?? -1) - (b ?? -1))

function row() {
  const { root, at } = stamp("host")
  return {
    root,
    show(host) {
      for (const [name, write] of Object.entries(COLUMNS)) put(at[name], write(host[name]))
      put(at.state, host.down ? "down" : host.resting ? `rests ${seconds(host.resting)}` : "")
      root.classList.toggle("down", host.down)
    },
  }
}
