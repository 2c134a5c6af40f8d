// Failures by cause: what happened, what to do about it, and the button that asks again.

import { say } from "./api.js"
import { advice } from "./advice.js"
import { announce } from "./announce.js"
import { Rows, put, stamp } from "./dom.js"
import { many, number, plain } from "./format.js"
import { ENDED } from "./state.js"

const EVERY = 2000 // milliseconds between two looks while failures come in

const LATER = ["They can be tried again when the job has ended.", "Resume goes on with the list, and asks them again."]

export class Failures {
  #seen = ""
  #timer = 0
  #job = null

  /** `load()` gives the failures grouped; `fail(message)` is told what went wrong. */
  constructor(at, load, fail) {
    Object.assign(this, { at, load, fail })
    this.rows = new Rows(at.causes, () => cause(code => this.#retry(code)))
    at["retry-all"].addEventListener("click", () => this.#retry(null))
  }

  show(job) {
    const may = job.may.includes("retry")
    const was = this.#job
    this.#job = job
    this.at["retry-all"].hidden = !may || job.counts.failed === 0
    this.at.later.hidden = may || job.counts.failed === 0
    put(this.at.later, LATER[Number(ENDED.has(job.status))])
    this.at.causes.classList.toggle("may", may)
    const now = JSON.stringify([job.codes, job.status])
    if (now === this.#seen) return
    this.#seen = now
    // The first look and the last are taken at once, those between now and then.
    if (!was || was.status !== job.status) this.#look()
    else this.#timer ||= setTimeout(() => this.#look(), EVERY)
  }

  close() {
    clearTimeout(this.#timer)
  }

  async #look() {
    clearTimeout(this.#timer)
    this.#timer = 0
    const { failures } = this.#job.counts.failed ? await this.load().catch(() => ({})) : { failures: [] }
    if (!failures) return void (this.#seen = "")
    this.at["no-failures"].hidden = failures.length > 0
    put(this.at["no-failures"], ENDED.has(this.#job.status) ? "None." : "None so far.")
    this.rows.show(failures, each => each.code)
  }

  async #retry(code) {
    try {
      await say(this.#job.id, "retry", code ? [code] : [])
      announce(code ? `Failures by ${code} are tried again.` : "All failures are tried again.")
    } catch (problem) {
      this.fail(`They cannot be tried again now: ${problem.message}.`)
    }
  }
}

function cause(retry) {
  const { root, at } = stamp("cause")
  const samples = new Rows(at.samples, sample)
  at.retry.addEventListener("click", () => retry(at.code.textContent))
  return {
    root,
    show(found) {
      put(at.code, found.code)
      put(at.count, number(found.count))
      put(at.kind, found.transient ? "may pass" : "lasting")
      at.kind.dataset.state = found.transient ? "paused" : "cancelled"
      at.retry.setAttribute("aria-label", `Retry these: ${found.code}`)
      put(at.advice, advice(found))
      put(at.summary, summary(found.samples.length, found.count))
      samples.show(found.samples, each => each.index)
      put(at.hosts, hosts(found.hosts))
    },
  }
}

function sample() {
  const { root, at } = stamp("sample")
  return {
    root,
    show({ url, detail }) {
      put(at.url, plain(url))
      put(at.detail, plain(detail ?? "", 200))
    },
  }
}

const summary = (shown, count) => (count > shown ? `First ${shown} of ${number(count)}` : many(count, "URL"))

const hosts = found =>
  Object.entries(found).map(([host, count]) => `${plain(host, 120)}: ${number(count)}`).join(" · ")
