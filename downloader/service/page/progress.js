// The bar, the counts and the throughput of a job.

import { announce } from "./announce.js"
import { draw, percent } from "./bar.js"
import { put } from "./dom.js"
import { many, number, rate, size, soon } from "./format.js"
import { Speed } from "./speed.js"
import { outline } from "./sparkline.js"
import { ENDED } from "./state.js"

const TOLD_EVERY = 25 // percent between two announcements

export class Progress {
  #speed = new Speed()
  #told = 0

  constructor(at) {
    this.at = at
  }

  /** Show where the job stands; gives the percent that are done. */
  show(job) {
    const { at } = this
    const found = draw(at.bar, job)
    const share = percent(found.share)
    const is = job.status === "running" || job.status === "draining"
    put(at.percent, found.total === null ? number(found.done) : `${share} %`)
    put(at.told, told(found))
    at.bar.setAttribute("aria-valuenow", share)
    for (const name of ["saved", "failed", "skipped"]) put(at[name], number(found[name]))
    put(at.left, found.left === null ? "–" : number(found.left))
    put(at.flight, number(is ? job.in_flight : 0))
    put(at.bytes, size(job.bytes))
    this.#throughput(found, job, is)
    this.#announce(share, is)
    return share
  }

  #throughput(found, job, is) {
    const { at } = this
    if (is) this.#speed.take(performance.now() / 1000, found.done, job.bytes)
    else this.#speed.stop()
    const now = this.#speed.now
    put(at.rate, is && now ? this.#rates(now, found.left) : still(job))
    const { line, area, top } = outline(this.#speed.history)
    at.speed.hidden = !top && ENDED.has(job.status)
    at.line.setAttribute("d", line)
    at.area.setAttribute("d", area)
    put(at.top, top ? `up to ${rate(top)} images/s` : "")
  }

  #rates({ images, bytes }, left) {
    const until = left && images > 0 ? ` · ${soon(left / images)} left` : ""
    return `${rate(images)} images/s · ${size(Math.round(bytes))}/s${until}`
  }

  #announce(share, is) {
    const step = Math.floor(share / TOLD_EVERY)
    if (is && step > this.#told && share < 100) announce(`${share} percent done`)
    this.#told = step
  }
}

const told = ({ done, total }) =>
  total === null ? "done; the list is still being read" : `${number(done)} of ${many(total, "image")}`

const STILL = { queued: "waits for its turn", paused: "paused", running: "measuring" }

const still = ({ status, started, ended, retried }) =>
  status === "done" && !retried && started ? `took ${soon(ended - started)}` : STILL[status] ?? ""
