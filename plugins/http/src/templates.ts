/** Options that may have something of the event in them. The one place that knows how. */
import { compileTemplate, type KeptEvent, TemplateError } from 'webhookd/plugin';
import { UnsendableError } from './unsendable.ts';

/** Text that is the same for all events when `isConstant`. */
export interface EventText {
  readonly isConstant: boolean;
  /** Throws {@link UnsendableError} that quotes what failed. */
  render(event: KeptEvent): string;
}

/**
 * @param key what the option is called, for messages
 * @param source the option as the subscription has it
 * @throws UnsendableError when the source is no template, as one may be that nobody checked
 */
export function eventText(key: string, source: string): EventText {
  const template = orUnsendable(key, () => compileTemplate(source));
  return {
    isConstant: template.isConstant,
    render: ({ name, data, originUuid }) =>
      orUnsendable(key, () =>
        template.render({ event_name: name, event: data, wazo_uuid: originUuid }),
      ),
  };
}

function orUnsendable<T>(key: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const { message, line = 1, expression = '' } = error;
    const place = expression === '' ? `line ${line}` : `line ${line}, ${expression}`;
    throw new UnsendableError(`config.${key}, ${place}: ${message}`);
  }
}
