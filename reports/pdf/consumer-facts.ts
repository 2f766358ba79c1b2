import { bilingual, label, labelOfCode, type Language } from "../labels.ts";

/** A consumer as papers name him. */
export type PaperConsumer = {
  readonly code: string;
  readonly name: string;
  readonly nameLocal: string | null;
  readonly address: string;
  readonly ward: string;
  readonly service: string;
  readonly serviceName: string;
  readonly serviceNameLocal: string | null;
};

/** Service, code, name, address and ward as labelled facts in both languages. */
export function consumerFacts(
  consumer: PaperConsumer,
  language: Language,
): readonly { readonly name: string; readonly value: string }[] {
  const both = (name: string, local: string | null): string =>
    language !== "en" && local !== null && local !== "" && local !== name ? `${name} / ${local}` : name;
  const known = labelOfCode(consumer.service, language);
  const serviceLocal = language === "hi" ? consumer.serviceNameLocal : known === consumer.service ? null : known;
  return [
    { name: bilingual("service", language), value: both(consumer.serviceName, serviceLocal) },
    { name: bilingual("consumerCode", language), value: consumer.code },
    { name: bilingual("name", language), value: both(consumer.name, consumer.nameLocal) },
    {
      name: bilingual("address", language),
      value: `${consumer.address}${consumer.ward === "" ? "" : ` (${language === "en" ? label("ward") : bilingual("ward", language)} ${consumer.ward})`}`,
    },
  ];
}
