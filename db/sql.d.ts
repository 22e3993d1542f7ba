// SQL files are imported as text and travel inside the executable.

declare module "*.sql" {
  const text: string;
  export default text;
}
