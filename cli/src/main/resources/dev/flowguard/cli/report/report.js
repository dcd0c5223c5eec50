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
