/** The time one rendering of a typical webhook's body takes. */
import { compileTemplate } from '#dist/templates/template.js';
import { median, round } from './statistics.ts';

const source = `{
  "event": "{{ event_name }}", "server": "{{ wazo_uuid }}", "call": "{{ event.call_id }}",
  "from": {{ event.caller_id_name|tojson }}, "number": "{{ event.caller_id_number }}",
  "state": "{{ event.status }}", "line": {{ event.line_id + 1 }},
  "talking_to": [{% for name in event.names %}"{{ name }}"{% if not loop.last %}, {% endif %}{% endfor %}]
}`;

const variables = {
  event_name: 'call_created',
  wazo_uuid: '11111111-1111-4111-8111-111111111111',
  event: {
    call_id: '1455123422.8',
    caller_id_name: 'Alice Example',
    caller_id_number: '8001',
    status: 'Ringing',
    line_id: 42,
    names: ['Bob', 'Carol', 'Dave'],
  },
};

export interface TemplateRow {
  template: string;
  microseconds: number;
}

export function templates(): TemplateRow[] {
  const template = compileTemplate(source);
  const rounds = Array.from({ length: 9 }, () => {
    const loops = 10_000;
    const began = performance.now();
    for (let n = 0; n < loops; n++) template.render(variables);
    return ((performance.now() - began) * 1000) / loops;
  });
  return [{ template: 'a typical body', microseconds: round(median(rounds), 2) }];
}
