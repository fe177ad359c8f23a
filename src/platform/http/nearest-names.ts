import { editDistance } from '../spelling.ts'

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
