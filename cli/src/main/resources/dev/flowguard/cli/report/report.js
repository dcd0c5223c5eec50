// Draws the report's curves from the numbers embedded in the page. Every row is one line of metrics.jsonl.
(() => {
  'use strict';
  const { rows, scorers } = JSON.parse(document.getElementById('data').textContent);
  const css = getComputedStyle(document.documentElement);
  const colour = name => css.getPropertyValue(name).trim();
  const charts = [];
  let axis = 'iteration';
  const x = row => axis === 'iteration' ? row.iteration : row.elapsed / 60;
  // A missing number is a gap in a line, never a zero.
  const points = value => rows.filter(row => value(row) != null).map(row => ({ x: x(row), y: value(row) }));

  Chart.defaults.color = colour('--soft');
  Chart.defaults.borderColor = colour('--line');
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.animation = false;

  const number = value => Math.abs(value) >= 1e-3 || value === 0 ? +value.toPrecision(4) : value.toExponential(2);

  function draw(canvas, series, { type = 'line', min, max, legend = false } = {}) {
    const stacked = type === 'bar';
    const chart = new Chart(canvas, {
      type,
      data: { datasets: series().map(style) },
      options: {
        maintainAspectRatio: false,
        interaction: { mode: 'nearest', axis: 'x', intersect: false },
        scales: {
          x: { type: 'linear', bounds: 'data', min: stacked ? undefined : 0, offset: stacked, stacked, grid: { display: false }, border: { display: false },
            ticks: { maxTicksLimit: 8, maxRotation: 0, callback: v => axis === 'iteration' ? (Number.isInteger(v) ? v : '') : `${+v.toFixed(1)} min` } },
          y: { min, max, stacked, border: { display: false }, ticks: { maxTicksLimit: 5, callback: number } },
        },
        plugins: {
          legend: { display: legend, align: 'start',
            labels: { usePointStyle: true, pointStyle: 'line', boxWidth: 18, filter: item => !item.text.startsWith('_') } },
          tooltip: { filter: item => !item.dataset.label.startsWith('_'),
            callbacks: {
              title: items => items.length ? (axis === 'iteration' ? `iteration ${items[0].parsed.x}` : `${items[0].parsed.x.toFixed(2)} min`) : '',
              label: item => ` ${item.dataset.label}: ${number(item.parsed.y)}` } },
        },
      },
    });
    charts.push({ chart, series });
    return chart;
  }

  const style = series => ({ borderWidth: 2, pointRadius: 0, pointHoverRadius: 4, tension: 0, ...series });

  // Scores: held-out evaluation, and the training reward with one standard deviation on both sides.
  const scoreCharts = document.getElementById('score-charts');
  for (const scorer of scorers) {
    const figure = document.createElement('figure');
    if (scorers.length === 1) figure.className = 'wide';
    const caption = document.createElement('figcaption');
    caption.textContent = scorer.name;
    const note = document.createElement('span');
    note.textContent = scorer.trained ? '' : ' watched, not trained on';
    caption.append(note);
    const plot = document.createElement('div');
    plot.className = 'plot';
    const canvas = document.createElement('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `${scorer.name} over the run`);
    plot.append(canvas);
    figure.append(caption, plot);
    scoreCharts.append(figure);
    const reward = (row, part) => row[`reward.${scorer.name}.${part}`];
    const edge = sign => row => {
      const mean = reward(row, 'mean'), std = reward(row, 'std');
      return mean == null || std == null ? null : mean + sign * std;
    };
    // Scores that are shares are shown on the whole scale, so that a small gain looks small.
    const values = rows.flatMap(row => [row[`eval.${scorer.name}`], reward(row, 'min'), reward(row, 'max')]).filter(v => v != null);
    const bounds = values.every(value => value >= 0 && value <= 1) ? { min: 0, max: 1 } : {};
    draw(canvas, () => [
      { label: 'held out', data: points(row => row[`eval.${scorer.name}`]), borderColor: colour('--accent'),
        backgroundColor: colour('--accent'), pointRadius: rows.length > 200 ? 0 : 3, order: 0 },
      { label: 'training', data: points(row => reward(row, 'mean')), borderColor: colour('--second'), borderWidth: 1.5, order: 1 },
      { label: '_upper', data: points(edge(1)), borderWidth: 0, pointHoverRadius: 0, backgroundColor: colour('--second-soft'), fill: '+1', order: 2 },
      { label: '_lower', data: points(edge(-1)), borderWidth: 0, pointHoverRadius: 0, order: 2 },
    ].filter(series => series.data.length), { ...bounds, legend: true });
  }

  // Gold rewards against the proxy, and the diversity inside a prompt.
  const goldCharts = document.getElementById('gold-charts');
  const figure = title => {
    document.getElementById('gold-section').hidden = false;
    const box = document.createElement('figure');
    const caption = document.createElement('figcaption');
    caption.textContent = title;
    const plot = document.createElement('div');
    plot.className = 'plot';
    const canvas = document.createElement('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', title);
    plot.append(canvas);
    box.append(caption, plot);
    goldCharts.append(box);
    return canvas;
  };
  const trained = scorers.filter(scorer => scorer.trained);
  const proxy = row => {
    const parts = trained.map(scorer => row[`eval.${scorer.name}`] == null ? null : scorer.weight * row[`eval.${scorer.name}`]);
    return parts.some(part => part == null) ? null : parts.reduce((sum, part) => sum + part, 0);
  };
  for (const scorer of scorers.filter(s => !s.trained)) {
    const path = rows.filter(row => proxy(row) != null && row[`eval.${scorer.name}`] != null)
      .map(row => ({ x: proxy(row), y: row[`eval.${scorer.name}`], iteration: row.iteration }));
    if (!trained.length || path.length < 2) continue;
    new Chart(figure(`${scorer.name} against ${trained.map(s => s.name).join(' + ')}`), {
      type: 'line',
      data: { datasets: [style({ label: scorer.name, data: path, borderColor: colour('--accent'), backgroundColor: colour('--accent'), pointRadius: 3 })] },
      options: {
        maintainAspectRatio: false,
        interaction: { mode: 'nearest', intersect: false },
        scales: {
          x: { type: 'linear', grid: { display: false }, border: { display: false }, ticks: { maxTicksLimit: 8, maxRotation: 0, callback: number } },
          y: { border: { display: false }, ticks: { maxTicksLimit: 5, callback: number } },
        },
        plugins: { legend: { display: false }, tooltip: { callbacks: {
          title: items => items.length ? `iteration ${items[0].raw.iteration}` : '',
          label: item => ` ${scorer.name} ${number(item.parsed.y)}, proxy ${number(item.parsed.x)}` } } },
      },
    });
  }
  if (rows.some(row => row.eval_diversity != null)) {
    draw(figure('Diversity'), () => [
      { label: 'diversity', data: points(row => row.eval_diversity), borderColor: colour('--accent'), backgroundColor: colour('--accent'), pointRadius: 3 },
    ], { min: 0 });
  }

  // Updates: one line a stochastic step.
  const steps = [...new Set(rows.flatMap(row => (row.steps ?? []).map(step => step.step)))].sort((a, b) => a - b);
  const parse = text => text.match(/-?[\d.]+/g).map(Number);
  const from = parse(colour('--step-from')), to = parse(colour('--step-to'));
  const stepColour = index => {
    const t = steps.length < 2 ? 1 : index / (steps.length - 1);
    const [h, s, l] = from.map((value, i) => value + t * (to[i] - value));
    return `hsl(${h} ${s}% ${l}%)`;
  };
  const stepLabel = step => {
    const sigma = rows.flatMap(row => row.steps ?? []).find(s => s.step === step)?.sigma;
    return sigma == null ? `step ${step}` : `step ${step} (σ ${sigma.toFixed(2)})`;
  };
  const legend = document.getElementById('step-legend');
  steps.forEach((step, index) => {
    const item = document.createElement('span');
    const line = document.createElement('i');
    line.style.background = stepColour(index);
    item.append(line, stepLabel(step));
    legend.append(item);
  });
  const perStep = key => () => steps.map((step, index) => ({
    label: stepLabel(step), borderColor: stepColour(index), backgroundColor: stepColour(index), borderWidth: 1.5,
    data: points(row => row.steps?.find(s => s.step === step)?.[key]),
  }));
  draw(document.getElementById('clip-up'), perStep('clip_up'), { min: 0 });
  draw(document.getElementById('clip-down'), perStep('clip_down'), { min: 0 });
  draw(document.getElementById('ratio-mean'), perStep('log_ratio_mean'));
  draw(document.getElementById('ratio-std'), perStep('log_ratio_std'), { min: 0 });
  draw(document.getElementById('gradient-norm'), () => [
    { label: 'gradient norm', data: points(row => row.grad_norm), borderColor: colour('--accent'), backgroundColor: colour('--accent'), borderWidth: 1.5 },
  ], { min: 0 });

  // The paper's figure: two rows of histograms over the steps, before and after RatioNorm.
  const observed = rows.filter(row => row.steps?.some(step => step.density?.counts));
  const ratioFigure = document.getElementById('ratio-figure');
  const svg = (name, attributes, text) => {
    const element = document.createElementNS(ratioFigure.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text != null) element.textContent = text;
    return element;
  };
  const percent = value => value == null ? '–' : `${(100 * value).toFixed(value && value < .001 ? 2 : 1)} %`;
  const share = (sign, side) => sign?.members ? sign[side] / sign.members : null;

  function histograms(row) {
    const width = 960, left = 92, gap = 10, height = 108, top = 22, between = 52;
    const cell = (width - left) / row.steps.length;
    const figure = svg('g', {});
    ratioFigure.setAttribute('viewBox', `0 0 ${width} ${top + 2 * height + between + 26}`);
    ratioFigure.setAttribute('aria-label', `log-ratios of iteration ${row.iteration} before and after RatioNorm`);
    [['density', 'raw'], ['normalised', 'normalised']].forEach(([kind, title], line) => {
      const base = top + line * (height + between) + height;
      const clipped = row['clip.ratio'] === (kind === 'density' ? 'density' : 'ratio-norm');
      figure.append(svg('text', { x: 0, y: base - height / 2 - 6, class: 'strong' }, title));
      if (clipped) figure.append(svg('text', { x: 0, y: base - height / 2 + 10 }, 'clipped here'));
      row.steps.forEach((step, index) => {
        const spread = step[kind], x0 = left + index * cell, inner = cell - gap;
        if (line === 0) figure.append(svg('text', { x: x0 + inner / 2, y: 12, 'text-anchor': 'middle' }, `σ ${step.sigma.toFixed(2)}`));
        figure.append(svg('line', { x1: x0, x2: x0 + inner, y1: base, y2: base, class: 'rule' }));
        if (!spread?.counts) return;
        const at = value => x0 + inner * (value - spread.low) / (spread.high - spread.low);
        if (clipped) {
          const [low, high] = [at(-row['clip.lower']), at(row['clip.upper'])];
          figure.append(svg('rect', { x: x0, y: base - height, width: Math.max(0, low - x0), height, class: 'stopped' }));
          figure.append(svg('rect', { x: high, y: base - height, width: Math.max(0, x0 + inner - high), height, class: 'stopped' }));
        }
        // What lies beyond the axis is counted in the outermost bins.
        const bins = spread.counts.slice(1, -1);
        bins[0] += spread.counts[0];
        bins[bins.length - 1] += spread.counts[spread.counts.length - 1];
        const highest = Math.max(...bins);
        bins.forEach((count, bin) => {
          if (!count) return;
          const bar = count / highest * (height - 6);
          figure.append(svg('rect', { x: x0 + inner * bin / bins.length, y: base - bar, width: Math.max(.6, inner / bins.length - .4), height: bar,
            fill: stepColour(steps.indexOf(step.step)) }));
        });
        figure.append(svg('line', { x1: at(0), x2: at(0), y1: base - height, y2: base, class: 'zero' }));
        const mean = Math.min(Math.max(at(spread.mean), x0), x0 + inner);
        figure.append(svg('path', { d: `M${mean} ${base + 1}l-4 7h8z`, class: 'mean' }));
        figure.append(svg('text', { x: x0 + inner / 2, y: base + 20, 'text-anchor': 'middle' }, `± ${spread.std.toExponential(1)}`));
      });
      const first = row.steps.find(step => step[kind]?.counts)?.[kind];
      if (first) figure.append(svg('text', { x: 0, y: base + 4 }, `±${first.high.toExponential(1)}`));
    });
    return figure;
  }

  function ratioTable(row) {
    const head = ['step', 'mean / std before', 'mean / std after', 'A > 0: above', 'below', 'A < 0: above', 'below', 'gradient'];
    const cells = row.steps.map(step => [stepLabel(step.step),
      ...['density', 'normalised'].map(kind => step[kind]?.std ? (step[kind].mean / step[kind].std).toFixed(2) : '–'),
      percent(share(step.gaining, 'above')), percent(share(step.gaining, 'below')),
      percent(share(step.losing, 'above')), percent(share(step.losing, 'below')), percent(step.gradient_share)]);
    const line = (tag, values) => {
      const tr = document.createElement('tr');
      values.forEach(value => { const td = document.createElement(tag); td.textContent = value; tr.append(td); });
      return tr;
    };
    return [line('th', head), ...cells.map(values => line('td', values))];
  }

  if (observed.length) {
    document.getElementById('ratio-section').hidden = false;
    const picker = document.getElementById('ratio-iteration');
    picker.max = observed.length - 1;
    picker.value = observed.length - 1;
    const show = () => {
      const row = observed[picker.value];
      document.getElementById('ratio-shown').textContent = row.iteration;
      ratioFigure.replaceChildren(histograms(row));
      document.getElementById('ratio-table').replaceChildren(...ratioTable(row));
    };
    picker.addEventListener('input', show);
    show();
  }

  // Times: a stacked bar an iteration, in the colours of the bar above.
  const phases = [...document.querySelectorAll('[data-phase]')].map(item => ({ name: item.dataset.phase, colour: item.dataset.colour }));
  draw(document.getElementById('times'), () => phases.map(phase => ({
    label: phase.name, data: points(row => row[`seconds.${phase.name}`]), borderWidth: 0, backgroundColor: phase.colour, barPercentage: 1, categoryPercentage: 0.9,
  })), { type: 'bar', min: 0 });

  for (const button of document.querySelectorAll('[data-axis]')) {
    button.addEventListener('click', () => {
      axis = button.dataset.axis;
      for (const other of document.querySelectorAll('[data-axis]')) {
        other.setAttribute('aria-pressed', String(other === button));
      }
      for (const { chart, series } of charts) {
        series().forEach((dataset, index) => { chart.data.datasets[index].data = dataset.data; });
        chart.update();
      }
    });
  }
})();
