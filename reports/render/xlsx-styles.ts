/*
 * The looks of a cell. Excel groups 3-2-2 only by formats of three fixed widths with conditions, and a condition keeps the minus sign inside
 * brackets; so each amount gets the format of its own width, with a second section for negatives: shown alike by every program.
 */
const AMOUNT_FORMATS = ["##,##0.00", "##\\,##\\,##0.00", "##\\,##\\,##\\,##0.00", "##\\,##\\,##\\,##\\,##0.00"].map(
  (format) => `${format}_);(${format})`,
);
const FIRST_FORMAT = 164;
const DATE_FORMAT = FIRST_FORMAT + AMOUNT_FORMATS.length;

/** Rupees from which one more group of two digits is written. */
const GROUP_LIMITS = [10_000_000n, 1_000_000_000n, 100_000_000_000n]; // paise: one lakh, one crore, a hundred crore

type Look = {
  readonly font: number;
  readonly fill?: number;
  readonly border?: number;
  readonly format?: number;
  readonly align?: "left" | "right" | "center";
  readonly indent?: number;
  readonly wrap?: boolean;
};

const NORMAL = 0;
const BOLD = 1;
const TITLE = 2;
const NOTE = 3;
const looks: Look[] = [];
const look = (one: Look): number => looks.push(one) - 1;
const pair = (one: Omit<Look, "font">): readonly [number, number] => [
  look({ ...one, font: NORMAL }),
  look({ ...one, font: BOLD, fill: 3, border: 1 }),
];

const plain = look({ font: NORMAL });
const INDENTS = 6;
const texts = Array.from({ length: INDENTS }, (_, indent) => pair({ indent, wrap: true }));
const amounts = AMOUNT_FORMATS.map((_, i) => pair({ format: FIRST_FORMAT + i, align: "right" }));
const dates = pair({ format: DATE_FORMAT, align: "left" });
const counts = pair({ format: 1, align: "right" });
const longAmounts = pair({ align: "right" });

export const STYLES = {
  plain,
  title: look({ font: TITLE }),
  subtitle: look({ font: NORMAL }),
  note: look({ font: NOTE }),
  header: look({ font: BOLD, fill: 2, border: 2, wrap: true, align: "left" }),
  amountHeader: look({ font: BOLD, fill: 2, border: 2, wrap: true, align: "right" }),
  heading: look({ font: BOLD }),
  text: (level: number, isTotal: boolean): number => texts[Math.min(level, INDENTS - 1)]?.[isTotal ? 1 : 0] ?? plain,
  date: (isTotal: boolean): number => dates[isTotal ? 1 : 0],
  count: (isTotal: boolean): number => counts[isTotal ? 1 : 0],
  longAmount: (isTotal: boolean): number => longAmounts[isTotal ? 1 : 0],
  amount: (paise: bigint, isTotal: boolean): number => {
    const size = paise < 0n ? -paise : paise;
    const groups = GROUP_LIMITS.filter((limit) => size >= limit).length;
    return amounts[groups]?.[isTotal ? 1 : 0] ?? plain;
  },
} as const;

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** styles.xml: the same for every workbook. */
export function stylesXml(): string {
  const formats = [...AMOUNT_FORMATS, "dd/mm/yyyy"]
    .map((code, i) => `<numFmt numFmtId="${FIRST_FORMAT + i}" formatCode="${escape(code)}"/>`)
    .join("");
  const xfs = looks
    .map(({ font, fill = 0, border = 0, format = 0, align, indent = 0, wrap = false }) => {
      const alignment = [
        align === undefined ? (indent > 0 ? 'horizontal="left"' : "") : `horizontal="${align}"`,
        indent > 0 ? `indent="${indent}"` : "",
        wrap ? 'wrapText="1"' : "",
        'vertical="top"',
      ].filter(Boolean);
      return (
        `<xf numFmtId="${format}" fontId="${font}" fillId="${fill}" borderId="${border}" xfId="0" applyNumberFormat="1" applyFont="1" ` +
        `applyFill="1" applyBorder="1" applyAlignment="1"><alignment ${alignment.join(" ")}/></xf>`
      );
    })
    .join("");
  const font = (size: number, more = ""): string => `<font>${more}<sz val="${size}"/><name val="Calibri"/></font>`;
  const fill = (colour: string): string =>
    `<fill><patternFill patternType="solid"><fgColor rgb="${colour}"/></patternFill></fill>`;
  const line = (side: string): string => `<${side} style="thin"><color rgb="FF9A9A9A"/></${side}>`;
  return (
    `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
    `<numFmts count="${AMOUNT_FORMATS.length + 1}">${formats}</numFmts>` +
    `<fonts count="4">${font(11)}${font(11, "<b/>")}${font(14, "<b/>")}${font(10, "<i/>")}</fonts>` +
    `<fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>` +
    `${fill("FFE6EBF2")}${fill("FFF2F2F2")}</fills>` +
    `<borders count="3"><border/><border>${line("top")}</border><border>${line("top")}${line("bottom")}</border></borders>` +
    `<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="${looks.length}">${xfs}</cellXfs></styleSheet>`
  );
}
