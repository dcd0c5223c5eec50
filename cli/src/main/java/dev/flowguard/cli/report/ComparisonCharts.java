package dev.flowguard.cli.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The comparison's charts as PNG files, for documents. Needs no display. */
final class ComparisonCharts {

    private static final int WIDTH = 900;
    private static final int HEIGHT = 520;
    private static final Color INK = new Color(0x22282e);
    private static final Color LINE = new Color(0xe6e3dc);
    private static final BasicStroke CURVE = new BasicStroke(2.2f);
    private static final BasicStroke BOUND =
            new BasicStroke(1, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {3, 4}, 0);

    private final Comparison comparison;
    private final Font font = BundledFont.load();

    ComparisonCharts(Comparison comparison) {
        this.comparison = comparison;
    }

    /** PNG files by name. */
    Map<String, byte[]> draw() {
        Map<String, byte[]> charts = new LinkedHashMap<>();
        String proxy = "proxy: " + comparison.proxyName();
        charts.put("proxy", courses(proxy, comparison::proxy));
        for (Comparison.Watched score : comparison.watched()) {
            charts.put(
                    (score.gold() ? "gold-" : "proxy-") + score.name(),
                    courses(score.title(), arm -> comparison.score(arm, score.name())));
            charts.put("pareto-" + score.name(), pareto(proxy, score));
        }
        if (comparison.arms().stream()
                .anyMatch(arm -> !comparison.diversity(arm).isEmpty())) {
            charts.put("diversity", courses("diversity", comparison::diversity));
        }
        charts.put("clip-up", clipped("clipped from above", PooledRatios::clipUp));
        charts.put("clip-down", clipped("clipped from below", PooledRatios::clipDown));
        return charts;
    }

    private byte[] courses(String title, Function<Arm, SortedMap<Integer, Estimate>> course) {
        XYChart chart = chart(title, "iteration", "held-out mean; dashed: lowest and highest seed");
        for (int i = 0; i < comparison.arms().size(); i++) {
            Arm arm = comparison.arms().get(i);
            SortedMap<Integer, Estimate> points = course.apply(arm);
            if (points.isEmpty()) {
                continue;
            }
            List<Integer> x = List.copyOf(points.keySet());
            Color colour = ArmColours.of(i);
            add(
                    chart,
                    arm.label(),
                    x,
                    points.values().stream().map(Estimate::mean).toList(),
                    colour,
                    CURVE,
                    true);
            if (arm.runs().size() > 1) {
                add(
                        chart,
                        arm.label() + " lowest",
                        x,
                        points.values().stream().map(Estimate::lowest).toList(),
                        colour,
                        BOUND,
                        false);
                add(
                        chart,
                        arm.label() + " highest",
                        x,
                        points.values().stream().map(Estimate::highest).toList(),
                        colour,
                        BOUND,
                        false);
            }
        }
        return png(chart);
    }

    private byte[] pareto(String proxy, Comparison.Watched score) {
        XYChart chart = chart(score.name() + " against the proxy", proxy, score.title());
        for (int i = 0; i < comparison.arms().size(); i++) {
            Arm arm = comparison.arms().get(i);
            SortedMap<Integer, Estimate> x = comparison.proxy(arm);
            SortedMap<Integer, Estimate> y = comparison.score(arm, score.name());
            List<Double> xs = new ArrayList<>();
            List<Double> ys = new ArrayList<>();
            y.forEach((iteration, estimate) -> {
                Estimate at = x.get(iteration);
                if (at != null) {
                    xs.add(at.mean());
                    ys.add(estimate.mean());
                }
            });
            if (!xs.isEmpty()) {
                XYSeries series = add(chart, arm.label(), xs, ys, ArmColours.of(i), CURVE, true);
                series.setMarker(SeriesMarkers.CIRCLE);
            }
        }
        return png(chart);
    }

    private byte[] clipped(String title, ToDoubleFunction<PooledRatios> side) {
        XYChart chart = chart(title, "denoising step, noisiest first", "share of samples, mean over the run");
        for (int i = 0; i < comparison.arms().size(); i++) {
            Arm arm = comparison.arms().get(i);
            SortedMap<Integer, PooledRatios> points = comparison.ratios(arm);
            if (!points.isEmpty()) {
                XYSeries series = add(
                        chart,
                        arm.label(),
                        List.copyOf(points.keySet()),
                        points.values().stream()
                                .map(step -> side.applyAsDouble(step))
                                .toList(),
                        ArmColours.of(i),
                        CURVE,
                        true);
                series.setMarker(SeriesMarkers.CIRCLE);
            }
        }
        return png(chart);
    }

    private XYChart chart(String title, String xTitle, String yTitle) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        XYStyler styler = chart.getStyler();
        styler.setPlotGridVerticalLinesVisible(false);
        styler.setPlotGridLinesColor(LINE);
        styler.setPlotBorderVisible(false);
        styler.setAxisTitleFont(font.deriveFont(13f));
        styler.setAxisTickLabelsFont(font.deriveFont(12f));
        styler.setAxisTickLabelsColor(INK);
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setChartFontColor(INK);
        styler.setChartTitleFont(font.deriveFont(Font.PLAIN, 17f));
        styler.setChartTitleBoxVisible(false);
        styler.setLegendFont(font.deriveFont(12f));
        styler.setLegendBorderColor(Color.WHITE);
        styler.setLegendPosition(LegendPosition.OutsideS);
        styler.setLegendLayout(LegendLayout.Horizontal);
        styler.setBaseFont(font.deriveFont(12f));
        return chart;
    }

    private static XYSeries add(
            XYChart chart,
            String name,
            List<? extends Number> x,
            List<Double> y,
            Color colour,
            BasicStroke stroke,
            boolean named) {
        XYSeries series = chart.addSeries(name, x, y);
        series.setMarker(SeriesMarkers.NONE);
        series.setMarkerColor(colour);
        series.setLineColor(colour);
        series.setLineStyle(stroke);
        series.setShowInLegend(named);
        return series;
    }

    private static byte[] png(XYChart chart) {
        try {
            return BitmapEncoder.getBitmapBytes(chart, BitmapFormat.PNG);
        } catch (IOException impossible) {
            throw new UncheckedIOException("cannot encode a chart in memory", impossible);
        }
    }
}
