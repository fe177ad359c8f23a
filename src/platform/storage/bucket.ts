import { S3Client } from '@aws-sdk/client-s3'
import { S3Driver } from 'flydrive/drivers/s3'
import { GiveUp } from '../engine/errors.ts'
import { refusal } from '../outbound/json-client.ts'
import type { Shelf } from './shelf.ts'

export interface BucketSettings {
  bucket: string
  region: string
  /** Of another service that speaks S3: MinIO, R2. Its buckets are addressed by path. */
  endpoint?: string | undefined
  /** Without the two: what the SDK finds by itself, such as a role of the machine. */
  accessKeyId?: string | undefined
  secretAccessKey?: string | undefined
}

export function openBucket({
  bucket,
  region,
  endpoint,
  accessKeyId,
  secretAccessKey,
}: BucketSettings): Shelf {
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    // Trying again is the task's business, where attempts are recorded.
    maxAttempts: 1,
    // Checksum trailers are Amazon's alone: others refuse them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const driver = (signal: AbortSignal) =>
    new S3Driver({
      client: abortable(client, signal),
      bucket,
      visibility: 'private',
      // Newer buckets have no ACLs, and refuse a request that names one.
      supportsACL: false,
    })
  return {
    put: (key, content, contentType, signal) =>
      driver(signal).put(key, content, { contentType }).catch(instruct),
    get: (key, signal) =>
      driver(signal)
        .getBytes(key)
        .catch((error: unknown) => (isAbsent(error) ? undefined : instruct(error))),
    urlOf: (key) =>
      endpoint === undefined
        ? `https://${bucket}.s3.${region}.amazonaws.com/${key}`
        : `${endpoint.replace(/\/+$/, '')}/${bucket}/${key}`,
    close: () => client.destroy(),
  }
}

/** The driver's calls take no signal, the client's do. */
function abortable(client: S3Client, signal: AbortSignal): S3Client {
  return new Proxy(client, {
    get(target, name) {
      if (name !== 'send') return Reflect.get(target, name, target)
      return (command: Parameters<S3Client['send']>[0]) => target.send(command, { abortSignal: signal })
    },
  })
}

interface S3Error {
  name?: string
  $metadata?: { httpStatusCode?: number }
  $response?: { headers?: Record<string, string> }
}

function isAbsent(error: unknown): boolean {
  const { name, $metadata } = error as S3Error
  return $metadata?.httpStatusCode === 404 && name !== 'NoSuchBucket'
}

function instruct(error: unknown): never {
  const { name, $metadata, $response } = error as S3Error
  if (name === 'CredentialsProviderError') {
    throw new GiveUp('storage_unauthorized', 'There are no credentials for the bucket.', { cause: error })
  }
  const status = $metadata?.httpStatusCode
  // No status: it could not be reached, which the guard says.
  if (status === undefined || status < 300) throw error
  throw refusal('storage', status, $response?.headers?.['retry-after'])
}
