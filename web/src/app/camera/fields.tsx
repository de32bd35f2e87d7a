/** The fields that adding and editing a camera share. */
import { t } from '../../strings/console.ts';
import { Check, Choice, Field } from '../parts/field.tsx';
import type { CameraForm } from './form.ts';

interface Props {
  readonly form: CameraForm;
  readonly set: (changed: Partial<CameraForm>) => void;
}

export function WatchingFields({ form, set }: Props) {
  return (
    <>
      <Choice
        label={t('fact-viewers')}
        name="viewers"
        value={form.viewers}
        help={t(`viewers-${form.viewers}-text`)}
        options={[
          ['grant', t('viewers-grant')],
          ['anyone', t('viewers-anyone')],
        ]}
        onChange={(viewers) => set({ viewers })}
      />
      <Check
        name="on_demand"
        checked={form.onDemand}
        help={t('on-demand-text')}
        onChange={(onDemand) => set({ onDemand })}
      >
        {t('on-demand-label')}
      </Check>
    </>
  );
}

export function TransportField({ form, set }: Props) {
  return (
    <Choice
      label={t('fact-transport')}
      name="transport"
      value={form.transport}
      help={t('transport-text')}
      options={[
        ['auto', t('transport-auto')],
        ['tcp', t('transport-tcp')],
        ['udp', t('transport-udp')],
      ]}
      onChange={(transport) => set({ transport })}
    />
  );
}

export function DelayField({ form, set, error }: Props & { readonly error: string | undefined }) {
  return (
    <Field
      label={t('delay-label')}
      name="delay_limit"
      type="number"
      min={0}
      max={999_999}
      value={form.delayLimit}
      help={t('delay-text')}
      error={error}
      onInput={(delayLimit) => set({ delayLimit })}
    />
  );
}
