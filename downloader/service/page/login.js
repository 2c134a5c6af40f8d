// Signing in: the token goes out once, and a cookie that no script can read comes back.

import { signIn } from "./api.js"
import { stamp } from "./dom.js"

export const enter = token => signIn(token)

/** Ask for the token; `then` is called when it was the right one. */
export function show(place, then) {
  const { root, at } = stamp("login")
  place.append(root)
  at.token.focus()
  root.addEventListener("submit", async event => {
    event.preventDefault()
    at.error.textContent = ""
    try {
      await enter(at.token.value.trim())
    } catch (problem) {
      at.error.textContent = `Not signed in: ${problem.message}.`
      at.token.select()
      return
    }
    await then()
  })
}
