//! The routing table of the main screen: one line an entry.

use ratatui::style::Style;

use super::canvas::Canvas;
use crate::demo::text;
use crate::demo::view::{Row, View};

const GAP: usize = 2;
const SOURCE: usize = 10;
const AGE: usize = 7;
const LINK: usize = 4;

/// How wide an identity is, in full.
const WHOLE_IDENTITY: usize = 64;
/// How many columns routes should have before an identity is given more.
const ROOM_FOR_ROUTES: usize = 32;

pub(super) fn draw(canvas: &mut Canvas<'_>, view: &View, top: usize) {
    let rows = canvas.height().saturating_sub(2);
    let top = top.min(view.total.saturating_sub(rows));
    canvas.rule(0, "Routing table", &extent(view.total, top, rows));
    let columns = Columns::new(canvas.width());
    columns.head(canvas);
    if view.total == 0 {
        canvas.text(
            1,
            2,
            "No routes yet: press m for a first message.",
            Style::new(),
        );
    }
    for line in 0..rows.min(view.total) {
        match view.row(top + line) {
            Some(row) => columns.row(canvas, line + 2, row),
            None => _ = canvas.text(1, line + 2, canvas.look.ellipsis(), Style::new()),
        }
    }
}

/// Which entries are in sight, such as `1-8 of 1,002`.
fn extent(total: usize, top: usize, rows: usize) -> String {
    if total == 0 {
        return "empty".to_owned();
    }
    let number = |number: usize| text::count(number as u64);
    format!(
        "{}-{} of {}",
        number(top + 1),
        number((top + rows).min(total)),
        number(total)
    )
}

/// Where each column begins.
struct Columns {
    identity: usize,
    routes: usize,
    source: usize,
    age: usize,
    link: usize,
}

impl Columns {
    fn new(width: usize) -> Self {
        let link = width.saturating_sub(1 + LINK);
        let age = link.saturating_sub(GAP + AGE);
        let source = age.saturating_sub(GAP + SOURCE);
        let identity = match source.saturating_sub(2 * GAP + 1 + ROOM_FOR_ROUTES) {
            room if width < 80 => room.clamp(14, 16),
            room => room.clamp(19, WHOLE_IDENTITY),
        };
        Self {
            identity: 1,
            routes: 1 + identity + GAP,
            source,
            age,
            link,
        }
    }

    fn head(&self, canvas: &mut Canvas<'_>) {
        let style = canvas.look.value();
        canvas.text(self.identity, 1, "IDENTITY", style);
        canvas.text(self.routes, 1, "ROUTES", style);
        canvas.text(self.source, 1, "SOURCE", style);
        canvas.text_before(self.age + AGE, 1, "AGE", style);
        canvas.text(self.link, 1, "LINK", style);
    }

    fn row(&self, canvas: &mut Canvas<'_>, y: usize, row: &Row) {
        let look = canvas.look;
        let identity = text::clean(&row.identity, look);
        let identity = text::shorten(&identity, self.routes - GAP - self.identity, look);
        canvas.text(self.identity, y, &identity, look.value());
        self.routes(canvas, y, &row.routes);
        canvas.text(self.source, y, row.source.name(), Style::new());
        canvas.text_before(self.age + AGE, y, &text::age(row.age), Style::new());
        match row.connected {
            true => canvas.text(self.link, y, "up", look.connected()),
            false => canvas.text(self.link, y, "-", Style::new()),
        };
    }

    /// The first route, and how many more there are.
    fn routes(&self, canvas: &mut Canvas<'_>, y: usize, routes: &[String]) {
        let room = self.source.saturating_sub(GAP + self.routes);
        let more = match routes.len() {
            0 | 1 => String::new(),
            count => format!(" +{}", count - 1),
        };
        let first = routes.first().map_or("none", String::as_str);
        let x = canvas.text_in(
            self.routes,
            y,
            room - more.len().min(room),
            first,
            Style::new(),
        );
        canvas.text(x, y, &more, canvas.look.value());
    }
}
