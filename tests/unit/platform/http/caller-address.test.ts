import { expect, it } from 'vitest'
import { addressGroup, isAmong } from '../../../../src/platform/http/caller-address.ts'

it('counts IPv4 by address, however it is written, and IPv6 by its /64', () => {
  expect(addressGroup('203.0.113.7')).toBe('203.0.113.7')
  expect(addressGroup('::ffff:203.0.113.7')).toBe('203.0.113.7')
  expect(addressGroup('2001:db8:1:2:aaaa::1')).toBe('2001:db8:1:2::/64')
  expect(addressGroup('2001:db8:1:2::ffff')).toBe('2001:db8:1:2::/64')
  expect(addressGroup('2001:db8::1')).toBe('2001:db8:0:0::/64')
  expect(addressGroup('::1')).toBe('0:0:0:0::/64')
  expect(addressGroup('fe80::1%eth0')).toBe('fe80:0:0:0::/64')
})

it('knows the addresses of networks', () => {
  const isTrusted = isAmong(['10.0.0.5', '10.1.0.0/16', 'fd00::/8'])
  const trusted = ['10.0.0.5', '::ffff:10.0.0.5', '10.1.2.3', 'fd12::9']
  const others = ['10.0.0.6', '10.2.0.1', 'fe80::1', '', 'unknown']
  expect(trusted.filter((address) => !isTrusted(address))).toEqual([])
  expect(others.filter(isTrusted)).toEqual([])
})
