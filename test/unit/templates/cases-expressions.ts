/** Expressions that give with us what they give with the real Jinja2, each in all contexts. */

/** One group a line of thought; every line is one expression. */
const lines = `
1 + 2 * 3 - 4
7 / 2
4 / 2
7 // 2
-7 // 2
7 // -2
7 % 3
-7 % 3
7 % -3
7.5 % 2
-7.5 // 2
2 ** 10
2 ** -1
2 ** 0.5
2 ** 3 ** 2
-2 ** 2
(-2) ** 2
2 ** 100
2 ** 64 - 1
10 ** 20 // 7
-(2 ** 70) % 1000
1.0
0.1 + 0.2
1e16
1e15
1e22
1e-5
0.0001
1.5e300 * 1e10
123456789.123456789
1_000_000
0x1f + 0b101 + 0o17
1e3
3.0 == 3
1 == true
0 == false
1 / 3
1 - 0.9
100 * 1.1
5 // 2.0
2.5 * 2
-0.0
0 * -1.0
true + true
+true
-true
1 < 2 < 3
1 < 3 < 2
1 == 1.0 != 2
3 > 2 >= 2 > 1
'a' < 'b'
'Z' < 'a'
'a' < 'ab'
[1, 2] < [1, 3]
[1, 2] == [1, 2.0]
(1, 2) < (1, 2, 3)
[1] == (1,)
{'a': 1} == {'a': 1.0}
{'a': 1, 'b': 2} == {'b': 2, 'a': 1}
none == false
none is none
not true
not not 1
not 1 == 2
1 and 2
0 and 2
0 or 'x'
'' or none
1 or 2 and 3
not 0 and 1
1 in [1, 2]
3 not in [1, 2]
'a' in 'cat'
'a' in {'a': 1}
1 in (1, 2)
none in [none]
2 in range(3)
'x' ~ 1 ~ none ~ true ~ 1.0
1 ~ 2 + 3
'a' ~ 'b' * 2
'ab' * 3
3 * 'ab'
[1] * 3
(1, 2) * 2
'ab' * -1
'a' + 'b'
[1] + [2, 3]
(1,) + (2,)
'yes' if 1 else 'no'
'yes' if 0 else 'no'
'yes' if 0
'a' if 0 else 'b' if 0 else 'c'
none if 1 else 2
1 if true else 2 if true else 3
[1, 2, 3]
[]
[1,]
(1,)
(1, 2)
()
{}
{'a': 1, 'b': [1, 2, {'c': none}]}
{1: 'a', 2.0: 'b', none: 'c', true: 'd'}
{1: 'a', 1.0: 'b', true: 'c'}
{(1, 2): 3}
['it\\'s', "say \\"x\\"", 'both \\' and "']
['tab\\t', 'newline\\n', 'back\\\\slash', '\\x00', '\\u00e9', '\\u200b', '\\U0001f600']
'adjacent ' 'strings'
"\\x41\\u0042\\n".strip()
'\\101'
'unknown \\q escape'
[1, 2, 3][0]
[1, 2, 3][-1]
[1, 2, 3].0
'héllo'[1]
'😀abc'[1]
'😀abc'[0]
'😀abc'|length
[1, 2, 3][1:]
[1, 2, 3, 4, 5][::2]
[1, 2, 3, 4, 5][::-1]
[1, 2, 3, 4, 5][-2:]
[1, 2, 3, 4, 5][:-2]
[1, 2, 3, 4, 5][10:]
[1, 2, 3, 4, 5][3:1:-1]
'hello'[1:3]
'hello'[::-1]
'😀a😀b'[::2]
(1, 2, 3)[1:]
{'a': {'b': 1}}.a.b
{'a': {'b': 1}}['a']['b']
{'items': 1}.items()
{'items': 1}['items']
{'a': 1}.missing
{'a': 1}['missing']
{'a': 1}.missing.deeper
[1].5
[1][5]
[1][5].x
missing
missing.attribute
missing + 1
missing()
missing == none
missing == missing
missing is defined
missing|default('d')
missing|length
missing ~ 'x'
missing in [1]
'x' in missing
[missing]
not missing
missing[0]
missing < 1
-missing
none.x
none.x.y
none + 1
1 + 'a'
'a' + 1
[1] + 'a'
1 < 'a'
none < 1
{} < {}
1 / 0
1 // 0
1 % 0
1.0 % 0
1.0 // 0
0 ** -1
'a' - 'b'
-'a'
1()
'x'()
'a'.b
'a'.b.c
{1: 2}[[]]
{[]: 1}
range(3)
range(3)|list
range(1, 10, 3)|list
range(5, 0, -2)|list
range(0)
range(2, 5)[1]
range(10)[2:5]|list
range(0, 10, 0)
range(200000)
dict(a=1, b=2)
dict([('a', 1), ('b', 2)])
dict({'x': 1}, y=2)
dict(a=1).a
namespace(a=1).a
cycler('a', 'b').next()
cycler('a', 'b').current
joiner('|')() ~ 'x'
'Hello World'.upper()
'Hello World'.lower()
'hello world'.title()
"they're bill's".title()
'hello WORLD'.capitalize()
'Hello'.swapcase()
'  x  '.strip()
'xxaxx'.strip('x')
'xyaxy'.lstrip('yx')
'xyaxy'.rstrip('yx')
'a,b,c'.split(',')
'a,b,c'.split(',', 1)
'a,b,c'.rsplit(',', 1)
'  a  b c '.split()
'  a  b c '.split(none, 1)
'  a  b c '.rsplit(none, 1)
''.split()
''.split(',')
'a\\nb\\r\\nc\\n'.splitlines()
'a\\nb\\n'.splitlines(true)
'-'.join(['a', 'b'])
''.join('abc')
'-'.join([1])
'hello'.replace('l', 'L')
'hello'.replace('l', 'L', 1)
'abc'.replace('', '-')
'abc'.replace('', '-', 2)
'hello'.startswith('he')
'hello'.startswith(('x', 'he'))
'hello'.endswith('lo')
'hello'.startswith('l', 2)
'hello'.find('l')
'hello'.rfind('l')
'hello'.find('z')
'hello'.index('z')
'hello'.count('l')
'aaa'.count('')
'hello'.find('l', 3)
'42'.zfill(5)
'-42'.zfill(5)
'ab'.center(5)
'abc'.center(6, '*')
'ab'.center(5, '*')
'ab'.ljust(5, '.') ~ '|'
'ab'.rjust(5)
'a=b=c'.partition('=')
'a=b=c'.rpartition('=')
'abc'.partition('x')
'abc'.rpartition('x')
'abc'.isdigit()
'123'.isdigit()
'²'.isdigit()
'²'.isdecimal()
'½'.isnumeric()
'abc'.isalpha()
'abc1'.isalnum()
'abc'.islower()
'ABC1'.isupper()
''.islower()
'  '.isspace()
'Hello World'.istitle()
'Hello world'.istitle()
'test.txt'.removesuffix('.txt')
'test.txt'.removeprefix('test')
'ß'.upper()
'STRASSE ß'.casefold()
'a\\tb'.expandtabs(4)
'{} {}'.format('a', 1)
'{1} {0}'.format('a', 1)
'{name}'.format(name='x')
'{0.a} {0[b]}'.format({'b': 1})
'{:>8}|{:<8}|{:^8}'.format('a', 'b', 'c')
'{:08.3f}'.format(3.14159)
'{:,}'.format(1234567)
'{:_}'.format(1234567)
'{:x} {:#x} {:b} {:o} {:X}'.format(255, 255, 5, 8, 255)
'{:e} {:.2e}'.format(12345.678, 0.00012)
'{:g} {:g} {:g}'.format(1e10, 0.0001, 123456789.0)
'{:%}'.format(0.25)
'{:.1%}'.format(0.256)
'{:+d} {: d}'.format(5, 5)
'{!r} {!s}'.format('a', 'a')
'{:*^10}'.format('x')
'{:{}}'.format('x', 5) ~ '|'
'{{}} {}'.format(1)
'{}'.format()
'{x}'.format()
'{'.format()
'{:d}'.format('a')
'{:.2}'.format('abcdef')
'{:5}|{:5}'.format(1, 'a')
'{:<5}|'.format(true)
'{}'.format(none)
'{}'.format([1, 'a'])
'{:>5}'.format(none)
'{0.__class__}'.format(1)
'{a}'.format_map({'a': 1})
'%s %s' % ('a', 1)
'%d' % 3.7
'%5d|%-5d|%05d' % (1, 2, 3)
'%.2f' % 3.14159
'%x %X %o' % (255, 255, 8)
'%e' % 12345.678
'%g' % 0.00001
'%r' % 'a'
'%s' % none
'%s' % [1]
'%(a)s-%(b)03d' % {'a': 1, 'b': 2}
'%%' % ()
'%s' % ()
'%s' % (1, 2)
'%d' % 'a'
'%c%c' % ('a', 98)
'%+d % d' % (5, 5)
'%*d' % (5, 1)
'%.3s|' % 'abcdef'
'no format' % 1
{'a': 1, 'b': 2}.keys()
{'a': 1}.values()
{'a': 1}.items()
{'a': 1}.items()|list
{'a': 1}.get('a')
{'a': 1}.get('z')
{'a': 1}.get('z', 9)
{'a': 1}.copy()
{'a': 1}.pop('a')
{'a': 1}.pop('z', 5)
[3, 1, 2].index(1)
[3, 1, 3].count(3)
[1, 2].pop()
[1, 2].append(3)
(3, 1).index(1)
1.5.is_integer()
2.0.is_integer()
(5).bit_length()
abs
'a'.upper
''.__class__
''.__class__.__mro__
{}.__class__
[].__len__
event.__proto__
event.constructor
event.toString
[].map
[].constructor
range.constructor
''.constructor.constructor('return process')()
'a'|attr('__class__')
lipsum.__globals__['os']
-5|abs
(-5)|abs
-5.5|abs
'hello'|capitalize
'x'|center(5) ~ '|'
none|default('d')
''|default('d')
''|default('d', true)
0|d('d', boolean=true)
{'b': 1, 'a': 2}|dictsort
{'b': 1, 'A': 2}|dictsort
{'b': 1, 'A': 2}|dictsort(true)
{'b': 1, 'a': 2}|dictsort(by='value')
{'b': 1, 'a': 2}|dictsort(reverse=true)
'<b>&"\\'</b>'|escape
'<b>'|e
'<b>'|e|e
'<b>'|safe|e
'<b>'|e|forceescape
('<b>'|e) + '<i>'
'<i>' + ('<b>'|e)
('<b>'|safe) ~ '<i>'
('%s'|safe) % '<b>'
('<b>'|safe) * 2
('<b>'|safe)|upper
['<b>'|e]
'<b>'|e == '<b>'
1|filesizeformat
1000|filesizeformat
1500000|filesizeformat
1024|filesizeformat(true)
123456789|filesizeformat(binary=true)
0|filesizeformat
999|filesizeformat
[1, 2, 3]|first
[]|first
'abc'|first
[1, 2, 3]|last
'3.14'|float
'abc'|float
'abc'|float(1.5)
'1e3'|float
'inf'|float
none|float
'%s-%s'|format('a', 'b')
'%(x)s'|format(x=1)
[{'a': 1, 'b': 2}, {'a': 1, 'b': 3}, {'a': 2, 'b': 4}]|groupby('a')
[{'a': 1, 'b': 2}, {'a': 2, 'b': 4}]|groupby('a')|map(attribute='list')|list
[{'n': 'b'}, {'n': 'A'}, {'n': 'a'}]|groupby('n')
[{'a': 1}, {}]|groupby('a', default=0)
'a\\nb\\n\\nc'|indent
'a\\nb\\n\\nc'|indent(2, true, true)
'a\\nb'|indent('> ')
'42'|int
'42.9'|int
'0x1f'|int(base=16)
'1f'|int(0, 16)
'101'|int(base=2)
'abc'|int
'abc'|int(7)
3.99|int
-3.99|int
'1e3'|int
none|int
true|int
' 42 '|int
{'a': 1, 'b': 2}|items|list
[1, 2, 3]|join
[1, 2, 3]|join(', ')
[{'a': 1}, {'a': 2}]|join('-', attribute='a')
'abc'|join('-')
'abc'|length
{'a': 1}|length
[1, 2]|count
none|length
5|length
'abc'|list
{'a': 1, 'b': 2}|list
(1, 2)|list
'ABC'|lower
1.5|lower
['a', 'b']|map('upper')|list
[{'a': 1}, {'a': 2}]|map(attribute='a')|list
[{'a': {'b': 1}}]|map(attribute='a.b')|list
[{'a': 1}, {}]|map(attribute='a', default='x')|list
['1', '2']|map('int')|sum
[1, 2, 3]|map('string')|join
[1]|map('nofilter')|list
[3, 1, 2]|max
[3, 1, 2]|min
['b', 'A', 'c']|max
['b', 'A', 'c']|min
['b', 'A']|min(case_sensitive=true)
[{'a': 3}, {'a': 1}]|max(attribute='a')
[]|max
[1, 'a']|max
{'b': 1, 'a': [1, 2]}|pprint
'abc'|pprint
[1, 2, 3, 4]|reject('even')|list
[1, 2, 3, 4]|select('odd')|list
[0, 1, '', 'a', none]|select|list
[0, 1, '', 'a', none]|reject|list
[1, 2, 3]|select('gt', 1)|list
[1, 2, 3]|select('in', [1, 3])|list
[{'a': 1}, {'a': 0}]|selectattr('a')|list
[{'a': 1}, {'a': 2}]|selectattr('a', 'eq', 2)|list
[{'a': 1}, {'a': 2}]|rejectattr('a', 'equalto', 2)|list
[{'a': 1}, {}]|selectattr('a', 'defined')|list
'hello'|replace('l', 'L')
'hello'|replace('l', 'L', 1)
'abc'|reverse
[1, 2, 3]|reverse|list
2.5|round
3.5|round
2.675|round(2)
42.55|round(1, 'floor')
42.51|round(1, 'ceil')
42|round
1234|round(-2)
1250.0|round(-2)
2.5|round|int
[1, 2, 3, 4, 5, 6, 7]|batch(3)|list
[1, 2, 3, 4, 5, 6, 7]|batch(3, '-')|list
[1, 2, 3, 4, 5, 6, 7]|slice(3)|list
[1, 2, 3, 4, 5, 6, 7]|slice(3, '-')|list
[3, 1, 2]|sort
[3, 1, 2]|sort(reverse=true)
['b', 'A', 'c']|sort
['b', 'A', 'c']|sort(case_sensitive=true)
[{'a': 2}, {'a': 1}]|sort(attribute='a')
[{'a': 1, 'b': 2}, {'a': 1, 'b': 1}]|sort(attribute='a,b')
[1, 'a']|sort
5|string
[1]|string
'<p>Hello <b>World</b> <!-- no --></p>  x'|striptags
'&lt;x&gt; &amp; &#65;'|striptags
[1, 2, 3]|sum
[{'a': 1}, {'a': 2}]|sum(attribute='a')
[1, 2]|sum(start=10)
[0.1, 0.2]|sum
[]|sum
'hello world-wide web'|title
"it's (nice) x"|title
{'a': [1, 2.0, none, true, 'x<y']}|tojson
{'b': 1, 'a': 2}|tojson
'é😀'|tojson
[1, {'a': 2}]|tojson(indent=2)
[]|tojson(indent=2)
1.0|tojson
missing|tojson
{1: 2}|tojson
(1, 2)|tojson
'  x  '|trim
'xxaxx'|trim('x')
'hello beautiful world'|truncate(10)
'hello beautiful world'|truncate(10, true)
'hello beautiful world'|truncate(10, true, '…')
'hello beautiful world'|truncate(18)
'hello beautiful world'|truncate(15, false, '...', 0)
'short'|truncate(3, leeway=0)
[1, 2, 1, 3, 2]|unique|list
['a', 'A', 'b']|unique|list
['a', 'A']|unique(case_sensitive=true)|list
[{'a': 1}, {'a': 1}]|unique(attribute='a')|list
'abc'|upper
'a b/c?d=é&f'|urlencode
'a+b~c'|urlencode
{'a b': 1, 'c': 'd/e'}|urlencode
[('a', 1), ('b', 'x y')]|urlencode
5|urlencode
none|urlencode
'see http://example.com/x and www.example.org.'|urlize
'mail me@example.com <now>'|urlize
'http://example.com/a-long-path'|urlize(15)
'http://example.com'|urlize(nofollow=true, target='_blank')
'the quick brown fox'|wordcount
'the quick brown fox jumps'|wordwrap(10)
'thequickbrownfox jumps'|wordwrap(8)
'thequickbrownfox jumps'|wordwrap(8, false)
'a well-known fact'|wordwrap(8)
'line one\\nline two is long'|wordwrap(8)
'abc def'|wordwrap(3, wrapstring='|')
{'class': 'a b', 'id': none, 'x': '<'}|xmlattr
{'a': 1}|xmlattr(false)
1 is odd
2 is even
4 is divisibleby 2
4 is divisibleby(3)
1 is defined
none is none
1 is none
'a' is string
1 is number
1.5 is float
1 is integer
true is integer
true is boolean
1 is boolean
{} is mapping
[] is sequence
'a' is sequence
{} is sequence
[] is iterable
5 is iterable
range is callable
'a' is callable
'abc' is lower
'ABC' is upper
1 is eq 1
1 is equalto 2
1 is ne 2
1 is lt 2
2 is ge 2
1 is gt(2)
1 is in [1, 2]
3 is not in [1, 2]
'a' is in 'abc'
none is sameas none
true is sameas true
'upper' is filter
'nofilter' is filter
'odd' is test
'x' is escaped
'x'|e is escaped
true is true
1 is true
false is false
1 is not odd
not 1 is odd
1 is odd and 2 is even
[1, 2, 3] is eq [1, 2, 3]
5 is odd if true else 2
'a'|upper is upper
1 + 2 is odd
event
event.user
event.user.name
event['user']['name']
event.items
event.items()|list|length
event.list
event.list[0]
event.list[-1]
event.list|first
event.list|length
event.number
event.real
event.number + event.real
event.flag
event.nothing
event.nothing is none
event.missing
event.missing.deeper
event.missing|default('x')
event.text|upper
event.text.split(' ')
event.nested.a.b.c
event.nested.a['b'].c
event['weird key']
event.unicode
event|length
event|list
event|dictsort|length
event|tojson
event.list|tojson
event.user|urlencode
event.users|map(attribute='name')|join(', ')
event.users|selectattr('active')|map(attribute='name')|list
event.users|sort(attribute='name')|map(attribute='name')|list
event.users|groupby('active')|length
'name' in event.user
event.user.get('name', 'x')
event.user.keys()|list
event == event
event.list == [1, 2, 3]
event_name
event_name|upper
wazo_uuid
wazo_uuid is none
event.zero or 'default'
event.empty|default('d', true)
event.big + 1
event.negative // 2
event.user ~ ''
event.list ~ event.number
`;

export const expressions: readonly string[] = lines
  .split('\n')
  .filter((line) => line !== '')
  // The lines are written as they stand in a template: the backslashes are doubled for this file alone.
  .map((line) => line);

export const contexts: Record<string, unknown>[] = [
  {
    event_name: 'call_created',
    wazo_uuid: null,
    event: {
      user: { name: 'Alice', uuid: 'a-b', age: 30 },
      users: [
        { name: 'Bob', active: true },
        { name: 'alice', active: false },
        { name: 'Carol', active: true },
      ],
      list: [1, 2, 3],
      number: 42,
      real: 1.5,
      flag: true,
      nothing: null,
      text: 'hello world',
      nested: { a: { b: { c: 'deep' } } },
      'weird key': 'w',
      unicode: 'é😀"\'',
      zero: 0,
      empty: '',
      big: 9007199254740991,
      negative: -7,
    },
  },
  { event_name: 'x<y>', wazo_uuid: 'server', event: {} },
];
