import { z } from 'zod'
import { defineSignal } from '../../src/platform/engine/signal.ts'

/** A signal that takes any payload. */
export const signalNamed = (name: string) =>
  defineSignal({ name, title: `Waits for ${name}`, who: 'anybody', payload: z.any() })
