declare module '*.ftl?words' {
  const words: Readonly<Record<string, string>>;
  export default words;
}
declare module '*.css?inline' {
  const css: string;
  export default css;
}
declare module '*.ftl?raw' {
  const source: string;
  export default source;
}
