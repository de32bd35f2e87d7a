/** A form's fields: what is asked, help, and below it the error. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Common {
  readonly label: string;
  readonly name: string;
  /** What helps to answer. */
  readonly help?: string | undefined;
  readonly error?: string | undefined;
}

interface FieldProps extends Common {
  readonly type?: 'text' | 'password' | 'number' | 'date';
  readonly value?: string;
  readonly placeholder?: string | undefined;
  readonly autocomplete?: string;
  readonly autofocus?: boolean;
  /** An address or a name: no language. */
  readonly mono?: boolean;
  readonly min?: string | number;
  readonly max?: string | number;
  readonly onInput?: (value: string) => void;
}

export function Field(props: FieldProps) {
  const { label, name, help, error, type = 'text', value, autocomplete = 'off', onInput } = props;
  const id = useId();
  const focus = (element: HTMLInputElement | null) => {
    if (props.autofocus && element && !element.dataset.met) {
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
        class={props.mono ? 'input mono' : 'input'}
        name={name}
        // Preact's types know each type's own attributes; a variable is none of them.
        type={type as 'text'}
        {...(value !== undefined && { value })}
        placeholder={props.placeholder}
        min={props.min}
        max={props.max}
        autocomplete={autocomplete}
        autocapitalize="off"
        spellcheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={described(id, help, error)}
        onInput={onInput && ((event) => onInput(event.currentTarget.value))}
      />
      <Below id={id} help={help} error={error} />
    </div>
  );
}

const described = (id: string, help: unknown, error: unknown): string | undefined =>
  error !== undefined ? `${id}-error` : help !== undefined ? `${id}-help` : undefined;

interface BelowProps {
  readonly id: string;
  readonly help: string | undefined;
  readonly error: string | undefined;
}

function Below({ id, help, error }: BelowProps) {
  if (error !== undefined) {
    return (
      <p class="error" id={`${id}-error`} role="alert">
        {error}
      </p>
    );
  }
  if (help === undefined) return null;
  return (
    <p class="quiet small" id={`${id}-help`}>
      {help}
    </p>
  );
}

interface ChoiceProps<T extends string> extends Common {
  readonly value: T;
  /** Values with what they are called. */
  readonly options: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}

/** One of a few. */
export function Choice<T extends string>(props: ChoiceProps<T>) {
  const { label, name, value, options, help, error, onChange } = props;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        class="input"
        name={name}
        value={value}
        aria-describedby={described(id, help, error)}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {options.map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
      <Below id={id} help={help} error={error} />
    </div>
  );
}

interface CheckProps {
  readonly name: string;
  readonly checked?: boolean;
  readonly help?: string;
  readonly children: ComponentChildren;
  readonly onChange?: (checked: boolean) => void;
}

/** Yes or no. */
export function Check({ name, checked, help, children, onChange }: CheckProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        name={name}
        {...(checked !== undefined && { checked })}
        onChange={onChange && ((event) => onChange(event.currentTarget.checked))}
      />
      <span>
        {children}
        {help && <span class="quiet small block">{help}</span>}
      </span>
    </label>
  );
}

interface SegmentsProps<T extends string | number> {
  readonly legend: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}

/** One of a few that takes effect at once. */
export function Segments<T extends string | number>(props: SegmentsProps<T>) {
  const { legend, value, options, onChange } = props;
  return (
    <fieldset class="segments">
      <legend class="only-read">{legend}</legend>
      {options.map(([one, words]) => (
        <button key={one} type="button" aria-pressed={value === one} onClick={() => onChange(one)}>
          {words}
        </button>
      ))}
    </fieldset>
  );
}
