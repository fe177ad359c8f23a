/** A duration as English writes it: `1 minute`, `12 minutes`. Vietnamese has one form, `phút`. */
export function inMinutes(count: number): string {
  return `${count} ${count === 1 ? 'minute' : 'minutes'}`
}
