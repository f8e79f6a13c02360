//! Trees, positions and errors against those of Go.

use std::fmt::{Display, Write as _};

use super::node::{Branch, Expression, Node, Number, Pipe, Position, Tree, Variable, is_empty_tree};
use super::{FieldNames, parse};
use crate::functions::Functions;
use crate::value::Text;

/// The trees with every node, its position and how it prints; or the error.
fn dump(name: &[u8], text: &[u8], functions: &Functions) -> String {
    let name = Text::from(name);
    let mut trees = match parse(&name, Text::from(text), functions, &mut FieldNames::default()) {
        Ok(trees) => trees,
        Err(error) => return format!("ERROR {error}"),
    };
    assert_eq!(trees[0].name, name);
    trees[1..].sort_by(|one, other| one.name.cmp(&other.name));
    let mut dump = Dump(String::new(), &trees[0]);
    for tree in &trees {
        dump.tree(tree);
    }
    dump.0
}

/// The lines so far, and the tree whose nodes come next.
struct Dump<'t>(String, &'t Tree);

impl<'t> Dump<'t> {
    fn tree(&mut self, tree: &'t Tree) {
        self.1 = tree;
        let _ = writeln!(self.0, "TREE {} {}", tree.name, is_empty_tree(&tree.root));
        self.list(1, &tree.root);
    }

    fn list(&mut self, depth: usize, list: &[Node]) {
        for node in list {
            self.node(depth, node);
        }
    }

    fn line(&mut self, depth: usize, kind: &str, at: Position, extra: &str, shown: impl Display) {
        let (line, column) = self.1.source.line_and_column(at);
        let _ = writeln!(self.0, "{:depth$}{kind} {at} {line}:{column} {extra} {shown}", "");
    }

    fn node(&mut self, depth: usize, node: &Node) {
        match node {
            Node::Text(text) => {
                let text = String::from_utf8_lossy(text);
                let _ = writeln!(self.0, "{:depth$}text {text}", "");
            }
            Node::Action(pipe) => {
                self.line(depth, "action", node.position(), "", node);
                self.pipe(depth + 1, pipe);
            }
            Node::If(branch) => self.branch(depth, "if", node, branch),
            Node::With(branch) => self.branch(depth, "with", node, branch),
            Node::Range(branch) => self.branch(depth, "range", node, branch),
            Node::Template(call) => {
                self.line(depth, "template", node.position(), &call.name.to_string(), node);
                if let Some(pipe) = &call.pipe {
                    self.pipe(depth + 1, pipe);
                }
            }
            Node::Break(_) => self.line(depth, "break", node.position(), "", node),
            Node::Continue(_) => self.line(depth, "continue", node.position(), "", node),
        }
    }

    fn branch(&mut self, depth: usize, kind: &str, node: &Node, branch: &Branch) {
        self.line(depth, kind, node.position(), "", node);
        self.pipe(depth + 1, &branch.pipe);
        self.list(depth + 1, &branch.list);
        if let Some(list) = &branch.else_list {
            let _ = writeln!(self.0, "{:depth$}else", "");
            self.list(depth + 1, list);
        }
    }

    fn pipe(&mut self, depth: usize, pipe: &Pipe) {
        self.line(depth, "pipe", pipe.position, &pipe.is_assignment.to_string(), pipe);
        for variable in &pipe.variables {
            self.line(depth + 1, "variable", variable.position, &names(variable), variable);
        }
        for command in &pipe.commands {
            self.line(depth + 1, "command", command.position, "", command);
            for expression in std::iter::once(&command.operand).chain(&command.arguments) {
                self.expression(depth + 2, expression);
            }
        }
    }

    fn expression(&mut self, depth: usize, expression: &Expression) {
        let (kind, extra) = match expression {
            Expression::Dot(_) => ("dot", String::new()),
            Expression::Nil(_) => ("nil", String::new()),
            Expression::Bool(_, value) => ("bool", value.to_string()),
            Expression::Number(number) => ("number", types(number)),
            Expression::String(constant) => ("string", constant.text.to_string()),
            Expression::Field(_, fields) => ("field", joined(fields)),
            Expression::Variable(variable) => ("variable", names(variable)),
            Expression::Identifier(identifier) => ("identifier", identifier.function.name().into()),
            Expression::Chain(chain) => ("chain", joined(&chain.fields)),
            Expression::Pipe(pipe) => return self.pipe(depth, pipe),
        };
        self.line(depth, kind, expression.position(), &extra, expression);
        if let Expression::Chain(chain) = expression {
            self.expression(depth + 1, &chain.operand);
        }
    }
}

fn joined(fields: &[Text]) -> String {
    fields.iter().map(Text::to_string).collect::<Vec<_>>().join(".")
}

fn names(variable: &Variable) -> String {
    let fields = variable.fields.iter().map(|field| format!(".{field}")).collect::<String>();
    format!("{}{fields}", variable.name)
}

/// The types that can hold a number, with the bits of floats.
fn types(number: &Number) -> String {
    let mut types = String::from("[");
    if let Some(value) = number.signed {
        let _ = write!(types, "i{value}");
    }
    if let Some(value) = number.unsigned {
        let _ = write!(types, "u{value}");
    }
    if let Some(value) = number.float {
        let _ = write!(types, "f{:016x}", value.to_bits());
    }
    if let Some((real, imaginary)) = number.complex {
        let _ = write!(types, "c{:016x},{:016x}", real.to_bits(), imaginary.to_bits());
    }
    types + "]"
}

fn functions(names: impl Iterator<Item = &'static str>) -> Functions {
    let mut functions = Functions::default();
    for name in names {
        functions.add(name, Text::default);
    }
    functions
}

/// What Go 1.26 makes of texts: `text/template/parse` with the functions named there, every tree dumped.
const CASES: &str = include_str!("../../tests/cases/syntax.json");

#[derive(serde::Deserialize)]
struct Cases {
    functions: Vec<String>,
    cases: Vec<Case>,
}

/// A text that is UTF-8, or one in hexadecimal that is not; and its trees or the error.
#[derive(serde::Deserialize)]
struct Case {
    #[serde(default)]
    text: String,
    #[serde(default)]
    bytes: String,
    result: String,
}

impl Case {
    fn input(&self) -> Vec<u8> {
        if self.bytes.is_empty() {
            return self.text.clone().into_bytes();
        }
        let byte = |at: usize| u8::from_str_radix(&self.bytes[at..at + 2], 16).unwrap();
        (0..self.bytes.len()).step_by(2).map(byte).collect()
    }
}

fn some_functions() -> Functions {
    functions(["printf", "quote", "include", "and", "eq", "not"].into_iter())
}

fn parsed(text: &str) -> Result<Vec<Tree>, String> {
    parse(&Text::from("t"), Text::from(text), &some_functions(), &mut FieldNames::default())
        .map_err(|error| error.to_string())
}

#[test]
fn texts_parse_as_in_go() {
    let cases: Cases = serde_json::from_str(CASES).unwrap();
    let known = functions(cases.functions.iter().map(|name| -> &'static str { name.clone().leak() }));
    let wrong: Vec<_> = cases
        .cases
        .iter()
        .map(|case| (case, dump(b"t", &case.input(), &known)))
        .filter(|(case, found)| *found != case.result)
        .map(|(case, found)| format!("{:?}\nexpected\n{}\nfound\n{found}\n", case.text, case.result))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.cases.len(), wrong.join("\n"));
}

#[test]
fn parentheses_can_be_ten_thousand_deep() {
    let text = |depth: usize| format!("{{{{{}1{}}}}}", "(".repeat(depth), ")".repeat(depth));
    let trees = parsed(&text(10_000)).unwrap();
    assert_eq!(trees[0].root[0].to_string(), text(10_000));
    assert_eq!(parsed(&text(10_001)).unwrap_err(), "template: t:1: max expression depth exceeded");
    assert_eq!(parsed(&text(1_000_000)).unwrap_err(), "template: t:1: max expression depth exceeded");
}

#[test]
fn actions_can_be_ten_thousand_deep() {
    let text = |depth: usize| format!("{}{}", "{{if 1}}".repeat(depth), "{{end}}".repeat(depth));
    let trees = parsed(&text(10_000)).unwrap();
    assert_eq!(trees[0].root[0].to_string(), text(10_000));
    let too_deep = "template: t:1: actions nested deeper than 10000";
    assert_eq!(parsed(&text(10_001)).unwrap_err(), too_deep);
    assert_eq!(parsed(&"{{block `b` .}}".repeat(1_000_000)).unwrap_err(), too_deep);
    let chain = format!("{{{{if 1}}}}{}{{{{end}}}}", "{{else if 2}}".repeat(20_000));
    assert_eq!(parsed(&chain).unwrap_err(), too_deep);
}

#[test]
fn the_first_tree_is_that_of_the_text() {
    let names = |text| parsed(text).unwrap().iter().map(|tree| tree.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(""), ["t"]);
    assert_eq!(
        names("{{define `b`}}{{end}}{{define `a`}}{{block `c` .}}{{end}}{{end}}"),
        ["t", "b", "c", "a"]
    );
    // An empty text leaves its name to its definition.
    let trees = parsed("{{define `a`}}{{end}}{{define `t`}}x{{end}}").unwrap();
    assert_eq!((trees[0].name.to_string(), trees[0].root.len()), ("t".into(), 1));
}

#[test]
fn functions_can_take_the_names_of_loop_words() {
    let functions = functions(["break", "continue"].into_iter());
    let found = dump(b"t", b"{{break}}{{continue 1}}", &functions);
    assert!(found.contains("identifier 2 1:2 break break"), "{found}");
    assert!(found.contains("identifier 11 1:11 continue continue"), "{found}");
}

#[test]
fn many_variables_are_found_fast() {
    let text = "{{$a := 1}}".repeat(50_000) + &"{{$a}}{{$}}".repeat(50_000);
    assert_eq!(parsed(&text).unwrap()[0].root.len(), 150_000);
}

/// Pieces that meet where the rules are.
const PIECES: [&[u8]; 40] = [
    b"{{",
    b"}}",
    b"{{- ",
    b" -}}",
    b"/*",
    b"*/",
    b"(",
    b")",
    b"|",
    b".",
    b".x",
    b"$",
    b"$x",
    b":=",
    b"=",
    b",",
    b" ",
    b"\n",
    b"\"",
    b"\"a\"",
    b"`",
    b"'",
    b"'a'",
    b"1",
    b"0x1p-2",
    b"1+2i",
    b"_",
    b"if ",
    b"else ",
    b"end",
    b"range ",
    b"with ",
    b"define ",
    b"block ",
    b"template ",
    b"break",
    b"printf",
    b"nil",
    b"\xff",
    "é".as_bytes(),
];

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        dump(b"t", &text, &some_functions());
    }

    #[test]
    fn no_pieces_make_it_panic(picked in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: Vec<u8> = picked.into_iter().flat_map(|index| PIECES[index]).copied().collect();
        dump(b"t", &text, &some_functions());
    }
}
