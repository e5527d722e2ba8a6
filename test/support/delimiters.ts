/** What tags, expressions and comments of templates stand between. */
export const delimiters = ['{{', '}}', '{%', '%}', '{#', '#}'] as const;
