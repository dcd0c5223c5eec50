// Draws the comparison's charts from the numbers embedded in the page.
(() => {
  'use strict';
  const { arms, proxyName, watched } = JSON.parse(document.getElementById('data').textContent);
  const css = getComputedStyle(document.documentElement);
  const colour = name => css.getPropertyValue(name).trim();
  Chart.defaults.color = colour('--soft');
  Chart.defaults.borderColor = colour('--line');
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.animation = false;

  const number = value => Math.abs(value) >= 1e-3 || value === 0 ? +value.toPrecision(4) : value.toExponential(2);

  function plot(parent, title, note) {
    const figure = document.createElement('figure');
    const caption = document.createElement('figcaption');
    caption.textContent = title;
    const span = document.createElement('span');
    span.textContent = note ? ` ${note}` : '';
    caption.append(span);
    const box = document.createElement('div');
    box.className = 'plot';
    box.style.height = '300px';
    const canvas = document.createElement('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', title);
    box.append(canvas);
    figure.append(caption, box);
    parent.append(figure);
    return canvas;
  }

  function draw(canvas, datasets, { x = 'iteration', y = '', min, integer = false, mode = 'x' } = {}) {
    return new Chart(canvas, {
      type: 'line',
      data: { datasets: datasets.map(set => ({ borderWidth: 2, pointRadius: 0, pointHoverRadius: 4, tension: 0, ...set })) },
      options: {
        maintainAspectRatio: false,
        interaction: mode === 'x' ? { mode: 'nearest', axis: 'x', intersect: false } : { mode: 'nearest', intersect: false },
        scales: {
          x: { type: 'linear', title: { display: true, text: x }, grid: { display: false }, border: { display: false },
            ticks: { maxTicksLimit: 8, maxRotation: 0, callback: v => integer ? (Number.isInteger(v) ? v : '') : number(v) } },
          y: { min, title: { display: Boolean(y), text: y }, border: { display: false }, ticks: { maxTicksLimit: 6, callback: number } },
        },
        plugins: {
          legend: { display: false },
          tooltip: { filter: item => !item.dataset.label.startsWith('_'),
            callbacks: {
              title: items => items.length ? (items[0].raw.iteration != null ? `iteration ${items[0].raw.iteration}` : `${x} ${items[0].parsed.x}`) : '',
              label: item => ` ${item.dataset.label}: ${number(item.parsed.y)}` } },
        },
      },
    });
  }

  const courses = pick => arms.flatMap(arm => {
    const points = pick(arm);
    if (!points.length) return [];
    const soft = arm.colour + '26';
    return [
      { label: arm.label, data: points.map(p => ({ x: p.x, y: p.y })), borderColor: arm.colour, backgroundColor: arm.colour, pointRadius: 2.5, order: 0 },
      { label: '_high', data: points.map(p => ({ x: p.x, y: p.high })), borderWidth: 0, pointHoverRadius: 0, backgroundColor: soft, fill: '+1', order: 2 },
      { label: '_low', data: points.map(p => ({ x: p.x, y: p.low })), borderWidth: 0, pointHoverRadius: 0, order: 2 },
    ];
  });

  const pareto = document.getElementById('pareto-charts');
  if (!watched.length) {
    const note = document.createElement('p');
    note.className = 'note';
    note.textContent = 'These runs watch no gold reward.';
    pareto.append(note);
  }
  for (const { name, gold } of watched) {
    const canvas = plot(pareto, name, `against ${proxyName}`);
    const datasets = arms.flatMap(arm => {
      const means = new Map(arm.proxy.map(p => [p.x, p.y]));
      const path = arm.scores[name].filter(p => means.has(p.x)).map(p => ({ x: means.get(p.x), y: p.y, iteration: p.x }));
      return [
        { label: arm.label, data: path, borderColor: arm.colour, backgroundColor: arm.colour, pointRadius: 3, order: 0 },
        ...(arm.runs.length < 2 ? [] : arm.runs.map(run => ({ label: '_seed', borderColor: arm.colour + '55', borderWidth: 1, pointHoverRadius: 0, order: 1,
          data: run.filter(p => p[`score.${name}`] != null).map(p => ({ x: p.proxy, y: p[`score.${name}`], iteration: p.iteration })) }))),
      ];
    });
    draw(canvas, datasets, { x: `proxy: ${proxyName}`, y: `${gold ? 'gold' : 'in the proxy'}: ${name}`, mode: 'point' });
  }

  const course = document.getElementById('course-charts');
  draw(plot(course, `Proxy: ${proxyName}`, 'trained on'), courses(arm => arm.proxy), { integer: true });
  for (const { name, gold } of watched) {
    draw(plot(course, name, gold ? 'watched, not trained on' : 'a term of the proxy'), courses(arm => arm.scores[name]), { integer: true });
  }
  if (arms.some(arm => arm.diversity.length)) {
    draw(plot(course, 'Diversity', 'between images of a prompt'), courses(arm => arm.diversity), { integer: true, min: 0 });
  }

  const steps = key => arms.filter(arm => arm[key].length).map(arm =>
    ({ label: arm.label, data: arm[key], borderColor: arm.colour, backgroundColor: arm.colour, pointRadius: 3 }));
  draw(document.getElementById('clip-up'), steps('clipUp'), { x: 'step', integer: true, min: 0 });
  draw(document.getElementById('clip-down'), steps('clipDown'), { x: 'step', integer: true, min: 0 });
})();
