use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_micros(7);

fn run(digit: u8) -> InvocationId {
    InvocationId::from_bytes(&[digit; 16]).unwrap()
}

fn end(result: &str) -> UnitEnd {
    UnitEnd {
        result: result.to_owned(),
        status: 1,
    }
}

/// Plays events to a new server and returns the last state and every effect in order.
fn play(events: &[Event]) -> (Life, Vec<Effect>) {
    let mut life = Life::NEW;
    let mut all = Vec::new();
    for event in events {
        let (next, effects) = life.on(event.clone(), NOW);
        life = next;
        all.extend(effects);
    }
    (life, all)
}

#[test]
fn invocations_are_read_and_written_as_the_journal_does() {
    let text = "00112233445566778899aabbccddeeff";
    let id = InvocationId::parse(text).unwrap();
    assert_eq!(id.to_string(), text);
    assert_eq!(InvocationId::from_bytes(&[0; 16]), None);
    assert_eq!(InvocationId::from_bytes(&[]), None);
    for bad in ["", "+0112233445566778899aabbccddeeff", "00", "é"] {
        assert_eq!(InvocationId::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_server_starts_and_stops() {
    let (life, effects) = play(&[
        Event::StartRequested,
        Event::Launched(run(1)),
        Event::Answered,
        Event::StopRequested,
        Event::Undone { log: vec![] },
    ]);
    assert_eq!(life, Life::NEW);
    assert_eq!(
        effects,
        [
            Effect::Launch,
            Effect::AwaitAnswer,
            Effect::PublishRoute,
            Effect::WithdrawRoute,
            Effect::Undo
        ]
    );
}

#[test]
fn a_stop_during_the_launch_waits_for_the_broker() {
    let (life, effects) = play(&[Event::StartRequested, Event::StopRequested]);
    assert!(matches!(
        life,
        Life::Launching {
            cancelled: true,
            ..
        }
    ));
    assert_eq!(effects, [Effect::Launch]);
    let (life, effects) = life.on(Event::Launched(run(1)), NOW);
    assert!(matches!(life, Life::Stopping { failure: None, .. }));
    assert_eq!(effects, [Effect::Undo]);
}

#[test]
fn a_second_start_starts_nothing() {
    let (_, effects) = play(&[
        Event::StartRequested,
        Event::StartRequested,
        Event::Launched(run(1)),
        Event::StartRequested,
        Event::Answered,
        Event::StartRequested,
    ]);
    assert_eq!(effects.iter().filter(|e| **e == Effect::Launch).count(), 1);
}

#[test]
fn the_end_of_an_earlier_run_is_ignored() {
    let (life, _) = play(&[
        Event::StartRequested,
        Event::Launched(run(2)),
        Event::Answered,
        Event::Ended(run(1), end("exit-code")),
    ]);
    assert!(matches!(life, Life::Ready { .. }));
}

#[test]
fn a_crash_is_remembered_and_a_wished_stop_is_not() {
    for (result, remembered) in [("oom-kill", true), ("signal", true), ("success", false)] {
        let (life, _) = play(&[
            Event::StartRequested,
            Event::Launched(run(1)),
            Event::Answered,
            Event::Ended(run(1), end(result)),
            Event::Undone { log: vec![] },
        ]);
        assert_eq!(life.failure().is_some(), remembered, "{result}");
    }
}

#[test]
fn an_exit_before_the_first_answer_is_a_failure_even_with_status_zero() {
    let (life, _) = play(&[
        Event::StartRequested,
        Event::Launched(run(1)),
        Event::Ended(run(1), end("success")),
        Event::Undone { log: vec![] },
    ]);
    assert!(life.failure().is_some());
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::StartRequested),
        Just(Event::StopRequested),
        (1u8..4).prop_map(|n| Event::Found(run(n))),
        Just(Event::FoundUnwanted),
        (1u8..4).prop_map(|n| Event::Launched(run(n))),
        Just(Event::LaunchFailed {
            cause: FailureCause::Vanished,
            run: None
        }),
        Just(Event::Answered),
        Just(Event::NotAnswered(FailureCause::WrongOwner)),
        (1u8..4).prop_map(|n| Event::Ended(run(n), end("signal"))),
        Just(Event::Unreachable),
        Just(Event::Undone { log: vec![] }),
    ]
}

proptest! {
    /// Whatever happens in whatever order: never two launches without an undo between them, and
    /// the route is published exactly while the server is ready.
    #[test]
    fn no_order_of_events_starts_a_server_twice(events in prop::collection::vec(any_event(), 0..40)) {
        let mut life = Life::NEW;
        let mut launched = false;
        let mut routed = false;
        for event in events {
            let (next, effects) = life.on(event, NOW);
            life = next;
            for effect in effects {
                match effect {
                    Effect::Launch => { prop_assert!(!launched); launched = true; }
                    Effect::Undo => launched = false,
                    Effect::PublishRoute => { prop_assert!(!routed); routed = true; }
                    Effect::WithdrawRoute => { prop_assert!(routed); routed = false; }
                    Effect::AwaitAnswer | Effect::Inspect => {}
                }
            }
            prop_assert_eq!(routed, matches!(life, Life::Ready { .. }));
        }
    }
}
