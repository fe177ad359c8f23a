import { GiveUp } from '../../../platform/engine/errors.ts'
import { createJsonClient } from '../../../platform/outbound/json-client.ts'
import { bearer, type ServiceAddress } from '../../../platform/outbound/service-address.ts'
import type { Llm } from './llm.ts'
import { ClassifyRequestAnswer, GenerateEmailAnswer } from './wire.ts'

/**
 * The LLM service over HTTP. Each call has an Idempotency-Key: a repeat gets the text that was written first. Errors
 * are those of JsonClient; an answer that breaks its schema, or names a department nobody asked about, is
 * GiveUp `llm_invalid_answer`: another try would pay for the same.
 */
export function createHttpLlm({ url, apiKey, guard }: ServiceAddress): Llm & { close(): Promise<void> } {
  const client = createJsonClient({ url, guard, headers: bearer(apiKey) })
  return {
    generateEmail: ({ template_type, variables, language }, { key, signal }) =>
      client.post({
        operation: 'generate_email',
        path: '/generate_email',
        json: { template_type, variables, language },
        idempotencyKey: key,
        answer: GenerateEmailAnswer,
        signal,
      }),

    async classifyRequest({ text, language, departments }, { key, signal }) {
      const answer = await client.post({
        operation: 'classify_request',
        path: '/classify_request',
        json: { text, language, departments },
        idempotencyKey: key,
        answer: ClassifyRequestAnswer,
        signal,
      })
      if (departments.includes(answer.department)) return answer
      throw new GiveUp('llm_invalid_answer', '"llm" answered with a department that it was not asked about.')
    },

    close: () => client.close(),
  }
}
