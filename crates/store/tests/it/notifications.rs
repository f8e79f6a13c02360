//! Webhooks, deliveries and their leases, who is told by mail.

use chandlery_core::{Event, Permission, PermissionSet, Secret};
use chandlery_store::accounts::{self, AccountChange, AccountRow, NewAccount};
use chandlery_store::deliveries::{self, AttemptResult, DeliveryRow, DeliveryState, Receiver};
use chandlery_store::notification_choices as choices;
use chandlery_store::roles::{self, RoleOwner, RoleRow};
use chandlery_store::webhooks::{self, WebhookFields, WebhookRow};
use chandlery_store::{Connection, Keyring, Sealed, members, workspaces};
use jiff::Timestamp;

use crate::support::{Fixture, at, on_every_database};

on_every_database!(
    webhooks_live,
    events_reach_who_asked,
    a_delivery_is_taken_once,
    deliveries_end,
    queues_are_served_side_by_side,
    mail_has_readers,
);

fn sealed(text: &str) -> Sealed {
    let keyring: Keyring = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=".parse().unwrap();
    keyring.seal("test", &Secret::new(text.to_owned()))
}

fn fields(events: &[Event]) -> WebhookFields {
    WebhookFields {
        url: "https://example.org/hook".to_owned(),
        secret: sealed("hunter2"),
        events: events.to_vec(),
        active: true,
    }
}

async fn webhook(
    connection: &impl Connection,
    workspace: Option<i64>,
    name: &str,
    events: &[Event],
) -> WebhookRow {
    webhooks::create(connection, workspace, &name.parse().unwrap(), &fields(events), "somebody", at(1))
        .await
        .unwrap()
}

async fn workspace(connection: &impl Connection, name: &str) -> i64 {
    workspaces::create(connection, &name.parse().unwrap(), at(0)).await.unwrap().id
}

async fn webhooks_live(fixture: &Fixture) {
    let writer = fixture.store.database().writer();
    let (team, other) = (workspace(writer, "team").await, workspace(writer, "other").await);
    let made = webhook(writer, Some(team), "b", &[Event::Passed, Event::Rejected]).await;
    webhook(writer, Some(team), "a", &[]).await;
    webhook(writer, None, "b", &[]).await;
    let again = webhooks::create(writer, Some(team), &made.name, &fields(&[]), "x", at(2)).await;
    assert_eq!(again.unwrap_err().code(), "already_exists");
    assert_eq!(webhooks::find(writer, Some(team), &made.name).await.unwrap(), Some(made.clone()));
    assert_eq!(webhooks::find(writer, Some(other), &made.name).await.unwrap(), None);
    let names = |rows: Vec<WebhookRow>| rows.iter().map(|row| row.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(webhooks::list(writer, Some(team), "", 9).await.unwrap()), ["a", "b"]);
    assert_eq!(names(webhooks::list(writer, Some(team), "a", 9).await.unwrap()), ["b"]);
    assert_eq!(names(webhooks::list(writer, None, "", 9).await.unwrap()), ["b"]);

    let changed = WebhookFields { url: "https://example.org/2".to_owned(), ..fields(&[]) };
    let row = webhooks::update(writer, made.id, &changed, at(3)).await.unwrap();
    assert_eq!((row.fields, row.updated_at, row.created_at), (changed, at(3), at(1)));
    webhooks::switch_off(writer, made.id, "https://example.org/hook", at(4)).await.unwrap();
    assert!(webhooks::find_by_id(writer, made.id).await.unwrap().unwrap().fields.active);
    webhooks::switch_off(writer, made.id, "https://example.org/2", at(4)).await.unwrap();
    assert!(!webhooks::find_by_id(writer, made.id).await.unwrap().unwrap().fields.active);

    deliveries::create(writer, Receiver::Webhook(made.id), "ping", "{}", at(5)).await.unwrap();
    webhooks::delete(writer, made.id).await.unwrap();
    assert_eq!(webhooks::update(writer, made.id, &fields(&[]), at(3)).await.unwrap_err().code(), "not_found");
    assert_eq!(deliveries::next_due(writer).await.unwrap(), None);
    workspaces::delete(writer, &"team".parse().unwrap()).await.unwrap();
    assert_eq!(webhooks::list(writer, Some(team), "", 9).await.unwrap(), []);
}

async fn events_reach_who_asked(fixture: &Fixture) {
    let database = fixture.store.database();
    let writer = database.writer();
    let (team, other) = (workspace(writer, "team").await, workspace(writer, "other").await);
    let all = webhook(writer, Some(team), "all", &[]).await.id;
    let some = webhook(writer, Some(team), "some", &[Event::Passed, Event::PhasePassed]).await.id;
    let platform = webhook(writer, None, "platform", &[Event::Released, Event::Passed]).await.id;
    let elsewhere = webhook(writer, Some(other), "all", &[]).await.id;
    let off = webhook(writer, Some(team), "off", &[]).await;
    webhooks::switch_off(writer, off.id, &off.fields.url, at(1)).await.unwrap();
    for (event, expected) in [
        (Event::Passed, vec![all, some, platform]),
        (Event::PhasePassed, vec![all, some]),
        (Event::Submitted, vec![all]),
    ] {
        let transaction = database.begin().await.unwrap();
        let count =
            deliveries::create_for_webhooks(&transaction, team, event, "{\"a\":1}", at(2)).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(count, expected.len() as u64);
        for id in [all, some, platform, elsewhere, off.id] {
            let rows = deliveries::list(writer, id, None, 9).await.unwrap();
            let got = rows.iter().any(|row| row.event == event.as_str() && row.payload == "{\"a\":1}");
            assert_eq!(got, expected.contains(&id), "{event:?} {id}");
        }
    }
    // By mail, and only to accounts that are there.
    let (one, two) = (account(writer, "one", "platform-regular", "one@example.org").await, i64::MAX);
    let transaction = database.begin().await.unwrap();
    for (accounts, count) in [(&[one.id, two][..], 1), (&[], 0)] {
        let made = deliveries::create_for_accounts(&transaction, accounts, Event::Passed, "{}", at(2)).await;
        assert_eq!(made.unwrap(), count);
    }
    transaction.commit().await.unwrap();
    let taken = deliveries::take_due(writer, at(3), at(4), 99).await.unwrap();
    assert_eq!(taken.iter().filter(|row| row.receiver == Receiver::Account(one.id)).count(), 1);
    assert_eq!(choices::address(writer, one.id).await.unwrap().as_deref(), Some("one@example.org"));
    assert_eq!(choices::address(writer, two).await.unwrap(), None);
    assert_eq!(deliveries::take_due(writer, at(3), at(4), 99).await.unwrap(), []);
    deliveries::end_leases(writer).await.unwrap();
    assert_eq!(deliveries::take_due(writer, at(3), at(4), 99).await.unwrap().len(), taken.len());
    // What was not committed is not told.
    let transaction = database.begin().await.unwrap();
    deliveries::create_for_webhooks(&transaction, other, Event::Passed, "{}", at(2)).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(deliveries::list(writer, elsewhere, None, 9).await.unwrap(), []);
}

/// A webhook with as many deliveries, each due a second after the one before, the first at 10.
async fn pending(fixture: &Fixture, name: &str, count: i64) -> (WebhookRow, Vec<DeliveryRow>) {
    let hook = webhook(fixture.store.database().writer(), None, name, &[]).await;
    let rows = queue(fixture, Receiver::Webhook(hook.id), count).await;
    (hook, rows)
}

async fn queue(fixture: &Fixture, receiver: Receiver, count: i64) -> Vec<DeliveryRow> {
    let mut rows = Vec::new();
    for number in 0..count {
        let writer = fixture.store.database().writer();
        rows.push(deliveries::create(writer, receiver, "ping", "{}", at(10 + number)).await.unwrap());
    }
    rows
}

const DELIVERED: AttemptResult<'_> =
    AttemptResult { state: DeliveryState::Delivered, next_at: Timestamp::UNIX_EPOCH, outcome: "{}" };

/// However much waits for one receiver, only its first two are under way, and everybody else is served beside it.
async fn queues_are_served_side_by_side(fixture: &Fixture) {
    let writer = fixture.store.database().writer();
    let (_, slow) = pending(fixture, "slow", 300).await;
    let (_, quick) = pending(fixture, "quick", 1).await;
    let reader = account(writer, "reader", "platform-regular", "reader@example.org").await;
    let mails = queue(fixture, Receiver::Account(reader.id), 3).await;
    let ids = |rows: &[DeliveryRow]| rows.iter().map(|row| row.id).collect::<std::collections::BTreeSet<_>>();
    let take = async |now| deliveries::take_due(writer, at(now), at(now + 500), 99).await.unwrap();
    let taken = take(400).await;
    assert_eq!(ids(&taken), ids(&[&slow[..2], &quick, &mails[..2]].concat()));
    assert_eq!(take(401).await, []);
    assert_eq!(deliveries::next_due(writer).await.unwrap(), Some(at(900)));

    // One that ended makes room for the next; so does one that waits until later, which is not taken before.
    let find = |id| taken.iter().find(|row| row.id == id).unwrap();
    deliveries::finish(writer, find(slow[0].id), &DELIVERED, at(402)).await.unwrap();
    assert_eq!(deliveries::next_due(writer).await.unwrap(), Some(slow[2].next_at));
    assert_eq!(ids(&take(402).await), ids(&slow[2..3]));
    let later = AttemptResult { state: DeliveryState::Pending, next_at: at(410), ..DELIVERED };
    deliveries::finish(writer, find(slow[1].id), &later, at(403)).await.unwrap();
    assert_eq!(ids(&take(403).await), ids(&slow[3..4]));
    deliveries::finish(writer, find(quick[0].id), &DELIVERED, at(404)).await.unwrap();
    deliveries::finish(writer, find(mails[0].id), &DELIVERED, at(404)).await.unwrap();
    assert_eq!(ids(&take(410).await), ids(&mails[2..]));

    // A limit takes the oldest of all; leases that ended are no room taken.
    let oldest = deliveries::take_due(writer, at(2000), at(3000), 3).await.unwrap();
    assert_eq!(ids(&oldest), ids(&[&mails[1..3], &slow[2..3]].concat()));
}

/// Many take at once, and each delivery goes to one of them; a lease that ended is taken again.
async fn a_delivery_is_taken_once(fixture: &Fixture) {
    let mut made = Vec::new();
    for number in 0..20 {
        made.extend(pending(fixture, &format!("hook-{number}"), 2).await.1);
    }
    let writer = fixture.store.database().writer();
    assert_eq!(deliveries::take_due(writer, at(9), at(60), 9).await.unwrap(), []);
    assert_eq!(deliveries::next_due(writer).await.unwrap(), Some(at(10)));
    let takers = (0..8).map(|_| {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            loop {
                let rows =
                    deliveries::take_due(store.database().writer(), at(100), at(200), 3).await.unwrap();
                if rows.is_empty() {
                    return taken;
                }
                taken.extend(rows.into_iter().map(|row| (row.id, row.attempts)));
            }
        })
    });
    let mut taken = Vec::new();
    for taker in takers.collect::<Vec<_>>() {
        taken.extend(taker.await.unwrap());
    }
    // Whoever found nothing may have lost a race only; what is left is there for the next one.
    let rest = deliveries::take_due(writer, at(100), at(200), 99).await.unwrap();
    taken.extend(rest.into_iter().map(|row| (row.id, row.attempts)));
    taken.sort_unstable();
    assert_eq!(taken, made.iter().map(|row| (row.id, 1)).collect::<Vec<_>>());
    assert_eq!(deliveries::next_due(writer).await.unwrap(), Some(at(200)));

    let again = deliveries::take_due(writer, at(200), at(300), 1).await.unwrap();
    assert_eq!((again.len(), again[0].attempts), (1, 2));
    // Who lost the lease does not write over who has it.
    let late = DeliveryRow { attempts: 1, ..again[0].clone() };
    let delivered =
        AttemptResult { state: DeliveryState::Delivered, next_at: at(0), outcome: "{\"duration_ms\":1}" };
    deliveries::finish(writer, &late, &delivered, at(201)).await.unwrap();
    let Receiver::Webhook(hook) = again[0].receiver else { panic!("it goes to a webhook") };
    let row = |rows: Vec<DeliveryRow>| rows.into_iter().find(|row| row.id == again[0].id).unwrap();
    let found = row(deliveries::list(writer, hook, None, 99).await.unwrap());
    assert_eq!((found.state, found.outcome.as_str()), (DeliveryState::Pending, ""));
    deliveries::finish(writer, &again[0], &delivered, at(201)).await.unwrap();
    let found = row(deliveries::list(writer, hook, None, 99).await.unwrap());
    assert_eq!((found.state, found.outcome.as_str()), (DeliveryState::Delivered, "{\"duration_ms\":1}"));
}

async fn deliveries_end(fixture: &Fixture) {
    let (hook, made) = pending(fixture, "hook", 3).await;
    let writer = fixture.store.database().writer();
    let result = |state, next_at: Timestamp| AttemptResult { state, next_at, outcome: "{}" };
    let states = [
        result(DeliveryState::Delivered, at(0)),
        result(DeliveryState::Failed, at(0)),
        result(DeliveryState::Pending, at(500)),
    ];
    for (row, result) in made.iter().zip(&states) {
        let taken = deliveries::take_due(writer, at(100), at(200), 1).await.unwrap();
        assert_eq!(taken.iter().map(|taken| taken.id).collect::<Vec<_>>(), [row.id]);
        deliveries::finish(writer, &taken[0], result, at(101)).await.unwrap();
    }
    assert_eq!(deliveries::take_due(writer, at(499), at(600), 9).await.unwrap(), []);
    assert_eq!(deliveries::next_due(writer).await.unwrap(), Some(at(500)));
    let page = deliveries::list(writer, hook.id, None, 2).await.unwrap();
    let ids: Vec<_> = page.iter().map(|row| row.id).collect();
    assert_eq!(ids, [made[2].id, made[1].id]);
    assert_eq!(deliveries::list(writer, hook.id, Some(made[1].id), 9).await.unwrap()[0].id, made[0].id);

    // What failed begins anew, what waits goes on.
    let again = deliveries::try_again(writer, hook.id, made[1].id, at(300)).await.unwrap();
    assert_eq!((again.state, again.attempts, again.next_at), (DeliveryState::Pending, 0, at(300)));
    let sooner = deliveries::try_again(writer, hook.id, made[2].id, at(300)).await.unwrap();
    assert_eq!((sooner.state, sooner.attempts, sooner.next_at), (DeliveryState::Pending, 1, at(300)));
    let foreign = deliveries::try_again(writer, hook.id + 1, made[1].id, at(300)).await;
    assert_eq!(foreign.unwrap_err().code(), "not_found");
    assert_eq!(deliveries::delete_ended(writer, at(101)).await.unwrap(), 0);
    assert_eq!(deliveries::delete_ended(writer, at(400)).await.unwrap(), 1);
    assert_eq!(deliveries::list(writer, hook.id, None, 9).await.unwrap().len(), 2);
}

async fn account(connection: &impl Connection, name: &str, role: &str, email: &str) -> AccountRow {
    let new = NewAccount {
        name: &name.parse().unwrap(),
        password_hash: None,
        display_name: "",
        email,
        workspace_id: None,
        role: &role.parse().unwrap(),
        created_at: at(0),
    };
    accounts::create(connection, &new).await.unwrap()
}

async fn role(connection: &impl Connection, owner: RoleOwner, name: &str, permissions: &[Permission]) {
    let row = RoleRow {
        name: name.parse().unwrap(),
        description: String::new(),
        permissions: PermissionSet::of(permissions),
        created_at: at(0),
        updated_at: at(0),
    };
    roles::create(connection, owner, &row).await.unwrap();
}

async fn mail_has_readers(fixture: &Fixture) {
    let writer = fixture.store.database().writer();
    let team = workspace(writer, "team").await;
    role(writer, RoleOwner::Platform, "reviewer", &[Permission::AppsReview, Permission::AppsView]).await;
    role(writer, RoleOwner::Platform, "curator", &[Permission::CategoriesManage]).await;
    role(writer, RoleOwner::Workspace(team), "publisher", &[Permission::AppsManage]).await;
    // A workspace's role of the same name is another one.
    role(writer, RoleOwner::Workspace(team), "curator", &[Permission::AppsView]).await;
    let admin = account(writer, "admin", "platform-admin", "admin@example.org").await;
    let reviewer = account(writer, "reviewer", "reviewer", "reviewer@example.org").await;
    account(writer, "silent", "reviewer", "").await;
    account(writer, "curator", "curator", "curator@example.org").await;
    let gone = account(writer, "gone", "reviewer", "gone@example.org").await;
    let change = AccountChange { disabled: Some(true), ..AccountChange::default() };
    accounts::update(writer, &gone.name, &change).await.unwrap();
    let holders = choices::holders_to_mail(writer, Permission::AppsReview).await.unwrap();
    assert_eq!(holders.iter().map(|one| one.account_id).collect::<Vec<_>>(), [admin.id, reviewer.id]);
    assert!(holders.iter().all(|one| one.wants(Event::Submitted)));

    assert_eq!(choices::find(writer, reviewer.id).await.unwrap(), None);
    for events in [&[Event::Passed, Event::Rejected][..], &[Event::Released], &[]] {
        choices::write(writer, reviewer.id, events).await.unwrap();
        assert_eq!(choices::find(writer, reviewer.id).await.unwrap().as_deref(), Some(events));
    }
    let holders = choices::holders_to_mail(writer, Permission::AppsReview).await.unwrap();
    assert_eq!(holders.iter().map(|one| one.wants(Event::Submitted)).collect::<Vec<_>>(), [true, false]);

    for (name, role) in [("reviewer", "publisher"), ("silent", "workspace-admin"), ("curator", "curator")] {
        let account = accounts::find(writer, &name.parse().unwrap()).await.unwrap().unwrap();
        members::create(writer, team, account.id, &role.parse().unwrap(), at(1)).await.unwrap();
    }
    let members = choices::members_to_mail(writer, team).await.unwrap();
    let manages = |one: &choices::MailCandidate| one.permissions.contains(Permission::AppsManage);
    assert_eq!(members.len(), 2);
    assert_eq!(
        (members[0].account_id, manages(&members[0]), manages(&members[1])),
        (reviewer.id, true, false)
    );
}
