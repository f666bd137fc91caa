//! Where everything is: from size, focus and zoom alone.

use ratatui::layout::{Constraint, Layout, Rect};

use super::state::{Focus, Fold, Form, Zoom};

/// Below this one pane is shown at a time.
const COMFORTABLE: (u16, u16) = (100, 28);
/// From here on three columns.
const RICH: (u16, u16) = (160, 40);
/// Rows of the list of calls that lanes leave it.
const LIST: u16 = 6;
/// Rows it keeps where the operator wants to see all lanes.
const LEAST_LIST: u16 = 3;

/// How much fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// One pane, with a line that says which.
    #[default]
    Single,
    /// Chat at the left, calls over data at the right.
    Split,
    /// Three columns, with the timeline under the list.
    Columns,
}

/// Where everything is; an empty area is not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// How much fits.
    pub shape: Shape,
    /// The title bar.
    pub title: Rect,
    /// Errors and warnings.
    pub banner: Rect,
    /// Which pane is shown, where only one is.
    pub tabs: Rect,
    /// The frame of the conversation.
    pub chat_frame: Rect,
    /// The conversation.
    pub chat: Rect,
    /// The frame of the input.
    pub input_frame: Rect,
    /// The input.
    pub input: Rect,
    /// The frame of the calls.
    pub calls_frame: Rect,
    /// The lanes over the list.
    pub lanes: Rect,
    /// The list of calls.
    pub calls: Rect,
    /// The timeline.
    pub timeline: Rect,
    /// The frame of the data.
    pub data_frame: Rect,
    /// The tabs of the data.
    pub data_tabs: Rect,
    /// What is to be said about the selected call.
    pub card: Rect,
    /// The data.
    pub data: Rect,
    /// The line under the data: where the cursor is, or the search.
    pub data_foot: Rect,
    /// The bar of a replay.
    pub scrub: Rect,
    /// The footer.
    pub footer: Rect,
}

/// Whether the lanes over the list have something to say that the title bar has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lanes {
    /// All is well.
    #[default]
    Calm,
    /// Some server is starting or down.
    Telling,
}

/// What the areas depend on besides the size.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Whose the keys are.
    pub focus: Focus,
    /// Whether the focused pane takes the whole screen.
    pub zoom: Zoom,
    /// Rows the input would like.
    pub input_rows: u16,
    /// Rows of the banner.
    pub banner_rows: u16,
    /// Rows of the footer.
    pub footer_rows: u16,
    /// Rows of the bar of a replay.
    pub scrub_rows: u16,
    /// Lanes over the list, the model's among them.
    pub lane_rows: u16,
    /// Those that have something to say.
    pub told_rows: u16,
    /// Those that the time axis needs.
    pub axis_rows: u16,
    /// What becomes of lanes that have no room.
    pub fold: Fold,
    /// Rows of the list.
    pub list_rows: u16,
    /// Whether a lane has something to say.
    pub lanes: Lanes,
    /// How calls are shown.
    pub form: Form,
}

impl Areas {
    /// The areas of a terminal of `columns` × `rows`; those of the card and the data come with [`Areas::with_card`].
    #[must_use]
    pub fn new((columns, rows): (u16, u16), wish: Wish) -> Self {
        let screen = Rect::new(0, 0, columns, rows);
        let roomy = |(wide, high): (u16, u16)| columns >= wide && rows >= high;
        let shape = match wish.zoom {
            Zoom::In => Shape::Single,
            Zoom::Out if roomy(RICH) => Shape::Columns,
            Zoom::Out if roomy(COMFORTABLE) => Shape::Split,
            Zoom::Out => Shape::Single,
        };
        let tab_rows = u16::from(shape == Shape::Single && rows > 6);
        let [title, banner, tabs, body, scrub, footer] = Layout::vertical([
            Constraint::Length(u16::from(rows > 2)),
            Constraint::Length(if rows > 10 { wish.banner_rows } else { 0 }),
            Constraint::Length(tab_rows),
            Constraint::Min(1),
            Constraint::Length(if rows > 8 { wish.scrub_rows } else { 0 }),
            Constraint::Length(if rows > 10 { wish.footer_rows.max(1) } else { u16::from(rows > 4) }),
        ])
        .areas(screen);
        let mut areas = Self { shape, title, banner, tabs, scrub, footer, ..Self::default() };
        match shape {
            Shape::Single => match wish.focus {
                Focus::Input | Focus::Chat => areas.place_chat(body, wish),
                Focus::Calls => areas.place_calls(body, wish),
                Focus::Data => areas.place_data(body),
            },
            Shape::Split => {
                let [left, right] =
                    Layout::horizontal([Constraint::Percentage(50), Constraint::Percentage(50)]).areas(body);
                let [calls, data] =
                    Layout::vertical([Constraint::Percentage(42), Constraint::Percentage(58)]).areas(right);
                areas.place_chat(left, wish);
                areas.place_calls(calls, wish);
                areas.place_data(data);
            }
            Shape::Columns => {
                let [left, middle, right] = Layout::horizontal([
                    Constraint::Percentage(38),
                    Constraint::Percentage(32),
                    Constraint::Percentage(30),
                ])
                .areas(body);
                areas.place_chat(left, wish);
                areas.place_calls(middle, wish);
                areas.place_data(right);
            }
        }
        areas
    }

    /// The areas with `wanted` rows for what is to be said about the selected call, at most half of the pane.
    #[must_use]
    pub fn with_card(mut self, wanted: u16) -> Self {
        let whole = self.card.union(self.data);
        let rows = wanted.min(whole.height.saturating_sub(3).max(whole.height / 2));
        self.card = Rect { height: rows, ..whole };
        self.data = Rect { y: whole.y + rows, height: whole.height - rows, ..whole };
        self
    }

    fn place_chat(&mut self, area: Rect, wish: Wish) {
        let rows = wish.input_rows.clamp(1, 8).min((area.height / 3).max(1));
        let frame_rows = if area.height > 5 { rows + 2 } else { rows };
        let [chat, input] = Layout::vertical([Constraint::Min(0), Constraint::Length(frame_rows)]).areas(area);
        self.chat_frame = chat;
        self.input_frame = input;
        self.chat = self.inner(chat);
        self.input = if area.height > 5 {
            Rect { x: input.x + 2, y: input.y + 1, width: input.width.saturating_sub(3), height: rows }
        } else {
            input
        };
        self.input = self.input.intersection(input);
    }

    fn place_calls(&mut self, area: Rect, wish: Wish) {
        self.calls_frame = area;
        let inner = self.inner(area);
        if self.shape != Shape::Columns && wish.form == Form::Timeline {
            self.timeline = inner;
            return;
        }
        let timeline =
            if self.shape == Shape::Columns { wish.axis_rows.saturating_mul(2).saturating_add(6) } else { 0 };
        let timeline = timeline.min(inner.height / 2);
        let lanes = rows_of_lanes(inner.height - timeline, wish);
        let (list, axis) = match wish.form {
            Form::List => (Constraint::Min(1), Constraint::Length(timeline)),
            Form::Timeline => (Constraint::Length(timeline), Constraint::Min(1)),
        };
        [self.lanes, self.calls, self.timeline] =
            Layout::vertical([Constraint::Length(lanes), list, axis]).areas(inner);
    }

    fn place_data(&mut self, area: Rect) {
        self.data_frame = area;
        let inner = self.inner(area);
        let foot = u16::from(inner.height > 4);
        let tabs = u16::from(inner.height > 1);
        [self.data_tabs, self.data, self.data_foot] =
            Layout::vertical([Constraint::Length(tabs), Constraint::Min(0), Constraint::Length(foot)]).areas(inner);
        self.card = Rect { height: 0, ..self.data };
    }

    /// Inside of a pane's frame; a pane that has the screen to itself has none.
    fn inner(&self, frame: Rect) -> Rect {
        match self.shape {
            Shape::Single => frame,
            Shape::Split | Shape::Columns => Rect {
                x: frame.x + u16::from(frame.width > 1),
                y: frame.y + u16::from(frame.height > 1),
                width: frame.width.saturating_sub(2),
                height: frame.height.saturating_sub(2),
            },
        }
    }
}

/// Rows of the lanes and the rule under them, of so many that they share with the list: all lanes where they leave the list
/// enough, else those that tell something and a line for the others.
fn rows_of_lanes(rows: u16, wish: Wish) -> u16 {
    let all = wish.lane_rows.saturating_add(1);
    let is_roomy = rows >= all.saturating_mul(2).saturating_add(2);
    let is_spare = rows >= all.saturating_add(wish.list_rows.max(LEAST_LIST));
    let leaves_list = rows >= all.saturating_add(LIST);
    if is_roomy || is_spare || (leaves_list && wish.lanes == Lanes::Telling) {
        return all;
    }
    if wish.fold == Fold::Open {
        return all.min(rows.saturating_sub(LEAST_LIST));
    }
    // What the list does not fill is theirs, else half of what there is.
    let left = rows.saturating_sub(wish.list_rows.max(LEAST_LIST));
    let folded = wish.told_rows.saturating_add(2).min(left.max(rows.saturating_sub(LIST).min(rows / 2)));
    match wish.lanes {
        // The model, one line and the rule.
        Lanes::Telling if folded >= 3 => folded,
        // Few lanes that are well give way to the list where it needs the room; of many the title bar cannot name all.
        Lanes::Calm if folded >= 3 && rows >= LIST * 2 && (!leaves_list || folded <= left) => folded,
        Lanes::Telling | Lanes::Calm => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn three_sizes_have_three_shapes() {
        let shape = |size| Areas::new(size, Wish::default()).shape;
        assert_eq!([(80, 24), (120, 40), (200, 60)].map(shape), [Shape::Single, Shape::Split, Shape::Columns]);
    }

    #[test]
    fn a_zoomed_pane_is_alone() {
        let wish = Wish { focus: Focus::Data, zoom: Zoom::In, ..Wish::default() };
        let areas = Areas::new((200, 60), wish);
        assert!(areas.chat.is_empty() && areas.calls.is_empty() && areas.data.width == 200);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn nothing_lies_outside_the_screen(columns in 0_u16..260, rows in 0_u16..90, input_rows in 0_u16..20,
                                           lane_rows in 0_u16..40, banner_rows in 0_u16..6, footer_rows in 0_u16..6, scrub_rows in 0_u16..3, card in 0_u16..40, focus in 0_usize..4) {
            let focus = [Focus::Input, Focus::Chat, Focus::Calls, Focus::Data][focus];
            let wish = Wish { focus, input_rows, lane_rows, banner_rows, footer_rows, scrub_rows, ..Wish::default() };
            let areas = Areas::new((columns, rows), wish).with_card(card);
            let screen = Rect::new(0, 0, columns, rows);
            for area in [areas.title, areas.tabs, areas.chat, areas.input, areas.lanes, areas.calls, areas.timeline,
                         areas.card, areas.data, areas.data_foot, areas.scrub, areas.footer] {
                prop_assert_eq!(area.intersection(screen).area(), area.area());
            }
        }
    }
}
