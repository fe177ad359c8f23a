/** mulberry32 over the text: small, and good enough for a hotel. Numbers in [0, 1), the same for the same text. */
export function seededRandom(text: string): () => number {
  let state = 0
  for (const character of text) state = (Math.imul(state, 31) + character.charCodeAt(0)) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
