/** Measurements for InfluxDB 2 (or what speaks its line protocol): written to memory, sent in batches behind the scenes. */

export interface MeasurementSettings {
  url: string
  /** Undefined: the server asks for none. */
  token: string | undefined
  org: string
  bucket: string
  /** A batch could not be delivered: it is tried again a few times, then gone. */
  failed: () => void
}

export interface Measurements {
  /** Never throws and never waits. Tags are names from short lists, fields are numbers; a field without value is left out. */
  write(measurement: string, tags: Record<string, string>, fields: Record<string, number | undefined>): void
  /** Sends what is left, within five seconds. */
  close(): Promise<void>
}

/** With the server away that many points are kept, the newest. */
const MOST_WAITING = 20_000
const FLUSH_MS = 1_000
const PATIENCE_MS = 5_000

export async function openMeasurements(settings: MeasurementSettings): Promise<Measurements> {
  const { url, token, org, bucket, failed } = settings
  const { InfluxDB, Point, setLogger } = await import('@influxdata/influxdb-client')
  // It would print failed requests, with what the server answered, to the console.
  setLogger({ error() {}, warn() {} })
  const client = new InfluxDB({ url, ...(token === undefined ? {} : { token }), timeout: PATIENCE_MS })
  // In nanoseconds the client gives every point a time of its own: points of the same tags and time would be one.
  const writer = client.getWriteApi(org, bucket, 'ns', {
    batchSize: 1_000,
    flushInterval: FLUSH_MS,
    maxBufferLines: MOST_WAITING,
    writeFailed: () => failed(),
    writeRetrySkipped: () => failed(),
  })
  return {
    write(measurement, tags, fields) {
      const point = new Point(measurement)
      for (const [name, value] of Object.entries(tags)) point.tag(name, value)
      for (const [name, value] of Object.entries(fields)) {
        if (value !== undefined && Number.isFinite(value)) point.floatField(name, value)
      }
      writer.writePoint(point)
    },
    async close() {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, PATIENCE_MS)
      })
      await Promise.race([writer.close().catch(failed), late])
      clearTimeout(timer)
    },
  }
}
