//! What a server has to have before anyone can use it: an administrator, the default repository and the store's.

use chandlery_core::{
    AccountName, Error, PLATFORM_ADMIN, REPOSITORIES_MANAGER, RepositoryPath, RepositorySettings, Result,
    RoleName, Visibility,
};
use chandlery_store::{Store, Transaction, accounts, repositories, workspaces};
use jiff::Timestamp;

use crate::app::STORE_REPOSITORY;
use crate::authentication::{hash_password, random_secret};
use crate::config::{Config, Secret};
use crate::service::repositories::check;

/// Makes what is missing. Returns the password of `admin` if it was generated just now: the only time it is known.
pub(crate) async fn bootstrap(store: &Store, config: &Config) -> Result<Option<Secret>> {
    let generated = administrator(store, config).await?;
    // Another replica that starts on the same empty database may be quicker with the account, the workspace or the
    // repository; then it is there the next time.
    const MOST_COLLISIONS: usize = 3;
    for _ in 0..MOST_COLLISIONS {
        match accounts_and_repository(store, config).await {
            Err(Error::AlreadyExists(_)) => {}
            outcome => return outcome.map(|()| generated),
        }
    }
    accounts_and_repository(store, config).await.map(|()| generated)
}

async fn accounts_and_repository(store: &Store, config: &Config) -> Result<()> {
    if let Some((name, password)) = &config.initial_account {
        initial_account(store, name, password).await?;
    }
    let transaction = store.database().begin().await?;
    default_repository(&transaction, config).await?;
    store_repository(&transaction, config).await?;
    transaction.commit().await
}

async fn administrator(store: &Store, config: &Config) -> Result<Option<Secret>> {
    if accounts::count(store.database().reader()).await? > 0 {
        return Ok(None);
    }
    let given = config.admin_password_file.as_ref().map(|path| {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::invalid("admin password file", format!("{}: {error}", path.display())))?;
        Ok::<_, Error>(text.trim_end_matches(['\r', '\n']).to_owned())
    });
    let (password, generated) = match given.transpose()? {
        Some(password) => (password, false),
        None => (random_secret("")?, true),
    };
    let hash = hash_password(password.clone()).await?;
    let name: AccountName = "admin".parse()?;
    let transaction = store.database().begin().await?;
    match accounts::create(&transaction, &new_account(&name, &hash, &PLATFORM_ADMIN.parse()?)).await {
        // Another replica was quicker; its password holds.
        Err(Error::AlreadyExists(_)) => return Ok(None),
        created => drop(created?),
    }
    transaction.commit().await?;
    Ok(generated.then(|| Secret::new(password)))
}

fn new_account<'a>(
    name: &'a AccountName,
    password_hash: &'a str,
    role: &'a RoleName,
) -> accounts::NewAccount<'a> {
    accounts::NewAccount {
        name,
        password_hash: Some(password_hash),
        display_name: "",
        email: "",
        workspace_id: None,
        role,
        created_at: Timestamp::now(),
    }
}

/// The account that ChartMuseum's `--basic-auth-user` stands for: it may push to every repository.
async fn initial_account(store: &Store, name: &AccountName, password: &Secret) -> Result<()> {
    let hash = hash_password(password.expose().to_owned()).await?;
    let transaction = store.database().begin().await?;
    if accounts::find(&transaction, name).await?.is_some() {
        let change =
            accounts::AccountChange { password_hash: Some(hash), ..accounts::AccountChange::default() };
        accounts::update(&transaction, name, &change).await?;
    } else {
        accounts::create(&transaction, &new_account(name, &hash, &REPOSITORIES_MANAGER.parse()?)).await?;
    }
    transaction.commit().await
}

async fn default_repository(transaction: &Transaction, config: &Config) -> Result<()> {
    let path = &config.default_repository;
    if *path == *STORE_REPOSITORY {
        return Err(Error::invalid("default repository", format!("{path} is the store's; choose another")));
    }
    let settings = default_repository_settings(config);
    check(&settings)?;
    if let Some(existing) = repositories::find(transaction, path).await? {
        tell_of_differences(path, &settings, &existing.settings);
        return Ok(());
    }
    create_repository(transaction, path, &settings).await
}

/// The repository behind `/store`, which releases fill.
async fn store_repository(transaction: &Transaction, config: &Config) -> Result<()> {
    if repositories::find(transaction, &STORE_REPOSITORY).await?.is_some() {
        return Ok(());
    }
    let settings = RepositorySettings {
        visibility: config.store_visibility,
        description: "Every released version of every app of the store".to_owned(),
        ..RepositorySettings::default()
    };
    create_repository(transaction, &STORE_REPOSITORY, &settings).await
}

async fn create_repository(
    transaction: &Transaction,
    path: &RepositoryPath,
    settings: &RepositorySettings,
) -> Result<()> {
    let now = Timestamp::now();
    let workspace = match workspaces::find(transaction, &path.workspace).await? {
        Some(workspace) => workspace,
        None => workspaces::create(transaction, &path.workspace, now).await?,
    };
    repositories::create(transaction, workspace.id, &path.repository, settings, now).await?;
    Ok(())
}

/// What the default repository is created with.
fn default_repository_settings(config: &Config) -> RepositorySettings {
    let visibility = if config.default_repository_public { Visibility::Public } else { Visibility::Internal };
    RepositorySettings {
        visibility,
        artifacthub_repository_id: config.default_repository_artifacthub_id.clone(),
        ..config.repository_defaults.clone()
    }
}

/// The configuration holds for new repositories only; who set something there may expect more.
fn tell_of_differences(
    path: &RepositoryPath,
    configured: &RepositorySettings,
    existing: &RepositorySettings,
) {
    let differences = differences(configured, existing);
    if !differences.is_empty() {
        let differences = differences.join(", ");
        tracing::warn!(repository = %path, differences, "the default repository exists with other settings than configured, and keeps them");
    }
}

/// The settings that were configured and are different, as `name: existing, not configured`.
fn differences(configured: &RepositorySettings, existing: &RepositorySettings) -> Vec<String> {
    let unset = RepositorySettings { visibility: Visibility::Internal, ..RepositorySettings::default() };
    let [configured, existing, unset] =
        [configured, existing, &unset].map(|settings| serde_json::json!(settings));
    let fields = configured.as_object().into_iter().flatten();
    fields
        .filter(|(name, value)| **value != unset[name] && **value != existing[name])
        .map(|(name, value)| format!("{name}: {}, not {value}", existing[name]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_configured_differs() {
        let mut config = Config::embedded("unused".into());
        let existing = RepositorySettings { keep_versions: Some(3), ..RepositorySettings::default() };
        assert_eq!(differences(&default_repository_settings(&config), &existing), [""; 0]);
        config.default_repository_public = true;
        config.default_repository_artifacthub_id = Some("id".to_owned());
        config.repository_defaults.keep_versions = Some(3);
        config.repository_defaults.allow_overwrite = true;
        let mut told = differences(&default_repository_settings(&config), &existing);
        told.sort();
        let expected = [
            "allow_overwrite: false, not true",
            "artifacthub_repository_id: null, not \"id\"",
            "visibility: \"private\", not \"public\"",
        ];
        assert_eq!(told, expected);
    }
}
