/**
 * How far apart two words are as they are typed: characters to add, drop or change, neighbours to swap, each counted as
 * one. Symmetric; 0 only for the same word; at most the length of the longer. Time grows with the product of both.
 */
export function editDistance(from: string, to: string): number {
  let aboveThat: number[] = []
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const line = [row]
    for (let column = 1; column <= to.length; column++) {
      const changed = (above[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1)
      const nearest = Math.min(changed, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1)
      const isSwap =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      line.push(isSwap ? Math.min(nearest, (aboveThat[column - 2] ?? 0) + 1) : nearest)
    }
    aboveThat = above
    above = line
  }
  return above[to.length] ?? 0
}

/** The names nearest to a misspelt one, by edit distance, at most three; none when nothing is near. */
export function nearestNames(wrong: string, known: Iterable<string>): string[] {
  const text = wrong.slice(0, 100).toLowerCase()
  const most = Math.max(3, Math.ceil(text.length / 2))
  return [...known]
    .map((name) => ({ name, distance: editDistance(text, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name)
}
