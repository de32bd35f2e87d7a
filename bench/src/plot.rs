//! The results as pictures: plain SVG, readable on light and dark ground, nothing loaded from anywhere.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::table;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
/// Where the axes are.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 350.0;

/// A colour for each server in turn (Okabe and Ito: told apart by the colour-blind too).
const COLOURS: [&str; 6] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9",
];

/// A line with its name.
struct Line {
    name: String,
    points: Vec<(f64, f64)>,
}

/// How a chart counts along an axis.
#[derive(Clone, Copy)]
enum Scale {
    Linear,
    Logarithmic,
}

/// One picture.
struct Chart {
    title: &'static str,
    across: &'static str,
    x: Scale,
    y: Scale,
    lines: Vec<Line>,
}

/// Writes the pictures beside `results`; those without anything in them are left out.
pub(crate) fn files(results: &Path) -> Result<()> {
    let all: Value = serde_json::from_slice(&std::fs::read(results)?)?;
    for (name, chart) in charts(&all) {
        if chart.lines.iter().all(|line| line.points.is_empty()) {
            continue;
        }
        let file = results.with_extension(format!("{name}.svg"));
        std::fs::write(&file, chart.svg())?;
        println!("{}", file.display());
    }
    Ok(())
}

/// All of them by name.
fn charts(all: &Value) -> impl Iterator<Item = (&'static str, Chart)> {
    short(all).into_iter().chain(long(all))
}

fn short(all: &Value) -> [(&'static str, Chart); 5] {
    let mut cost = fanout(all, "cpu_seconds_per_gigabit");
    let limit = all
        .pointer("/limit/paced/cpu_seconds_per_gigabit")
        .and_then(Value::as_f64);
    if let (Some(limit), [first, .., last]) = (limit, table::viewers(all).as_slice()) {
        let points = [*first, *last].map(|viewers| (viewers as f64, limit));
        cost.push(Line {
            name: "limit".to_owned(),
            points: points.into(),
        });
    }
    let (lin, log) = (Scale::Linear, Scale::Logarithmic);
    [
        (
            "cpu",
            Chart::new(
                "CPU seconds per delivered gigabit",
                "viewers",
                log,
                log,
                cost,
            ),
        ),
        (
            "memory",
            Chart::new(
                "kB per viewer",
                "viewers",
                log,
                log,
                fanout(all, "kilobytes_per_viewer"),
            ),
        ),
        (
            "joining",
            Chart::new(
                "10 s GOP: from the answer to a live picture, ms, each join",
                "joins, sorted",
                lin,
                lin,
                joining(all),
            ),
        ),
        (
            "delay",
            Chart::new(
                "glass to glass, ms: p50 and p95 alone, p50 and p95 beside 100 viewers",
                "",
                lin,
                lin,
                delays(all),
            ),
        ),
        (
            "drift",
            Chart::new(
                "delay of a camera with a fast clock and stalls, ms",
                "seconds",
                lin,
                lin,
                drift(all),
            ),
        ),
    ]
}

/// What takes its time.
fn long(all: &Value) -> [(&'static str, Chart); 3] {
    [
        (
            "streams",
            Chart::linear(
                "% of a core with so many streams, ten viewers each",
                "streams",
                streams(all),
            ),
        ),
        (
            "endurance-delay",
            Chart::linear(
                "10 streams x 10 viewers, a fault each minute: packet in to packet out, ms",
                "seconds",
                endurance(all, &[("delay_p50_ms", "p50"), ("delay_p99_ms", "p99")]),
            ),
        ),
        (
            "endurance-holds",
            Chart::linear(
                "10 streams x 10 viewers, a fault each minute: what the process holds",
                "seconds",
                endurance(
                    all,
                    &[
                        ("rss_mb", "RSS, MB"),
                        ("tasks", "tasks"),
                        ("descriptors", "descriptors"),
                        ("threads", "threads"),
                    ],
                ),
            ),
        ),
    ]
}

fn servers(all: &Value) -> impl Iterator<Item = (&String, &Value)> {
    all["servers"].as_object().into_iter().flatten()
}

fn fanout(all: &Value, key: &str) -> Vec<Line> {
    let line = |(name, server): (&String, &Value)| {
        let points = table::viewers(all).into_iter().filter_map(|viewers| {
            let figure = server
                .pointer(&format!("/fanout/{viewers}/{key}"))?
                .as_f64()?;
            Some((viewers as f64, figure))
        });
        Line {
            name: name.clone(),
            points: points.collect(),
        }
    };
    servers(all).map(line).collect()
}

fn joining(all: &Value) -> Vec<Line> {
    let ways = [("live10", ""), ("live10_player", ", own player")];
    let lines = servers(all).flat_map(|(name, server)| {
        ways.into_iter().filter_map(move |(point, suffix)| {
            let each = server
                .pointer(&format!("/joins/{point}/each"))?
                .as_array()?;
            let times =
                crate::figures::sorted(each.iter().filter_map(|join| join["live_ms"].as_f64()));
            let points = times
                .into_iter()
                .zip(1..)
                .map(|(time, n)| (f64::from(n), time))
                .collect();
            Some(Line {
                name: format!("{name}{suffix}"),
                points,
            })
        })
    });
    lines.collect()
}

fn delays(all: &Value) -> Vec<Line> {
    let keys = [
        "alone/display_p50_ms",
        "alone/display_p95_ms",
        "beside/display_p50_ms",
        "beside/display_p95_ms",
    ];
    let line = |(name, server): (&String, &Value)| {
        let points = keys.into_iter().zip(1..).filter_map(|(key, n)| {
            Some((
                f64::from(n),
                server.pointer(&format!("/delays/{key}"))?.as_f64()?,
            ))
        });
        Line {
            name: name.clone(),
            points: points.collect(),
        }
    };
    servers(all).map(line).collect()
}

fn drift(all: &Value) -> Vec<Line> {
    let line = |(name, server): (&String, &Value)| {
        let curve = server
            .pointer("/drift/camera/curve")
            .and_then(Value::as_array);
        let points = curve.into_iter().flatten();
        let points = points.filter_map(|point| Some((point[0].as_f64()?, point[1].as_f64()?)));
        Line {
            name: name.clone(),
            points: points.collect(),
        }
    };
    servers(all).map(line).collect()
}

fn streams(all: &Value) -> Vec<Line> {
    let line = |(name, server): (&String, &Value)| {
        let points = (1..=10_u32).filter_map(|count| {
            let figure = server.pointer(&format!("/streams/{count}/cpu_percent"))?;
            Some((f64::from(count), figure.as_f64()?))
        });
        Line {
            name: name.clone(),
            points: points.collect(),
        }
    };
    servers(all).map(line).collect()
}

/// Some figures of each minute.
fn endurance(all: &Value, figures: &[(&str, &str)]) -> Vec<Line> {
    let rows = servers(all).filter_map(|(_, server)| {
        let rows = server.pointer("/endurance/hour/rows")?;
        rows.as_array()
    });
    let lines = rows.flat_map(|rows| {
        figures.iter().map(|(key, name)| {
            let points = rows
                .iter()
                .filter_map(|row| Some((row["second"].as_f64()?, row[*key].as_f64()?)));
            Line {
                name: (*name).to_owned(),
                points: points.collect(),
            }
        })
    });
    lines.collect()
}

/// From figures to places on one axis.
struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn new(scale: Scale, figures: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let figures = crate::figures::sorted(figures);
        let (least, most) = (
            figures.first().copied().unwrap_or(0.0),
            figures.last().copied().unwrap_or(1.0),
        );
        let (low, high) = match scale {
            Scale::Linear => (least.min(0.0), if most > 0.0 { most * 1.1 } else { 1.0 }),
            // Below a thousandth nothing is to be seen.
            Scale::Logarithmic => (least.max(1e-3) / 1.3, most.max(2e-3) * 1.3),
        };
        Self {
            scale,
            low,
            high,
            from,
            to,
        }
    }

    fn place(&self, figure: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (figure - self.low) / (self.high - self.low),
            Scale::Logarithmic => {
                (figure.max(self.low) / self.low).ln() / (self.high / self.low).ln()
            }
        };
        self.from + share * (self.to - self.from)
    }

    /// Figures to write at the axis: 1, 2 and 5 of each decade.
    fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => {
                let rough = (self.high - self.low) / 6.0;
                let decade = 10_f64.powf(rough.log10().floor());
                let nice = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
                let step = nice
                    .into_iter()
                    .find(|step| *step >= rough)
                    .unwrap_or(rough);
                let first = (self.low / step).ceil();
                (0..12)
                    .map(|n| (first + f64::from(n)) * step)
                    .filter(|tick| *tick <= self.high)
                    .collect()
            }
            Scale::Logarithmic => {
                let decades = (-3..7).map(|power| 10_f64.powi(power));
                let ticks = decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|step| step * decade));
                ticks
                    .filter(|tick| (self.low..=self.high).contains(tick))
                    .collect()
            }
        }
    }
}

impl Chart {
    fn new(
        title: &'static str,
        across: &'static str,
        x: Scale,
        y: Scale,
        lines: Vec<Line>,
    ) -> Self {
        Self {
            title,
            across,
            x,
            y,
            lines,
        }
    }

    fn linear(title: &'static str, across: &'static str, lines: Vec<Line>) -> Self {
        Self::new(title, across, Scale::Linear, Scale::Linear, lines)
    }

    fn svg(&self) -> String {
        let figures = || self.lines.iter().flat_map(|line| &line.points);
        let x = Axis::new(self.x, figures().map(|point| point.0), LEFT, RIGHT);
        let y = Axis::new(self.y, figures().map(|point| point.1), BOTTOM, TOP);
        let mut body = String::new();
        self.axes(&x, &y, &mut body);
        for (n, line) in self.lines.iter().enumerate() {
            let colour = COLOURS[n % COLOURS.len()];
            let points = line.points.iter().map(|(a, b)| (x.place(*a), y.place(*b)));
            line.draw(points, colour, LEFT + 120.0 * n as f64, &mut body);
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{body}</svg>\n"
        )
    }

    fn axes(&self, x: &Axis, y: &Axis, out: &mut String) {
        text(out, LEFT, 22.0, "start", self.title);
        text(
            out,
            f64::midpoint(LEFT, RIGHT),
            HEIGHT - 10.0,
            "middle",
            self.across,
        );
        for tick in x.ticks() {
            text(out, x.place(tick), BOTTOM + 18.0, "middle", &plain(tick));
        }
        for tick in y.ticks() {
            let at = y.place(tick);
            // Writing to a string cannot fail.
            let _ = writeln!(out, "<path d=\"M{LEFT} {at:.1}H{RIGHT}\" stroke=\"#ccc\"/>");
            text(out, LEFT - 8.0, at + 4.0, "end", &plain(tick));
        }
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\" stroke=\"#333\" fill=\"none\"/>"
        );
    }
}

impl Line {
    fn draw(
        &self,
        points: impl Iterator<Item = (f64, f64)> + Clone,
        colour: &str,
        legend: f64,
        out: &mut String,
    ) {
        let path: Vec<String> = points
            .clone()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        );
        for (x, y) in points {
            let _ = writeln!(
                out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"
            );
        }
        let _ = writeln!(
            out,
            "<rect x=\"{legend}\" y=\"36\" width=\"10\" height=\"10\" fill=\"{colour}\"/>"
        );
        text(out, legend + 14.0, 45.0, "start", &self.name);
    }
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#333\">{words}</text>"
    );
}

/// Without the noise of floating point.
fn plain(figure: f64) -> String {
    let text = format!("{figure:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_server_has_its_line_between_the_axes() {
        let points = |a: f64, b: f64| json!({ "10": { "cpu_seconds_per_gigabit": a }, "100": { "cpu_seconds_per_gigabit": b } });
        let all = json!({
            "limit": { "paced": { "cpu_seconds_per_gigabit": 0.06 } },
            "servers": { "Lenswire": { "fanout": points(0.5, 0.2) }, "<x>": { "fanout": points(2.4, 1.3) } },
        });
        let [(_, cpu), ..] = short(&all);
        assert_eq!(cpu.lines.len(), 3, "two servers and the limit");
        let svg = cpu.svg();
        assert_eq!(svg.matches("<polyline").count(), 3);
        assert!(svg.contains("&lt;x>") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn ticks_are_round_and_within() {
        let axis = Axis::new(Scale::Linear, [3.0, 27.0].into_iter(), 0.0, 100.0);
        assert_eq!(axis.ticks(), [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]);
        let axis = Axis::new(Scale::Logarithmic, [0.06, 2.0].into_iter(), 0.0, 100.0);
        assert_eq!(axis.ticks(), [0.05, 0.1, 0.2, 0.5, 1.0, 2.0]);
    }
}
