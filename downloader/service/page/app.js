// The page's start: who is asked in, and which view the address names.

import { leave, session } from "./api.js"
import "./connection.js"
import { forget } from "./draft.js"
import { show as showHome } from "./home.js"
import { show as showJob } from "./job.js"
import { enter, show as showLogin } from "./login.js"
import { signals } from "./signals.js"

const main = document.getElementById("main")
const out = document.getElementById("leave")
let close = () => {}

/** Views by the pattern of the address behind "#"; each gives what ends it. */
const VIEWS = [
  [/^#\/jobs\/([\w-]{22})$/, (place, id) => showJob(place, id)],
  [/^/, place => showHome(place)],
]

function turn(view) {
  close()
  main.replaceChildren()
  scrollTo(0, 0)
  document.title = "Image downloader"
  close = view(main) ?? (() => {})
}

function route() {
  const [pattern, view] = VIEWS.find(([pattern]) => pattern.test(location.hash))
  const [, id] = pattern.exec(location.hash)
  turn(place => view(place, id))
}

async function start() {
  const { auth, known } = await session()
  out.hidden = !(auth && known)
  if (known) route()
  else turn(place => showLogin(place, start))
}

async function begin() {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1]
  // The address must not keep the token: it would stand in the history and on the screen.
  if (token) history.replaceState(null, "", "#/")
  try {
    if (token) await enter(decodeURIComponent(token)).catch(() => {})
    await start()
  } catch {
    setTimeout(begin, 2000) // the banner says it already
  }
}

out.addEventListener("click", async () => {
  turn(() => {}) // nothing may be asked any more when the cookie is gone
  forget() // whoever signs in next is somebody else
  await leave()
  await start()
})
document.getElementById("skip").addEventListener("click", event => {
  event.preventDefault() // the address names the view, and nothing else
  main.focus()
})
signals.addEventListener("stranger", () => begin())
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#token=")) begin()
  else if (!main.querySelector(".login")) route()
})
begin()
