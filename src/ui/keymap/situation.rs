//! What a key's meaning may depend on, as plain facts.

/// What the keys go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The input.
    #[default]
    Input,
    /// The conversation.
    Chat,
    /// The list of calls.
    Calls,
    /// The timeline.
    Timeline,
    /// The data.
    Data,
    /// The words of a filter or search.
    Prompt,
    /// A text of several lines that is asked for.
    Editor,
    /// Something a server asks for.
    Form,
    /// Something to read over the panes.
    Page,
    /// The palette.
    Palette,
}

/// What the data pane shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Showing {
    /// Nothing.
    #[default]
    Nothing,
    /// A tree, and no table can be made of it.
    Tree,
    /// A tree with an array of objects in it.
    TreeOrTable,
    /// A table.
    Table,
    /// Messages or log lines.
    List,
    /// Words.
    Text,
}

/// The facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    /// What the keys go to.
    pub place: Place,
    /// What the data pane shows.
    pub showing: Showing,
    /// It is a replay: nothing is executed.
    pub viewing: bool,
    /// Something is open that Esc closes.
    pub open: bool,
    /// A turn is running, or a question waits for one.
    pub running: bool,
    /// A server waits for an answer of the operator.
    pub asked: bool,
    /// The selected call waits at the gate, or has been let go and not been sent yet.
    pub held: bool,
    /// The operator has changed it.
    pub changed: bool,
    /// Its tool is not what it was, and nobody has said yes to that.
    pub altered: bool,
    /// To allow its tool would have let it pass.
    pub allowable: bool,
    /// The page over the panes says how its tool differs from what it was.
    pub told_change: bool,
    /// Its result has come, and the model has not seen it.
    pub held_result: bool,
    /// The turn waits around the model.
    pub paused: bool,
    /// The selected call is under way; or nothing is held, and only one other call is.
    pub under_way: bool,
    /// There is a server to restart.
    pub restartable: bool,
    /// It is down, or a call waits for it.
    pub down: bool,
    /// The selected call's error suggests actions.
    pub suggestions: bool,
    /// Words are searched for.
    pub searched: bool,
    /// There is something in the input.
    pub typed: bool,
    /// What is in the input begins a command.
    pub command: bool,
    /// What is being typed is an expression.
    pub expression: bool,
    /// The input's cursor is on its first line.
    pub first_line: bool,
    /// The input's cursor is on its last line.
    pub last_line: bool,
    /// The first screen offers questions.
    pub offering: bool,
    /// One of them is chosen.
    pub chosen: bool,
}

impl Situation {
    /// Whether a pane other than the input has the keys.
    #[must_use]
    pub fn in_pane(&self) -> bool {
        match self.place {
            Place::Chat | Place::Calls | Place::Timeline | Place::Data => true,
            Place::Input | Place::Prompt | Place::Editor | Place::Form | Place::Page | Place::Palette => false,
        }
    }

    /// Whether the keys go to the panes or the input, with nothing over them.
    #[must_use]
    pub fn on_screen(&self) -> bool {
        self.in_pane() || self.place == Place::Input
    }

    /// Whether the data pane has the keys and shows a tree.
    #[must_use]
    pub fn in_tree(&self) -> bool {
        self.place == Place::Data && matches!(self.showing, Showing::Tree | Showing::TreeOrTable)
    }

    /// Whether the data pane has the keys and shows a table.
    #[must_use]
    pub fn in_table(&self) -> bool {
        self.place == Place::Data && self.showing == Showing::Table
    }

    /// Whether the data pane has the keys and shows something.
    #[must_use]
    pub fn in_data(&self) -> bool {
        self.place == Place::Data && self.showing != Showing::Nothing
    }

    /// Every situation, to go through in tests.
    pub fn all() -> impl Iterator<Item = Self> {
        use Place::{Calls, Chat, Data, Editor, Form, Input, Page, Palette, Prompt, Timeline};
        let places = [Input, Chat, Calls, Timeline, Data, Prompt, Editor, Form, Page, Palette];
        let shows =
            [Showing::Nothing, Showing::Tree, Showing::TreeOrTable, Showing::Table, Showing::List, Showing::Text];
        let bits = (0..1_u32 << 14).map(|bits| (false, bits)).chain((0..1 << 7).map(|bits| (true, bits)));
        places.into_iter().flat_map(move |place| {
            let bits = bits.clone();
            shows.into_iter().flat_map(move |showing| {
                bits.clone().map(move |(viewing, bits)| match viewing {
                    true => Self::viewing_from_bits(place, showing, bits),
                    false => Self::from_bits(place, showing, bits),
                })
            })
        })
    }

    /// Nothing can be decided, cancelled or restarted in a replay.
    fn viewing_from_bits(place: Place, showing: Showing, bits: u32) -> Self {
        let bit = |number: u32| bits >> number & 1 == 1;
        Self {
            place,
            showing,
            viewing: true,
            open: bit(0),
            running: bit(1),
            searched: bit(2),
            typed: bit(3),
            command: bit(4) && bit(3),
            expression: place == Place::Prompt && bit(3),
            first_line: bit(5),
            last_line: bit(6),
            ..Self::default()
        }
    }

    fn from_bits(place: Place, showing: Showing, bits: u32) -> Self {
        let bit = |number: u32| bits >> number & 1 == 1;
        Self {
            place,
            showing,
            viewing: false,
            open: bit(0),
            running: bit(1),
            asked: bit(8),
            held: bit(2),
            changed: bit(2) && bit(13),
            altered: bit(2) && bit(12),
            allowable: bit(2) && bit(11),
            told_change: place == Place::Page && bit(2) && bit(12),
            held_result: bit(2) && bit(3),
            under_way: bit(3) && !bit(2),
            // A turn that waits has no call that is held.
            paused: bit(13) && !bit(4) && !bit(2),
            restartable: bit(4),
            down: bit(13) && bit(4),
            suggestions: bit(5),
            searched: bit(6),
            typed: bit(7),
            command: bit(8) && bit(7),
            expression: matches!(place, Place::Prompt | Place::Editor) && bit(7),
            first_line: bit(9),
            last_line: bit(10),
            offering: bit(11),
            chosen: bit(12) && bit(11),
        }
    }
}
