import { describe, expect, it } from '@jest/globals';
import {
  ClaspError,
  DecodeError,
  type DecodeFault,
  EncodeError,
  ErrorCode,
  errorMeanings,
  errorName,
} from '../../src/protocol/errors.js';

describe('the registry of errors', () => {
  it('contains every code of wire.md 7.9 and the code of the close message, and no other', () => {
    expect(Object.values(ErrorCode).sort((a, b) => a - b)).toEqual([
      100, 101, 102, 200, 201, 202, 300, 301, 302, 400, 401, 402, 403, 404, 429, 500, 501, 502, 503, 1000,
    ]);
  });

  it('gives each code one name and one meaning', () => {
    expect(Object.keys(errorMeanings).sort()).toEqual(Object.keys(ErrorCode).sort());
    for (const [name, code] of Object.entries(ErrorCode)) expect(errorName(code)).toBe(name);
    for (const meaning of Object.values(errorMeanings)) expect(meaning).toMatch(/^[A-Z].+\.$/);
    expect(new Set(Object.values(errorMeanings)).size).toBe(Object.keys(ErrorCode).length);
  });

  it('has no name for an unknown code', () => {
    for (const code of [0, 99, 103, 504, 65_535, -1]) expect(errorName(code)).toBeUndefined();
  });
});

describe('ClaspError', () => {
  it('carries code, address and cause', () => {
    const cause = new Error('the reason');
    const error = new ClaspError(ErrorCode.LockHeld, 'Parameter is locked', { address: '/a', cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'ClaspError',
      code: 401,
      message: 'Parameter is locked',
      address: '/a',
      cause,
    });
    expect('cause' in new ClaspError(ErrorCode.LockHeld, 'x')).toBe(false);
  });

  it('collects the calls of internal errors and encoding errors, but not those of faults of peers', () => {
    const limit = Error.stackTraceLimit;
    expect(new ClaspError(ErrorCode.Forbidden, 'no scope').stack).toMatch(/^\w*Error: no scope$/);
    expect(new DecodeError('BadMagic', 'no magic').stack).toMatch(/^\w*Error: no magic$/);
    expect(new ClaspError(ErrorCode.InternalError, 'a bug').stack).toContain('errors.test');
    expect(new EncodeError('NotEncodable', 'no form').stack).toContain('errors.test');
    expect(Error.stackTraceLimit).toBe(limit);
  });

  it('works without a stack trace limit that can be set, as in a program that freezes Error', () => {
    const limit = Error.stackTraceLimit;
    Object.defineProperty(Error, 'stackTraceLimit', { value: 5, writable: false });
    try {
      expect(new ClaspError(ErrorCode.Forbidden, 'no scope').message).toBe('no scope');
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', { value: limit, writable: true });
    }
  });
});

/** Every fault. Because of the type, a missing one does not compile. */
const codes: Readonly<Record<DecodeFault, number>> = {
  TruncatedHeader: 100,
  BadMagic: 100,
  TruncatedFrame: 100,
  UnsupportedFlags: 100,
  FrameTooLarge: 100,
  EmptyPayload: 101,
  TruncatedPayload: 101,
  LengthOverrun: 101,
  CountOverrun: 101,
  DepthExceeded: 101,
  InvalidUtf8: 101,
  UnknownValueType: 101,
  UnknownMessageType: 101,
  UnknownFederationOp: 101,
  LegacyDecode: 101,
  CborDecode: 101,
  JsonDecode: 101,
};

describe('DecodeError', () => {
  it.each(Object.entries(codes) as [DecodeFault, number][])('reports %s to the peer with code %i', (fault, code) => {
    const error = new DecodeError(fault, 'what is wrong', 'why');
    expect(error).toBeInstanceOf(ClaspError);
    expect(error).toMatchObject({ name: 'DecodeError', fault, code, message: 'what is wrong', cause: 'why' });
    expect('cause' in new DecodeError(fault, 'x')).toBe(false);
  });
});

describe('EncodeError', () => {
  it.each(['PayloadTooLarge', 'NotEncodable'] as const)('is an invalid value: %s', (fault) => {
    expect(new EncodeError(fault, 'x')).toMatchObject({ name: 'EncodeError', fault, code: ErrorCode.InvalidValue });
  });
});
