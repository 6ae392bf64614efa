import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { exportedMetrics } from '../support/exported-metrics.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const rules: Rule[] = parse(readFileSync('deploy/prometheus/alerts.yml', 'utf8')).groups.flatMap(
  ({ rules }: { rules: Rule[] }) => rules,
);
const dashboard: Dashboard = JSON.parse(readFileSync('deploy/grafana/album-classifier.json', 'utf8'));
const expressions = [
  ...rules.map(({ expr }) => expr),
  // Grafana puts a duration there.
  ...dashboard.panels.flatMap(({ targets }) =>
    targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '5m')),
  ),
];

/** Where Prometheus' own grammar does not follow. */
function mistakesIn(expression: string): string[] {
  const mistakes: string[] = [];
  parser.parse(expression).iterate({
    enter({ type, from }) {
      if (type.isError) mistakes.push(`${expression.slice(0, from)}⟨here⟩${expression.slice(from)}`);
    },
  });
  return mistakes;
}

describe('what operators deploy', () => {
  test('says nothing that Prometheus could not read', () => {
    expect(mistakesIn('sum(rate(x[5m])')).toHaveLength(1);
    expect(expressions.length).toBeGreaterThan(25);
    expect(expressions.flatMap(mistakesIn)).toEqual([]);
  });

  test('asks for metrics that there are', async () => {
    const names = await exportedMetrics();
    const asked = expressions.flatMap((expression) => expression.match(/\balbum_\w+/g) ?? []);
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
  });

  test('scrapes with the token of operators, read from a file, and loads the rules', () => {
    const { rule_files, scrape_configs } = parse(readFileSync('deploy/prometheus/prometheus.yml', 'utf8'));
    expect(rule_files).toEqual(['alerts.yml']);
    expect(scrape_configs).toMatchObject([
      { metrics_path: '/metrics', authorization: { type: 'Bearer', credentials_file: expect.any(String) } },
    ]);
  });

  test('alerts by names of their own, with what to do, after a time', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, for: wait = '0s', labels, annotations } of rules) {
      expect(alert).toMatch(/^Album[A-Za-z]+$/);
      expect(wait).toMatch(/^\d+[smh]$/);
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(annotations.summary.length * annotations.description.length).toBeGreaterThan(0);
    }
  });

  test('has panels that do not overlap', () => {
    const places = dashboard.panels.map(({ gridPos }) => gridPos);
    for (const [index, a] of places.entries())
      for (const b of places.slice(index + 1))
        expect(a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h).toBe(false);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(places.length);
  });
});
