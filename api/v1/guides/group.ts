/** The refusals of one room: what a person or a program does about each, in one sentence that ends with a full stop. */
export type GuideGroup = {
  readonly title: string;
  readonly intro: string;
  readonly codes: Readonly<Record<string, string>>;
};
