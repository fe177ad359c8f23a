/** A machine whose clock is wrong: `Date` in this process. Timers and `performance.now()` go on as they do there. */

const Real = globalThis.Date

/** From now on the clock of this process is off by so many milliseconds; 0: right again. */
export function shiftClock(ms: number): void {
  if (ms === 0) {
    globalThis.Date = Real
    return
  }
  globalThis.Date = class extends Real {
    constructor(...given: ConstructorParameters<DateConstructor>) {
      if ((given as unknown[]).length === 0) super(Real.now() + ms)
      else super(...given)
    }
    static override now(): number {
      return Real.now() + ms
    }
  } as DateConstructor
}
