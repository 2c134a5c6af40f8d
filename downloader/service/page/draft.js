// What was typed and not yet sent: it outlives a session that ends, a look at a job, and a reload.

const KEY = "draft"
let chosen = null // a file is held in memory alone: what browsers keep for a tab is small

/** Keep what was typed; nothing typed is nothing kept. */
export function keep({ list, name, options, file }) {
  chosen = file
  try {
    if (list || name || Object.keys(options).length) sessionStorage.setItem(KEY, JSON.stringify({ list, name, options }))
    else sessionStorage.removeItem(KEY)
  } catch {
    // the browser keeps nothing, or not so much
  }
}

export function kept() {
  const nothing = { list: "", name: "", options: {} }
  try {
    return { ...nothing, ...JSON.parse(sessionStorage.getItem(KEY)), file: chosen }
  } catch {
    return { ...nothing, file: chosen }
  }
}

export const forget = () => keep({ list: "", name: "", options: {}, file: null })
