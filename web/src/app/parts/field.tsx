/** A form field with its help and, below it, its error. */
import { useId } from 'preact/hooks';

interface Props {
  readonly label: string;
  readonly name: string;
  readonly type: 'password';
  readonly autocomplete?: string;
  readonly error?: string | undefined;
  readonly autofocus?: boolean;
}

export function Field({ label, name, type, autocomplete, error, autofocus }: Props) {
  const id = useId();
  const focus = (element: HTMLInputElement | null) => {
    if (autofocus && element && !element.dataset.met) {
      element.dataset.met = 'yes';
      element.focus();
    }
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        ref={focus}
        class="input"
        name={name}
        type={type}
        autocomplete={autocomplete ?? 'off'}
        spellcheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : `${id}-error`}
      />
      {error !== undefined && (
        <p class="error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
