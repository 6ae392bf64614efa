import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { claimantsOfUser, identityOf } from '../../src/stats/caller-identity.ts';

const address = '192.0.2.17';
const claimantAt = (address: string) => identityOf({ address }).claimant;
const networkAt = (address: string) => identityOf({ address }).network;

test('a caller with a user id is that user, wherever it comes from', () => {
  const home = identityOf({ userId: 'anna', address });
  expect(home).toEqual({
    claimant: createHash('sha256').update('user:anna').digest('hex').slice(0, 32),
    userId: 'anna',
    network: '192.0.2.0/24',
  });
  expect(identityOf({ userId: 'anna', address: '2001:db8::1' }).claimant).toBe(home.claimant);
  expect(identityOf({ userId: 'bert', address }).claimant).not.toBe(home.claimant);
});

test('a caller without one, or with an empty one, is its exact IPv4 address', () => {
  expect(identityOf({ userId: '', address })).toEqual(identityOf({ address }));
  expect(identityOf({ address })).not.toHaveProperty('userId');
  expect(claimantAt('192.0.2.18')).not.toBe(claimantAt(address));
});

test('a user whose id reads like an address is not that address', () => {
  expect(identityOf({ userId: address, address }).claimant).not.toBe(claimantAt(address));
});

test('users and addresses of one app differ from those of another app, and from those without a key', () => {
  for (const source of [{ userId: 'anna', address }, { address }]) {
    const identities = [undefined, 'one app', 'another app', 'one app:', '"'].map((app) =>
      identityOf({ ...source, app }),
    );
    expect(new Set(identities.map(({ claimant }) => claimant)).size).toBe(identities.length);
    expect(new Set(identities.map(({ network }) => network))).toEqual(new Set(['192.0.2.0/24']));
    expect(identityOf({ ...source, app: 'one app' })).toEqual(identities[1]);
  }
  const app = 'one app';
  expect(claimantsOfUser('anna', [app, app])).toEqual([
    identityOf({ userId: 'anna', address }).claimant,
    identityOf({ userId: 'anna', address, app }).claimant,
  ]);
});

test('an IPv6 address is its /64, in whichever spelling', () => {
  const same = [
    '2001:db8:0:7::1',
    '2001:0DB8:0000:0007:ffff::2',
    '2001:db8::7:0:0:0:3',
    '2001:db8:0:7::1%eth0',
  ];
  expect(new Set(same.map(claimantAt)).size).toBe(1);
  expect(claimantAt('2001:db8:0:8::1')).not.toBe(claimantAt('2001:db8:0:7::1'));
});

test('an IPv4 address mapped into IPv6 is the IPv4 address', () => {
  for (const mapped of ['::ffff:192.0.2.17', '::FFFF:c000:211', '0:0:0:0:0:ffff:192.0.2.17'])
    expect(identityOf({ address: mapped })).toEqual(identityOf({ address }));
});

test.each([
  ['192.0.2.17', '192.0.2.0/24'],
  ['::ffff:192.0.2.17', '192.0.2.0/24'],
  ['2001:db8:a:b::1', '2001:db8:a::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['::1', '0:0:0::/48'],
  ['fe80::1%lo', 'fe80:0:0::/48'],
  ['64:ff9b::192.0.2.17', '64:ff9b:0::/48'],
  ['not an address', 'unknown'],
  ['', 'unknown'],
])('the network of %s is %s', (ip, network) => {
  expect(networkAt(ip)).toBe(network);
});
