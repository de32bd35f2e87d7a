/** The settings in their groups, each with its value, what it is for and where it comes from. */
import type { SettingsPatch } from '../../api/client.ts';
import type { Setting, Settings } from '../../api/types.ts';
import { quoted } from '../../format.ts';
import { t } from '../../strings/console.ts';
import { Choice, Field } from '../parts/field.tsx';
import { grouped, isFixed, readValue, textOf } from './value.ts';

interface Props {
  readonly settings: Settings;
  readonly changes: SettingsPatch;
  readonly onChange: (changes: SettingsPatch) => void;
}

export function Groups({ settings, changes, onChange }: Props) {
  const set = (setting: Setting, text: string) => {
    const { [setting.key]: _, ...others } = changes;
    const same = text === textOf(setting);
    onChange(same ? others : { ...others, [setting.key]: readValue(setting.kind, text) });
  };
  return (
    <>
      {grouped(settings.items).map(([group, items]) => (
        <section key={group} class="panel settings">
          <div class="panel-head">
            <h2>{group === '' ? t('settings-general') : group}</h2>
          </div>
          {items.map((setting) => {
            const isChanged = setting.key in changes;
            const value = isChanged ? changes[setting.key] : setting.value;
            const text = textOf({ kind: setting.kind, value });
            const fixed = !settings.writable || isFixed(setting);
            return (
              <div key={setting.key} class={isChanged ? 'setting changed' : 'setting'}>
                {fixed ? (
                  <Fixed setting={setting} />
                ) : (
                  <Edited setting={setting} text={text} onInput={(next) => set(setting, next)} />
                )}
              </div>
            );
          })}
        </section>
      ))}
    </>
  );
}

/** What it is for, where it comes from, when a change of it counts. */
function helpOf({ about, from, set_by, restart }: Setting): string {
  const source = set_by ? t(`from-${from}-by`, { name: set_by }) : t(`from-${from}`);
  const parts = [source, ...(restart ? [t('setting-restart')] : [])].join(' · ');
  return about ? `${quoted(about)} (${parts})` : parts;
}

function Fixed({ setting }: { readonly setting: Setting }) {
  return (
    <div class="field">
      <span>{setting.key}</span>
      <span class="mono wrap">{textOf(setting) || t('setting-empty')}</span>
      <p class="quiet small">{helpOf(setting)}</p>
    </div>
  );
}

interface EditedProps {
  readonly setting: Setting;
  readonly text: string;
  readonly onInput: (text: string) => void;
}

function Edited({ setting, text, onInput }: EditedProps) {
  const { key, kind, choices = [] } = setting;
  const options: readonly (readonly [string, string])[] =
    kind === 'boolean'
      ? [
          ['true', t('yes')],
          ['false', t('no')],
        ]
      : choices.map((one) => [one, one]);
  if (options.length === 0) {
    const help = helpOf(setting);
    return <Field label={key} name={key} mono value={text} help={help} onInput={onInput} />;
  }
  return (
    <Choice
      label={key}
      name={key}
      value={text}
      help={helpOf(setting)}
      // Nothing said is a choice too, where that is so now.
      options={text === '' ? [['', t('setting-empty')], ...options] : options}
      onChange={onInput}
    />
  );
}
