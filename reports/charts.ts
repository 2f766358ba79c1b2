import { init, use } from "echarts/core";
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import { formatInUnit, formatStatement, paise, type Paise, type Unit } from "../ledger/kernel/money.ts";

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, SVGRenderer]);

export type ChartSeries = {
  readonly name: string;
  readonly kind: "bar" | "line";
  /** One amount per category; null where there is no figure (a blank, not a zero). */
  readonly values: readonly (Paise | null)[];
};

export type Chart = {
  /** Said to screen readers, and nothing else: the page writes the title in its figcaption. */
  readonly description: string;
  readonly categories: readonly string[];
  readonly series: readonly ChartSeries[];
  readonly unit: Unit;
  readonly width?: number;
  readonly height?: number;
};

// At least 3:1 against white, and different in lightness, so that they stay apart without colour; patterns (decal) do the rest.
const COLOURS = ["#1d70b8", "#b45309", "#00703c", "#7a1fa2", "#5c6b73"];
const DIVISOR: Record<Unit, bigint> = { unit: 100n, lac: 10_000_000n, crore: 1_000_000_000n };

/**
 * A bar or line chart as an SVG text, drawn on the server. Positions are drawn from floating point; every figure that a reader
 * sees comes from exact paise. The page puts it in a `<figure>` with the same data as a table beside it.
 */
export function chartSvg(chart: Chart): string {
  const divisor = Number(DIVISOR[chart.unit]);
  const drawing = init(null, null, {
    renderer: "svg",
    ssr: true,
    width: chart.width ?? 720,
    height: chart.height ?? 300,
  });
  try {
    drawing.setOption({
      animation: false,
      color: COLOURS,
      textStyle: { fontFamily: "Noto Sans, Noto Sans Devanagari, Noto Sans Gurmukhi, sans-serif" },
      aria: { enabled: true, label: { description: describe(chart) }, decal: { show: chart.series.length > 1 } },
      grid: { left: 8, right: 12, top: 34, bottom: 8, outerBoundsMode: "same" },
      legend: { show: chart.series.length > 1, top: 0, left: 0 },
      xAxis: { type: "category", data: [...chart.categories], axisLabel: { hideOverlap: true } },
      yAxis: {
        type: "value",
        axisLabel: { formatter: (value: number) => axisLabel(value, chart.unit) },
        splitLine: { lineStyle: { color: "#dcdcdc" } },
      },
      series: chart.series.map((series) => ({
        name: series.name,
        type: series.kind,
        data: series.values.map((value) => (value === null ? null : Number(value) / divisor)),
        ...(series.kind === "line" ? { symbolSize: 6, lineStyle: { width: 2 } } : { barMaxWidth: 36 }),
      })),
    });
    return ariaFirst(drawing.renderToSVGString(), chart);
  } finally {
    // An instance that is not disposed of keeps its timers, and Node never exits.
    drawing.dispose();
  }
}

function axisLabel(value: number, unit: Unit): string {
  // Axis ticks are round figures that the chart chose; hundredths of the unit are the finest it shows.
  const hundredths = paise(BigInt(Math.round(value * 100)));
  const text = formatStatement(hundredths);
  return (unit === "unit" || Number.isInteger(value)) && text.endsWith(".00") ? text.slice(0, -3) : text;
}

function describe(chart: Chart): string {
  const parts = chart.series.map((series) => {
    const figures = chart.categories.map((category, i) => {
      const value = series.values[i];
      return value === null || value === undefined
        ? `${category}: no figure`
        : `${category}: ${formatInUnit(value, chart.unit)}`;
    });
    return `${series.name}: ${figures.slice(0, 24).join("; ")}${figures.length > 24 ? "; and more in the table" : ""}`;
  });
  return `${chart.description} ${parts.join(". ")}.`;
}

/** ECharts writes its label for a container in a page; in a text of its own the svg element must carry it. */
function ariaFirst(svg: string, chart: Chart): string {
  const text = describe(chart).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
  return svg.replace(/^<svg /, `<svg role="img" aria-label="${text}" `);
}
