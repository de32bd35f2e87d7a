/** The settings in their groups, each with its value and where that comes from. */
import type { SettingsPatch } from '../../api/client.ts';
import type { Setting, Settings } from '../../api/types.ts';
import { t } from '../../strings/console.ts';
import { Choice, Field } from '../parts/field.tsx';
import { grouped, kindOf, readValue, textOf } from './value.ts';

interface Props {
  readonly settings: Settings;
  readonly changes: SettingsPatch;
  readonly onChange: (changes: SettingsPatch) => void;
}

export function Groups({ settings, changes, onChange }: Props) {
  const set = (setting: Setting, text: string) => {
    const { [setting.key]: _, ...others } = changes;
    const same = text === textOf(setting);
    onChange(same ? others : { ...others, [setting.key]: readValue(kindOf(setting), text) });
  };
  return (
    <>
      {grouped(settings.items).map(([group, items]) => (
        <section key={group} class="panel settings">
          <div class="panel-head">
            <h2>{group === '' ? t('settings-general') : group}</h2>
          </div>
          {items.map((setting) => (
            <Row
              key={setting.key}
              setting={setting}
              change={changes[setting.key]}
              isChanged={setting.key in changes}
              onInput={(text) => set(setting, text)}
            />
          ))}
        </section>
      ))}
    </>
  );
}

interface RowProps {
  readonly setting: Setting;
  readonly change: unknown;
  readonly isChanged: boolean;
  readonly onInput: (text: string) => void;
}

/** What stands above the file cannot be changed in it; a structure is edited in the file itself. */
const isFixed = (setting: Setting): boolean =>
  setting.from === 'flag' || setting.from === 'environment' || kindOf(setting) === 'structure';

function Row({ setting, change, isChanged, onInput }: RowProps) {
  const { key, from, restart } = setting;
  const source = [t(`from-${from}`), ...(restart ? [t('setting-restart')] : [])].join(' · ');
  return (
    <div class={isChanged ? 'setting changed' : 'setting'}>
      {isFixed(setting) ? (
        <div class="field">
          <span>{key}</span>
          <span class="mono wrap fixed">{textOf(setting) || t('setting-empty')}</span>
          <p class="quiet small">{source}</p>
        </div>
      ) : (
        <Edited
          setting={setting}
          change={change}
          isChanged={isChanged}
          source={source}
          onInput={onInput}
        />
      )}
    </div>
  );
}

function Edited(props: RowProps & { readonly source: string }) {
  const { setting, change, isChanged, source, onInput } = props;
  const { key, has_secret } = setting;
  const text = isChanged ? textOf({ ...setting, value: change }) : textOf(setting);
  if (kindOf(setting) === 'boolean') {
    return (
      <Choice
        label={key}
        name={key}
        value={text}
        help={source}
        options={[
          ['true', t('yes')],
          ['false', t('no')],
        ]}
        onChange={onInput}
      />
    );
  }
  return (
    <Field
      label={key}
      name={key}
      mono
      type={has_secret === undefined ? 'text' : 'password'}
      value={text}
      placeholder={has_secret ? t('setting-secret') : undefined}
      help={source}
      onInput={onInput}
    />
  );
}
