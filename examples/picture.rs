//! Draws the console on a recording as an SVG picture: `cargo run --example picture -- FILE [COLUMNSxROWS] > picture.svg`.
//!
//! The picture is the real screen: the records go through `update`, and `view` draws into a buffer.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use callboard::recording::reader::{Reader, Row};
use callboard::ui::{Msg, Options, State, update, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Size of a cell in the picture's units.
const CELL: (usize, usize) = (8, 17);
const BACKGROUND: &str = "#14161b";
const FOREGROUND: &str = "#d6d9df";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("usage: picture FILE [COLUMNSxROWS]")?;
    let size = args.next().unwrap_or_else(|| "120x40".into());
    let (columns, rows) = size.split_once('x').ok_or("the size must look like 120x40")?;
    let (columns, rows) = (columns.parse()?, rows.parse()?);
    let mut records = Vec::new();
    for row in Reader::open(Path::new(&file))? {
        if let Row::Record(record) = row? {
            records.push(Arc::clone(&record));
        }
    }
    // The end of the session would put a farewell on the screen.
    records.retain(|record| !matches!(record.event.kind(), "session.ended" | "server.stopped"));
    let options = Options { version: env!("CARGO_PKG_VERSION").into(), mode: "LIVE".into(), ..Options::default() };
    let mut state = State::new(options);
    update(&mut state, Msg::Resize(columns, rows));
    let last = records.last().map_or(0, |record| record.at_us);
    update(&mut state, Msg::Records(records));
    update(&mut state, Msg::Tick(last));
    let mut terminal = Terminal::new(TestBackend::new(columns, rows))?;
    terminal.draw(|frame| view(&state, frame))?;
    println!("{}", svg(terminal.backend().buffer()));
    Ok(())
}

fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let (width, height) = (columns * CELL.0 + 16, rows * CELL.1 + 16);
    let mut out = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13"><rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>"#
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let start = column;
            let cell = &buffer[(start as u16, row as u16)];
            let mut text = String::new();
            // Cells that look the same are one piece of text.
            while column < columns && same_look(&buffer[(column as u16, row as u16)], cell) {
                text.push_str(buffer[(column as u16, row as u16)].symbol());
                column += 1;
            }
            piece(&mut out, cell, &text, (start, row), column - start);
        }
    }
    out.push_str("</svg>");
    out
}

fn same_look(a: &Cell, b: &Cell) -> bool {
    (a.fg, a.bg, a.modifier) == (b.fg, b.bg, b.modifier)
}

fn piece(out: &mut String, cell: &Cell, text: &str, (column, row): (usize, usize), cells: usize) {
    let (mut front, mut back) = (colour(cell.fg, FOREGROUND), colour(cell.bg, BACKGROUND));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut front, &mut back);
    }
    let (x, y) = (8 + column * CELL.0, 8 + row * CELL.1);
    let length = cells * CELL.0;
    if back != BACKGROUND {
        let _ = write!(out, r#"<rect x="{x}" y="{y}" width="{length}" height="{}" fill="{back}"/>"#, CELL.1);
    }
    if text.trim().is_empty() {
        return;
    }
    let mut style = String::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, r#" font-weight="bold""#),
        (Modifier::DIM, r#" opacity="0.6""#),
        (Modifier::ITALIC, r#" font-style="italic""#),
        (Modifier::UNDERLINED, r#" text-decoration="underline""#),
    ] {
        if cell.modifier.contains(modifier) {
            style.push_str(attribute);
        }
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = write!(
        out,
        r#"<text x="{x}" y="{}" textLength="{length}" lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="{front}"{style}>{text}</text>"#,
        y + 13
    );
}

fn colour(colour: Color, default: &'static str) -> &'static str {
    match colour {
        Color::Black => "#1d2027",
        Color::Red => "#e06c75",
        Color::Green => "#98c379",
        Color::Yellow => "#e5c07b",
        Color::Blue => "#61afef",
        Color::Magenta => "#c678dd",
        Color::Cyan => "#56b6c2",
        Color::Gray => "#abb2bf",
        Color::DarkGray => "#7a818e",
        Color::LightRed => "#f08a92",
        Color::LightGreen => "#b1d88f",
        Color::LightYellow => "#f2d38f",
        Color::LightBlue => "#82c4ff",
        Color::LightMagenta => "#dc95f0",
        Color::LightCyan => "#74d3df",
        Color::White => "#ffffff",
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => default,
    }
}
