// What can be said to a job, as buttons: those that its state allows.

import { remove, say } from "./api.js"
import { announce } from "./announce.js"
import { sure } from "./dialogs.js"
import { make } from "./dom.js"
import { title } from "./state.js"

const CANCEL = {
  title: "Cancel this job?", yes: "Cancel the job", no: "Let it run",
  text: "What is saved stays. You can resume it later.",
}
const DELETE = {
  title: "Delete this job?", yes: "Delete it", no: "Keep it",
  text: "Its images and its manifest go with it. This cannot be undone.",
}
const WORDS = [
  { word: "pause", label: "Pause" },
  { word: "resume", label: "Resume" },
  { word: "cancel", label: "Cancel", ask: CANCEL },
  { word: "delete", label: "Delete", ask: DELETE, look: "quiet danger-ink" },
]

/** Keep a place filled with a job's buttons; `fail(message)` is told what went wrong, `deleted` that it is gone. */
export class Words {
  #allowed = null

  constructor(place, { fail, deleted = () => {} }) {
    Object.assign(this, { place, fail, deleted, job: null })
  }

  show(job) {
    this.job = job
    const allowed = job.may.join()
    if (allowed === this.#allowed) return
    this.#allowed = allowed
    const held = this.place.contains(document.activeElement)
    this.place.replaceChildren(...WORDS.filter(({ word }) => job.may.includes(word)).map(each => this.#button(each)))
    if (held) this.place.firstElementChild?.focus() // a button that vanishes must not take the focus with it
  }

  #button({ word, label, ask, look = "quiet" }) {
    const button = make("button", label, { type: "button", className: look })
    button.setAttribute("aria-label", `${label} ${title(this.job)}`)
    button.addEventListener("click", async () => {
      if (ask && !(await sure(ask))) return
      button.disabled = true
      await this.#send(word).catch(problem => this.fail(`It did not work: ${problem.message}.`))
      button.disabled = false
    })
    return button
  }

  async #send(word) {
    if (word !== "delete") return say(this.job.id, word)
    await remove(this.job.id)
    announce("The job is deleted.")
    this.deleted(this.job.id)
  }
}
