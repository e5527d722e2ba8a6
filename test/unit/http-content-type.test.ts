/** The charset of a body: named in the Content-Type, and what the body is encoded in. */
import { describe, expect, test } from 'vitest';
import { encode } from '../../plugins/http/dist/charset.js';
import { completeContentType } from '../../plugins/http/dist/content-type.js';

describe('a content type', () => {
  test.each([
    ['', 'text/plain; charset=utf-8'],
    [' ', 'text/plain; charset=utf-8'],
    ['text/yaml', 'text/yaml; charset=utf-8'],
    ['text/yaml; version=1', 'text/yaml; version=1; charset=utf-8'],
  ])('that names no charset gets utf-8: %j', (configured, value) => {
    expect(completeContentType(configured)).toEqual({ value, charset: 'utf-8' });
  });

  test.each([
    ['text/yaml; charset', 'text/yaml; charset=utf-8'],
    ['text/yaml; charset=', 'text/yaml; charset=utf-8'],
    ['text/yaml; charset=""', 'text/yaml; charset=utf-8'],
    ['text/yaml; CHARSET = ; a=b', 'text/yaml; charset=utf-8; a=b'],
    ['text/yaml; a=b; charset=latin 1; c="d;e"', 'text/yaml; a=b; charset=utf-8; c="d;e"'],
    ['text/yaml; charset="latin1', 'text/yaml; charset=utf-8'],
    ['text/yaml; charset;;', 'text/yaml; charset=utf-8'],
  ])('whose charset is malformed gets utf-8 in its place: %j', (configured, value) => {
    expect(completeContentType(configured)).toEqual({ value, charset: 'utf-8' });
  });

  test.each([
    ['text/yaml; charset=iso-8859-1', 'iso-8859-1'],
    ['text/yaml; Charset=ISO-8859-1', 'ISO-8859-1'],
    ['text/yaml; charset="iso8859_15"; a=b', 'iso8859_15'],
    ['text/yaml; charset="cp\\1252"', 'cp1252'],
    ['text/yaml; a=";charset=no"; charset=cp1252', 'cp1252'],
    ['text/yaml; a="\\";charset=no"; charset=cp1252', 'cp1252'],
  ])('that names one stays as it is: %j', (configured, charset) => {
    expect(completeContentType(configured)).toEqual({ value: configured, charset });
  });

  test('that names several counts with the first well-formed one, and names no other', () => {
    expect(completeContentType('a/b; charset; charset=latin1; charset=utf-8')).toEqual({
      value: 'a/b; charset=latin1',
      charset: 'latin1',
    });
  });

  test('of the greatest length is read in no time', () => {
    const begin = performance.now();
    for (const unit of ['"', ';', '\\', 'a;"', '" ', ' ', 'charset=;'])
      completeContentType(`a/b;${unit.repeat(256)}`);
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});

describe('a charset', () => {
  test.each([
    ['utf-8', 'ü€', 'c3bce282ac'],
    ['UTF8', 'ü', 'c3bc'],
    ['ascii', 'a', '61'],
    ['us-ascii', 'a', '61'],
    ['latin_1', 'ü', 'fc'],
    ['ISO-8859-1', 'ü', 'fc'],
    ['iso8859_15', '€', 'a4'],
    ['cp1252', '€', '80'],
    ['windows-1252', '€', '80'],
    ['utf_16', 'a', 'fffe6100'],
    ['utf-16le', 'a', '6100'],
    ['utf-16-be', 'a', '0061'],
    ['utf_32', 'a', 'fffe000061000000'],
    ['shift_jis', 'ア', '8341'],
    ['koi8-r', 'я', 'd1'],
    ['mac_roman', 'é', '8e'],
  ])('%s, also as Python spells it', (charset, text, bytes) => {
    expect(encode(text, charset).toString('hex')).toBe(bytes);
  });

  test.each(['klingon', '---', 'base64', 'hex', 'constructor', '__proto__', 'tostring'])(
    'nobody knows is named: %s',
    (charset) => {
      expect(() => encode('text', charset)).toThrow(`the charset ${charset} is not known`);
    },
  );

  test.each(['ascii', 'latin1', 'cp1252', 'koi8-r'])(
    'that has not all characters of the body is named: %s',
    (charset) => {
      expect(() => encode('☃', charset)).toThrow(
        `the body has characters that the charset ${charset} has not`,
      );
    },
  );

  test('may leave half a character and a mark at the front to the receiver', () => {
    expect(encode('\ud800', 'utf-8').toString('hex')).toBe('efbfbd');
    expect(encode('\ufeffa', 'utf-16le').toString('hex')).toBe('fffe6100');
  });
});
