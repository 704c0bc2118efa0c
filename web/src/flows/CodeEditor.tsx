// The text of a flow: coloured, completed from the schema, with what is wrong at its place.

import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension, type Text } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import type { FlowMistake } from '../api/types';
import css from './Flows.module.css';
import { phrases } from './phrases';
import { placeAt } from './place';
import { keysAt, type Path, type Schema, valuesAt } from './schema';

export interface CodeHandle {
  goTo(line: number, column: number): void;
  replace(text: string): void;
}

interface Props {
  ref: Ref<CodeHandle>;
  label: string;
  text: string;
  readOnly: boolean;
  schema: Schema | null;
  /** Names that may stand at a place, beside what the schema says. */
  names(path: Path, isKey: boolean): readonly string[];
  mistakes: readonly FlowMistake[];
  changed(text: string): void;
  moved(line: number): void;
  save(): void;
}

export function CodeEditor(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  // What the editor asks for while it lives, without being made anew.
  const current = useRef(props);
  current.current = props;

  useEffect(() => {
    if (!host.current) return;
    const editor = new EditorView({ parent: host.current, state: stateOf(current) });
    view.current = editor;
    // What is being written stays in sight when a list of mistakes takes room below.
    const sizes = new ResizeObserver(() => {
      if (!editor.hasFocus) return;
      editor.dispatch({ effects: EditorView.scrollIntoView(editor.state.selection.main.head) });
    });
    sizes.observe(host.current);
    return () => {
      sizes.disconnect();
      editor.destroy();
    };
  }, []);
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const found = props.mistakes.map((mistake) => diagnostic(editor.state.doc, mistake));
    editor.dispatch(setDiagnostics(editor.state, found));
  }, [props.mistakes]);
  useImperativeHandle(props.ref, () => ({
    goTo(line, column) {
      const editor = view.current;
      if (!editor) return;
      const at = position(editor.state.doc, line, column);
      editor.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      editor.focus();
    },
    replace(text) {
      const editor = view.current;
      editor?.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
    },
  }));
  return <div ref={host} className={css.code} />;
}

function stateOf(current: { current: Props }): EditorState {
  const { text, label, readOnly } = current.current;
  return EditorState.create({
    doc: text,
    extensions: [
      phrases(),
      lineNumbers(),
      foldGutter(),
      lintGutter(),
      history(),
      drawSelection(),
      bracketMatching(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      indentUnit.of('  '),
      yaml(),
      syntaxHighlighting(COLOURS),
      autocompletion({ override: [(context) => complete(context, current.current)] }),
      keymap.of([
        { key: 'Mod-s', preventDefault: true, run: () => saved(current.current) },
        ...completionKeymap,
        ...lintKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...defaultKeymap,
        // Escape, then Tab leaves the editor, as the keymap's documentation asks for.
        indentWithTab,
      ]),
      EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
      EditorView.lineWrapping,
      EditorState.readOnly.of(readOnly),
      listener(current),
      LOOK,
    ],
  });
}

function saved({ save }: Props): boolean {
  save();
  return true;
}

function listener(current: { current: Props }): Extension {
  return EditorView.updateListener.of((update) => {
    if (update.docChanged) current.current.changed(update.state.doc.toString());
    if (update.docChanged || update.selectionSet) {
      current.current.moved(update.state.doc.lineAt(update.state.selection.main.head).number);
    }
  });
}

export function complete(
  context: CompletionContext,
  props: Pick<Props, 'schema' | 'names'>,
): CompletionResult | null {
  if (!props.schema) return null;
  const place = placeAt(context.state.doc.toString(), context.pos);
  if (place.word === '' && !context.explicit) return null;
  const keys = place.isKey ? keysAt(props.schema, place.path, place.present) : [];
  const values = place.isKey && keys.length > 0 ? [] : valuesAt(props.schema, place.path);
  const names = props.names(place.path, place.isKey);
  const isEntry = place.isKey && place.path.at(-1) !== null;
  const options = [
    ...keys.map(({ label, detail }) => ({ label, info: detail, type: 'property', apply: `${label}: ` })),
    ...values.map(({ label, detail }) => ({ label, info: detail, type: 'constant' })),
    ...names.map((label) => ({ label, type: 'function', apply: isEntry ? `${label}: ` : label })),
  ];
  return options.length > 0 ? { from: place.from, options, validFor: /^["'\w-]*$/ } : null;
}

function position(doc: Text, line: number, column: number): number {
  const at = doc.line(Math.max(1, Math.min(line, doc.lines)));
  return Math.min(at.from + Math.max(0, column - 1), at.to);
}

function diagnostic(doc: Text, mistake: FlowMistake): Diagnostic {
  const from = position(doc, mistake.line, mistake.column);
  const to = Math.max(from, position(doc, mistake.line, mistake.end_column));
  return {
    from,
    to: to === from ? Math.min(from + 1, doc.length) : to,
    severity: mistake.severity,
    message: [mistake.problem, mistake.remedy].filter((text) => text !== '').join('\n'),
  };
}

const COLOURS = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--tone-talking)' },
  { tag: [tags.string, tags.content], color: 'var(--ink)' },
  { tag: tags.comment, color: 'var(--dim)' },
  { tag: [tags.bool, tags.number, tags.null], color: 'var(--tone-wrap)' },
  { tag: tags.punctuation, color: 'var(--dim)' },
]);

const LOOK = EditorView.theme({
  '&': { height: '100%', fontSize: '12.5px', backgroundColor: 'var(--panel)', color: 'var(--ink)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, monospace', lineHeight: '1.55' },
  '.cm-gutters': { backgroundColor: 'var(--panel)', color: 'var(--dim)', border: '0' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--accent) 6%, transparent)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 24%, transparent)',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    color: 'var(--ink)',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--accent)',
    color: 'var(--panel)',
  },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--ink)' },
  '.cm-diagnostic': { whiteSpace: 'pre-wrap' },
});
