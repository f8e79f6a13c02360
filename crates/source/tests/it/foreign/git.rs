//! Git repositories behind the real `git http-backend`.

use std::path::Path;

use chandlery_source::foreign::{Access, Credentials, Known, Location, PackageKind, Source, Stage};
use chandlery_source::testing::{Certificate, GitRepository, git_backend};

use super::{Everything, chart_files, check_packages, list, list_all, package, source_with};
use crate::server::{Answer, Server};

fn put_chart(repository: &GitRepository, folder: &str, name: &str, version: &str) {
    for (path, text) in chart_files(name, version) {
        repository.put(Path::new(folder).join(path).to_str().unwrap(), text);
    }
}

async fn serve(repository: &GitRepository) -> Server {
    let root = repository.path().to_owned();
    Server::start(move |request| git_backend(&root, request)).await
}

fn at(server: &Server, query: &str, access: Access) -> Source {
    source_with(&format!("git+{}", server.url(&format!("/.git{query}"))), access, Credentials::default())
}

fn summary(all: &Everything) -> Vec<String> {
    let summary = |package: &chandlery_source::foreign::Package| match &package.location {
        Ok(Location::Tree { path, .. }) => {
            format!("{:?} {} {} {path}", package.kind, package.name, package.version)
        }
        other => format!("{other:?}"),
    };
    all.packages.iter().map(summary).collect()
}

#[tokio::test]
async fn charts_packages_and_addons() {
    let repository = GitRepository::new();
    put_chart(&repository, "charts/web", "web", "1.0.0");
    repository.put("charts/web/.helmignore", "*.md\n");
    repository.put("charts/web/notes.md", "left out");
    repository.put("charts/packed/db-2.0.0.tgz", package("db", "2.0.0"));
    repository.put("charts/packed/broken.tgz", "nothing");
    repository
        .put("addons/fluxcd/metadata.yaml", "name: fluxcd\nversion: 3.0.0\ndescription: Flux\ntags: [ci]\n");
    repository.put("addons/fluxcd/template.cue", "output: {}\n");
    repository.put(".github/Chart.yaml", "name: hidden\n");
    // Enough equal lines that git stores differences.
    for number in 0..20 {
        let text = (0..2000).map(|line| format!("line {line}\n")).collect::<String>();
        repository.put(&format!("charts/web/files/{number}.txt"), text + &number.to_string());
    }
    let first_commit = repository.commit();
    repository.git(&["gc", "--quiet"]);
    let server = serve(&repository).await;

    let source = at(&server, "", Access::default());
    let all = list_all(&source).await.unwrap();
    assert_eq!(
        summary(&all),
        [
            "Chart db 2.0.0 charts/packed/db-2.0.0.tgz",
            "Addon fluxcd 3.0.0 addons/fluxcd",
            "Chart web 1.0.0 charts/web"
        ]
    );
    assert_eq!(all.packages[1].kind, PackageKind::Addon);
    assert!(all.packages[1].metadata.contains(r#""keywords":["ci"]"#), "{}", all.packages[1].metadata);
    assert_eq!((all.skipped.len(), all.skipped[0].name.as_str()), (1, "charts/packed/broken.tgz"));
    assert_eq!(server.requests().len(), 3, "one request finds the server, one the branch, one fetches");
    check_packages(&source, &all).await;
    assert_eq!(server.requests().len(), 3, "the packages are made of what is there");

    // Nothing new; then one chart.
    assert!(list(&source, Some(&all.validator), all.known()).await.unwrap().is_none());
    assert_eq!(server.requests().len(), 5);
    put_chart(&repository, "charts/web", "web", "1.1.0");
    repository.commit();
    let changed = list(&source, Some(&all.validator), all.known()).await.unwrap().unwrap();
    assert_eq!((changed.names(), changed.known), (vec!["web 1.1.0".to_owned()], 2));

    // What was listed before can still be fetched, with the same bytes, by one who has nothing of it in memory.
    let later = at(&server, "", Access::default());
    check_packages(&later, &all).await;

    // Folders, branches, tags and commits.
    let sub_path = Access { sub_path: Some("/addons/".to_owned()), ..Access::default() };
    assert_eq!(list_all(&at(&server, "", sub_path)).await.unwrap().names(), ["fluxcd 3.0.0"]);
    assert_eq!(
        list_all(&at(&server, "?path=charts/web", Access::default())).await.unwrap().names(),
        ["web 1.1.0"]
    );
    repository.git(&["tag", "--annotate", "--message", "x", "v1.0.0", &first_commit]);
    repository.git(&["branch", "old", &first_commit]);
    for reference in ["v1.0.0", "old", "refs/heads/old", first_commit.as_str()] {
        let old = list_all(&at(&server, &format!("?ref={reference}&path=charts/web"), Access::default()))
            .await
            .unwrap();
        assert_eq!(old.names(), ["web 1.0.0"], "{reference}");
    }
    let missing = list_all(&at(&server, "?ref=nope", Access::default())).await.unwrap_err();
    assert_eq!(missing.stage, Stage::Status, "{missing}");
    let missing = list_all(&at(&server, "?path=nope", Access::default())).await.unwrap_err();
    assert!(missing.cause.contains("no folder"), "{missing}");
}

#[tokio::test]
async fn tags_as_versions() {
    let repository = GitRepository::new();
    for version in ["1.0.0", "1.1.0"] {
        put_chart(&repository, "", "web", "0.0.0");
        repository.put("templates/one.yaml", format!("version: {version}\n"));
        repository.commit();
        repository.git(&["tag", &format!("v{version}")]);
    }
    repository.git(&["tag", "nightly"]);
    let server = serve(&repository).await;
    let source = at(&server, "", Access { tags_as_versions: true, ..Access::default() });
    let all = list_all(&source).await.unwrap();
    assert_eq!(all.names(), ["web 1.1.0", "web 1.0.0"]);
    check_packages(&source, &all).await;
    assert!(list(&source, Some(&all.validator), Known::default()).await.unwrap().is_none());
    // A tag is forced to another commit: that version comes anew, with another digest.
    repository.git(&["tag", "--force", "v1.0.0", "v1.1.0"]);
    let moved = list(&source, Some(&all.validator), all.known()).await.unwrap().unwrap();
    assert_eq!((moved.names(), moved.known), (vec!["web 1.0.0".to_owned()], 1));
    assert_ne!(moved.packages[0].digest, all.packages[1].digest);
}

#[cfg(unix)]
#[tokio::test]
async fn links_and_sub_modules() {
    use std::os::unix::fs::symlink;
    let repository = GitRepository::new();
    for name in ["inside", "outside", "absolute", "folder"] {
        put_chart(&repository, name, name, "1.0.0");
    }
    repository.put("secret", "not of any chart");
    let link = |target: &str, path: &str| symlink(target, repository.path().join(path)).unwrap();
    link("templates/one.yaml", "inside/copy.yaml");
    link("../secret", "outside/stolen");
    link("/etc/passwd", "absolute/stolen");
    link("templates", "folder/again");
    symlink("/etc", repository.path().join("etc")).unwrap();
    let commit = repository.commit();
    put_chart(&repository, "module", "module", "1.0.0");
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},inside/module")]);
    repository.commit();
    let server = serve(&repository).await;
    let source = at(&server, "", Access::default());
    let all = list_all(&source).await.unwrap();
    assert_eq!(all.names(), ["inside 1.0.0", "module 1.0.0"]);
    assert_eq!(all.skipped.len(), 3);
    for skipped in &all.skipped {
        assert!(skipped.reason.contains("symbolic link"), "{skipped:?}");
    }
    check_packages(&source, &all).await;
}

#[tokio::test]
async fn tokens_and_private_authorities() {
    let repository = GitRepository::new();
    put_chart(&repository, "web", "web", "1.0.0");
    repository.commit();
    let keys = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(keys.path(), "git");
    let root = repository.path().to_owned();
    let server = Server::tls(certificate.acceptor(None), move |request| {
        // `oauth2:hunter2`
        if request.contains("authorization: Basic b2F1dGgyOmh1bnRlcjI=\r\n") {
            git_backend(&root, request)
        } else {
            Answer::status("401 Unauthorized", "")
        }
    })
    .await;
    let url = format!("git+{}", server.url("/.git"));
    let trusting = || Access {
        certificate_authorities: Some(String::from_utf8(certificate.pem()).unwrap()),
        ..Access::default()
    };
    let stranger =
        list_all(&source_with(&url, Access::default(), Credentials::bearer("hunter2"))).await.unwrap_err();
    assert_eq!(stranger.stage, Stage::Tls, "{stranger}");
    let anonymous = list_all(&source_with(&url, trusting(), Credentials::default())).await.unwrap_err();
    assert_eq!((anonymous.stage, anonymous.status), (Stage::Auth, Some(401)), "{anonymous}");
    for credentials in [Credentials::bearer("hunter2"), Credentials::basic("oauth2", "hunter2")] {
        let all = list_all(&source_with(&url, trusting(), credentials)).await.unwrap();
        assert_eq!(all.names(), ["web 1.0.0"]);
    }
}

/// What becomes of the answer to a request.
type Spoil = fn(&str, Answer) -> Answer;

#[tokio::test]
async fn servers_that_are_broken() {
    let repository = GitRepository::new();
    put_chart(&repository, "web", "web", "1.0.0");
    repository.commit();
    let root = repository.path().to_owned();
    let spoil = move |spoil: Spoil| {
        let root = root.clone();
        Server::start(move |request| spoil(request, git_backend(&root, request)))
    };
    let cases: [(Spoil, Stage); 5] = [
        (|_, _| Answer::ok("<html>"), Stage::Content),
        (|_, _| Answer::redirect("http://169.254.169.254/info/refs"), Stage::Dns),
        (
            |request, answer| match answer {
                Answer::Bytes(_, body) if request.contains("command=fetch") => {
                    Answer::with("", &body[..body.len() - 40])
                }
                answer => answer,
            },
            Stage::Content,
        ),
        (
            |request, answer| match answer {
                Answer::Bytes(_, mut body) if request.contains("command=fetch") => {
                    let middle = body.len() - 60;
                    body[middle] ^= 1;
                    Answer::with("", body)
                }
                answer => answer,
            },
            Stage::Content,
        ),
        (
            |request, answer| {
                if request.contains("command=ls-refs") { Answer::ok("0010") } else { answer }
            },
            Stage::Content,
        ),
    ];
    for (number, (answer, stage)) in cases.into_iter().enumerate() {
        let server = spoil(answer).await;
        let failure = list_all(&at(&server, "", Access::default())).await.unwrap_err();
        assert_eq!(failure.stage, stage, "{number}: {failure}");
    }
}
