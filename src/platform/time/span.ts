const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** A span of time as people write it (`90s`, `15m`, `2h`, `1d`), in seconds; undefined: it is none. */
export function spanSeconds(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,8}) ?([smhd])$/.exec(text) ?? []
  const seconds = SECONDS[unit]
  return seconds === undefined ? undefined : Number(count) * seconds
}
