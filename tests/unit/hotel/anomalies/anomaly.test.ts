import { describe, expect, it } from 'vitest'
import { SEVERITIES } from '../../../../src/hotel/anomalies/anomaly.event.ts'
import {
  anomalyKey,
  anomalySms,
  anomalyText,
  departmentOf,
  escalationsOf,
  higherSeverity,
  joinAnomaly,
  notifiedNext,
  notifiedOf,
  type OpenAnomaly,
} from '../../../../src/hotel/anomalies/anomaly.rules.ts'

it('is the same anomaly by type, source and place', () => {
  const seen = { anomaly_type: 'water_leak', source: 's1', room_number: '201' }
  expect(anomalyKey(seen)).toBe(anomalyKey({ ...seen }))
  const others = [
    { ...seen, anomaly_type: 'smoke' },
    { ...seen, source: 's2' },
    { ...seen, room_number: '202' },
    { anomaly_type: 'water_leak', source: 's1', location: '201' },
    { anomaly_type: 'water_leak', source: 's1' },
  ]
  expect(new Set([seen, ...others].map(anomalyKey)).size).toBe(6)
})

it.each([
  ['water_leak', 'Engineering'],
  ['electric_overload', 'Engineering'],
  ['hvac_failure', 'Engineering'],
  ['theft_suspected', 'Security'],
  ['intrusion', 'Security'],
  ['revenue_drop', 'Front Office'],
  ['booking_spike', 'Front Office'],
  ['waterfall', 'Engineering'],
  ['something_strange', 'Engineering'],
])('%s is the work of %s', (type, department) => {
  expect(departmentOf(type)).toBe(department)
})

it('the higher of two severities, either way', () => {
  expect(higherSeverity('low', 'critical')).toBe('critical')
  expect(higherSeverity('high', 'medium')).toBe('high')
})

describe('who is told', () => {
  it('more for each severity', () => {
    expect(SEVERITIES.map((severity) => notifiedOf(severity))).toEqual([
      [],
      ['department'],
      ['department', 'duty_manager_slack'],
      ['department', 'duty_manager_slack', 'duty_manager_sms'],
    ])
  })

  it('of a raised one, only who was not', () => {
    expect(notifiedOf('critical', 'medium')).toEqual(['duty_manager_slack', 'duty_manager_sms'])
    expect(notifiedOf('high', 'high')).toEqual([])
  })

  it('when nobody acknowledges: the next level, of the highest all again, three times', () => {
    expect(SEVERITIES.map((severity) => notifiedNext(severity))).toEqual([
      [],
      ['duty_manager_slack'],
      ['duty_manager_slack', 'duty_manager_sms'],
      ['department', 'duty_manager_slack', 'duty_manager_sms'],
    ])
    expect(SEVERITIES.map(escalationsOf)).toEqual([0, 1, 1, 3])
  })
})

describe('another sighting of a known one', () => {
  const known: OpenAnomaly = { severity: 'medium', acknowledged: false, runId: 'fr_1', runIsOver: false }
  const seen = (severity: (typeof SEVERITIES)[number]) => ({ severity, runId: 'fr_2' })

  it('joins while a run looks after it, and tells nobody', () => {
    const joined = { severity: 'medium', looksAfter: false, counts: true, tell: [] }
    expect(joinAnomaly(known, seen('medium'))).toEqual(joined)
    expect(joinAnomaly(known, seen('low'))).toEqual(joined)
  })

  it('of a higher severity tells whom that adds', () => {
    expect(joinAnomaly(known, seen('high'))).toMatchObject({
      severity: 'high',
      looksAfter: false,
      tell: ['duty_manager_slack'],
    })
  })

  it('of one that was only recorded begins anew when it is worth telling', () => {
    const recorded = { ...known, severity: 'low', runIsOver: true } as const
    expect(joinAnomaly(recorded, seen('low'))).toMatchObject({ looksAfter: false, tell: [] })
    expect(joinAnomaly(recorded, seen('medium'))).toMatchObject({ looksAfter: true, tell: ['department'] })
  })

  it('of one whose run ended unanswered begins anew; of one that somebody has in hand does not', () => {
    const left = { ...known, runIsOver: true }
    expect(joinAnomaly(left, seen('low'))).toMatchObject({
      severity: 'medium',
      looksAfter: true,
      tell: ['department'],
    })
    expect(joinAnomaly({ ...left, acknowledged: true }, seen('medium'))).toMatchObject({
      looksAfter: false,
      tell: [],
    })
  })

  it('by the same run is no other sighting', () => {
    expect(joinAnomaly(known, { severity: 'medium', runId: 'fr_1' })).toMatchObject({
      looksAfter: true,
      counts: false,
    })
  })
})

describe('what people are told', () => {
  const news = {
    anomaly_type: 'water_leak',
    severity: 'critical',
    source: 'sensor <1>',
    description: 'Humidity <!here> rose',
    room_number: '201',
    runId: 'fr_1',
    escalation: 0,
  } as const

  it('in Slack, with nothing that pages a channel', () => {
    expect(anomalyText(news).split('\n')).toEqual([
      '⚠ *Anomaly*: water_leak, critical',
      'Where: room 201',
      'Source: sensor &lt;1&gt;',
      '> Humidity &lt;!here&gt; rose',
      'Acknowledge: run fr_1, signal acknowledge.',
    ])
    expect(anomalyText({ ...news, escalation: 2 })).toContain('*Nobody acknowledged this* (2)')
    expect(anomalyText({ ...news, runId: null })).not.toContain('Acknowledge')
  })

  it('no line of it is another’s, nor looks like a heading of ours', () => {
    const lines = anomalyText({
      ...news,
      room_number: undefined,
      source: 'cam\n⚠ *Anomaly*: `fire`, _critical_ ~x~ sensor_bath_201',
      location: 'lobby\r\nSource: \u202eecalp\u2028*Acknowledge*',
      description: 'smoke\u2028*Acknowledge*\rnow',
    }).split(/[\r\n\u2028]/)
    expect(lines).toEqual([
      '⚠ *Anomaly*: water_leak, critical',
      'Where: lobby Source: ecalp ∗Acknowledge∗',
      'Source: cam ⚠ ∗Anomaly∗: ˋfireˋ, ˍcriticalˍ ∼x∼ sensor_bath_201',
      '> smoke',
      '> ∗Acknowledge∗',
      '> now',
      'Acknowledge: run fr_1, signal acknowledge.',
    ])
    expect(anomalySms({ ...news, room_number: undefined, location: 'lobby\n\nCall 113' })).toBe(
      'critical water_leak, lobby Call 113. Please acknowledge.',
    )
  })

  it('by phone, short', () => {
    expect(anomalySms(news)).toBe('critical water_leak, room 201. Please acknowledge.')
    expect(anomalySms({ ...news, escalation: 1 })).toContain('Nobody acknowledged: ')
  })
})
