// What one part of the page tells all others: "stranger" (the session is over), "silent" and "answers" (the service).

export const signals = new EventTarget()

export const signal = name => signals.dispatchEvent(new Event(name))
