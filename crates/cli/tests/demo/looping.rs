//! The loop, over a scripted person and a scripted router.

use std::io;
use std::sync::{Arc, Mutex};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tokio::sync::{Notify, mpsc};
use tuyau_cli::demo::{
    Action, DemoError, DemoErrorKind, Direction, Ended, Found, Input, Inputs, Model, Query, Stop,
    Ui, View, Window, locate, run_on,
};

use crate::fixture::{FULL, SIZE, row, text, view};

/// A router whose actions wait until they are let go.
#[derive(Default)]
struct Scripted {
    events: Mutex<Vec<String>>,
    told: Notify,
    go: Notify,
}

impl Scripted {
    fn tell(&self, event: String) {
        self.events.lock().unwrap().push(event);
        self.told.notify_one();
    }

    fn events(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }

    fn times(&self, event: &str) -> usize {
        self.events().iter().filter(|told| *told == event).count()
    }

    /// Waits until the picture was renewed `count` times more.
    async fn views(&self, count: usize) {
        let views = || {
            self.events()
                .iter()
                .filter(|told| told.starts_with("view"))
                .count()
        };
        let wanted = views() + count;
        while views() < wanted {
            self.told.notified().await;
        }
    }

    /// Waits until something was told that `wanted` accepts.
    async fn until(&self, wanted: impl Fn(&str) -> bool) {
        while !self.events().iter().any(|event| wanted(event)) {
            self.told.notified().await;
        }
    }
}

impl Model for Scripted {
    type Error = io::Error;

    async fn perform(&self, action: Action) -> Result<String, io::Error> {
        self.tell(format!("begin {action:?}"));
        match action {
            Action::SimulateThousand => self.go.notified().await,
            Action::Restore => return Err(io::Error::other("the file is damaged")),
            Action::NewRoute => panic!("on purpose"),
            _ => {}
        }
        self.tell(format!("end {action:?}"));
        Ok(format!("done: {action:?}"))
    }

    async fn view(&self, window: Window) -> View {
        self.tell(format!("view {}", window.first));
        let whole = view(1_000, &Ui::new(FULL), SIZE);
        let end = (window.first + window.count).min(1_000);
        View {
            first: window.first,
            rows: (window.first..end).map(row).collect(),
            ..whole
        }
    }

    async fn find(&self, query: Query) -> Option<Found> {
        let matching = (0..1_000).map(|index| row(index).matches(&query.needle));
        let found = locate(matching, query.from, query.direction);
        assert_eq!(query.direction, Direction::Forward);
        self.tell(format!("found {}", found.map_or(0, |found| found.index)));
        found
    }
}

struct Screen {
    keys: mpsc::Sender<Input>,
    model: Arc<Scripted>,
}

impl Screen {
    async fn press(&self, keys: &str) {
        for key in keys.chars() {
            let code = if key == '\n' {
                KeyCode::Enter
            } else {
                KeyCode::Char(key)
            };
            self.keys.send(Input::Key(code.into())).await.unwrap();
        }
    }
}

/// Runs the loop beside `person`; returns how it ended and what it last showed.
async fn play<F: Future<Output = ()>>(
    stop: impl Future<Output = Stop>,
    person: impl FnOnce(Screen) -> F,
) -> (Result<Ended, DemoError>, String) {
    let mut terminal = Terminal::new(TestBackend::new(SIZE.width, SIZE.height)).unwrap();
    let (keys, receiver) = mpsc::channel(64);
    let model = Arc::new(Scripted::default());
    let screen = Screen {
        keys,
        model: model.clone(),
    };
    let mut inputs = Inputs::from_channel(receiver);
    let looping = run_on(&mut terminal, &mut inputs, stop, model, FULL);
    let watching = async {
        person(screen).await;
        std::future::pending().await
    };
    let ended = tokio::select! { ended = looping => ended, () = watching => unreachable!() };
    (ended, text(terminal.backend().buffer()))
}

fn never() -> impl Future<Output = Stop> {
    std::future::pending()
}

#[tokio::test(start_paused = true)]
async fn the_picture_is_renewed_without_any_key() {
    let (ended, screen) = play(never(), async |screen: Screen| {
        screen.model.views(5).await;
        screen.press("q").await;
    })
    .await;
    assert_eq!(ended.unwrap(), Ended::Quit);
    assert!(screen.contains("1-7 of 1,000"), "{screen}");
}

#[tokio::test(start_paused = true)]
async fn a_long_action_blocks_neither_the_screen_nor_a_service() {
    let (ended, screen) = play(never(), async |screen: Screen| {
        screen.press("Mm1S").await;
        screen
            .model
            .until(|event| event.starts_with("end Toggle"))
            .await;
        screen.press("/10.2.44\n").await;
        screen.model.until(|event| event == "found 556").await;
        assert_eq!(
            screen.model.times("begin SimulateOne"),
            0,
            "one after the other"
        );
        screen.model.go.notify_one();
        screen.model.until(|event| event == "end SimulateOne").await;
        screen.press("qq").await;
    })
    .await;
    assert_eq!(ended.unwrap(), Ended::Quit);
    assert!(screen.contains("match 1 of 1"), "{screen}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_action_is_shown_with_its_reason() {
    let (_, screen) = play(never(), async |screen: Screen| {
        screen.model.until(|event| event.starts_with("view")).await;
        screen.press("r").await;
        screen.model.until(|event| event == "begin Restore").await;
        screen.model.views(2).await;
        screen.press("q").await;
    })
    .await;
    assert!(screen.contains("error: the file is damaged"), "{screen}");
}

#[tokio::test(start_paused = true)]
async fn leaving_does_not_wait_for_an_action() {
    let (ended, _) = play(never(), async |screen: Screen| {
        screen.press("M").await;
        screen
            .model
            .until(|event| event == "begin SimulateThousand")
            .await;
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        screen.keys.send(Input::Key(key)).await.unwrap();
    })
    .await;
    assert_eq!(ended.unwrap(), Ended::Quit);
}

#[tokio::test(start_paused = true)]
async fn a_held_key_is_bounded() {
    let (ended, _) = play(never(), async |screen: Screen| {
        screen.press("M").await;
        screen
            .model
            .until(|event| event == "begin SimulateThousand")
            .await;
        screen.press(&"m".repeat(40)).await;
        while screen.keys.capacity() < screen.keys.max_capacity() {
            tokio::task::yield_now().await;
        }
        screen.model.go.notify_one();
        while screen.model.times("end SimulateOne") < 15 {
            screen.model.told.notified().await;
        }
        screen.model.views(3).await;
        assert_eq!(
            screen.model.times("begin SimulateOne"),
            15,
            "16 in all, one of them before"
        );
        screen.press("q").await;
    })
    .await;
    assert_eq!(ended.unwrap(), Ended::Quit);
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_the_loop() {
    let (ended, _) = play(async { Stop::Signal }, async |_| {}).await;
    assert_eq!(ended.unwrap(), Ended::Signal);
}

#[tokio::test(start_paused = true)]
async fn a_lost_terminal_ends_the_loop_with_its_reason() {
    let (ended, _) = play(never(), async |screen: Screen| {
        let error = io::Error::from(io::ErrorKind::BrokenPipe);
        screen.keys.send(Input::Lost(error)).await.unwrap();
    })
    .await;
    let error = ended.unwrap_err();
    assert_eq!(error.kind(), DemoErrorKind::Input);
    assert_eq!(
        error.to_string(),
        "keys could not be read from the terminal"
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_an_action_ends_the_loop() {
    let (ended, _) = play(never(), async |screen: Screen| {
        screen.press("n").await;
        std::future::pending().await
    })
    .await;
    assert_eq!(ended.unwrap_err().kind(), DemoErrorKind::Panicked);
}
